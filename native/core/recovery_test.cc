// A shard whose new code crashes or does not come to its end: the graph before runs on, with its state.
#include "../test/engine_fixture.hh"
#include "fault_report.hh"
#include "reclaim_command.hh"

using namespace hotclick;
using namespace hotclick::core;
using Strategy = SwapCommand::Strategy;

namespace {

/// Waits for the fault of a shard, has the packets given back, and lets go of the new graph.
FaultReport recover(EngineFixture& t, uint32_t shard) {
  const FaultEvidence* evidence = nullptr;
  t.wait([&] { return (evidence = t.shard(shard).guard().take_evidence()) != nullptr; });
  const FaultGuard& guard = t.shard(shard).guard();
  FaultReport report = report_fault(*evidence, *guard.newer(), *guard.older(), shard);
  for (uint32_t i = 0; i < t.core().shards(); ++i) {
    WatchCommand back(WatchCommand::What::take_back);
    t.run(i, back);
    t.shard(i).learn_graph();
  }
  t.wait([&] { return t.core().abandon(t.prepared()); });
  return report;
}

uint32_t reclaim(EngineFixture& t, uint32_t shard) {
  ReclaimCommand command(t.core().pool());
  t.run(shard, command);
  CHECK(!command.impossible());
  return command.reclaimed();
}

std::string first_frame(const FaultReport& report) {
  return report.backtrace.empty() ? "" : report.backtrace[0];
}

/// Another process that takes the shard over learns from the board which graph it runs.
bool board_tells_truth(EngineFixture& t, uint32_t shard) {
  return t.core().board().revision(shard).load() == t.shard(shard).graph()->revision;
}

/// Version 1 runs, version `version` with `mode` is installed and fails: version 1 must go on with all it has.
FaultReport survive(const char* version, const char* mode, Strategy strategy = Strategy::swap) {
  EngineFixture t(1);
  t.start("Fragile1", mode);
  t.pass(0);
  const uint64_t before = t.number(0, "fragile", "packets");
  t.prepare(version);
  t.roll(0, strategy);
  FaultReport report = recover(t, 0);
  CHECK_EQ(t.shard().graph()->find("fragile")->version, "1.0.0");
  CHECK(board_tells_truth(t, 0));
  const uint64_t after = t.number(0, "fragile", "packets");
  CHECK(after >= before);
  t.pass(0);
  CHECK(t.number(0, "fragile", "packets") > after);
  CHECK(reclaim(t, 0) <= 32);  // the batch in which it crashed
  CHECK_EQ(reclaim(t, 0), 0u);
  // The same version can fail again, and the shard survives it again.
  t.prepare(version);
  t.roll(0, strategy);
  recover(t, 0);
  t.pass(0);
  CHECK(reclaim(t, 0) <= 32);
  CHECK_EQ(t.halt_and_count_packets(), t.core().pool().size());
  return report;
}

}  // namespace

TEST("recovery: a write to null leads back to the version before, and the report names it") {
  const FaultReport report = survive("Fragile2", "segv");
  CHECK_EQ(report.signal, "SIGSEGV");
  CHECK_EQ(report.address, 0u);
  CHECK_EQ(report.element, "fragile");
  CHECK_EQ(report.class_name + " " + report.version, "Fragile 2.0.0");
  CHECK(first_frame(report).find("Breakage::write_to_null()") != std::string::npos);
  CHECK(report.backtrace.size() > 2);
}

TEST("recovery: an illegal instruction") {
  CHECK_EQ(survive("Fragile2", "ill").signal, "SIGILL");
}

TEST("recovery: a division by zero") {
  CHECK_EQ(survive("Fragile2", "fpe").signal, "SIGFPE");
}

TEST("recovery: memory beyond the end of its file") {
  CHECK_EQ(survive("Fragile2", "bus").signal, "SIGBUS");
}

TEST("recovery: a call of null") {
  const FaultReport call = survive("Fragile2", "null-call");
  CHECK_EQ(call.signal, "SIGSEGV");
  CHECK_EQ(call.class_name, "Fragile");
}

TEST("recovery: a recursion without end") {
  CHECK_EQ(survive("Fragile2", "overflow").class_name, "Fragile");
}

TEST("recovery: an endless loop is interrupted, and so is one that sleeps") {
  const FaultReport loop = survive("Fragile2", "loop");
  CHECK_EQ(loop.signal, "");
  CHECK(first_frame(loop).find("Breakage::spin()") != std::string::npos);
  CHECK_EQ(survive("Fragile2", "sleep").class_name, "Fragile");
}

TEST("recovery: a crash in start(), in the loop and between two entries into it") {
  CHECK_EQ(survive("Fragile2", "start-segv").signal, "SIGSEGV");
  CHECK_EQ(survive("Fragile2", "start-segv", Strategy::thread).signal, "SIGSEGV");
  CHECK_EQ(survive("Fragile2", "start-loop").signal, "");
  CHECK_EQ(survive("Fragile2", "start-loop", Strategy::thread).signal, "");
  CHECK_EQ(survive("Fragile2", "segv", Strategy::thread).signal, "SIGSEGV");
}

TEST("recovery: with another layout, what was counted since is converted back") {
  CHECK_EQ(survive("Fragile3", "segv").version, "3.0.0");
}

TEST("recovery: a crash in the author's way up leaves the state as it was") {
  EngineFixture t(1);
  t.start("Fragile1", "none");
  t.pass(0);
  t.write(0, "fragile", "marks", "1001");
  t.prepare("Fragile3");
  t.roll(0);
  CHECK_EQ(recover(t, 0).signal, "SIGSEGV");
  CHECK_EQ(t.number(0, "fragile", "marks"), 1001u);
  CHECK_EQ(t.number(0, "fragile", "only_here"), 5u);
  t.pass(0);
}

TEST("recovery: when the author's way back crashes too, fields of equal name still come back") {
  EngineFixture t(1);
  t.start("Fragile1", "none");
  t.pass(0);
  t.prepare("Fragile3");
  t.roll(0);
  t.pass(0);
  t.write(0, "fragile", "marks", "1002");
  t.write(0, "fragile", "spoil", "");
  const uint64_t packets = t.number(0, "fragile", "packets");
  const uint64_t by_length = t.number(0, "fragile", "counted_by_length");
  WatchCommand back(WatchCommand::What::take_back);
  t.run(0, back);
  recover(t, 0);
  CHECK_EQ(t.number(0, "fragile", "marks"), 1002u);
  CHECK(t.number(0, "fragile", "packets") >= packets);
  CHECK(t.number(0, "fragile", "counted_by_length") >= by_length);
  t.pass(0);
}

TEST("recovery: a handler that crashes says so to who asked, and leads back") {
  EngineFixture t(1);
  t.start("Fragile1", "handler");
  t.prepare("Fragile2");
  t.roll(0);
  CHECK_EQ(t.read(0, "fragile", "crash"), "the element crashed");
  CHECK_EQ(recover(t, 0).signal, "SIGSEGV");
  CHECK_EQ(t.read(0, "fragile", "crash"), "1");
}

TEST("recovery: an upgrade that is taken back keeps what was counted, in either layout") {
  for (const char* version : {"Fragile2", "Fragile3"}) {
    EngineFixture t(2);
    t.start("Fragile1", "none");
    t.prepare(version);
    t.roll(0);
    t.roll(1);
    for (uint32_t i = 0; i < 2; ++i) t.pass(i, 5000);
    const uint64_t packets = t.number(0, "fragile", "packets");
    for (uint32_t i = 0; i < 2; ++i) {
      WatchCommand back(WatchCommand::What::take_back);
      t.run(i, back);
      t.shard(i).learn_graph();
      CHECK_EQ(t.shard(i).guard().take_evidence() == nullptr, true);
      CHECK(board_tells_truth(t, i));
    }
    t.wait([&] { return t.core().abandon(t.prepared()); });
    CHECK(t.number(0, "fragile", "packets") >= packets);
    CHECK_EQ(t.number(0, "fragile", "only_here"), 5u);
    t.pass(0);
    const uint64_t seen = t.number(0, "fragile", "packets");
    const uint64_t by_length = t.number(0, "fragile", "counted_by_length");
    CHECK(by_length >= seen && t.number(0, "fragile", "packets") >= by_length);
    CHECK_EQ(reclaim(t, 0), 0u);
    CHECK_EQ(t.halt_and_count_packets(), t.core().pool().size());
  }
}

TEST("recovery: after the watch the new version stays") {
  EngineFixture t(1);
  t.start("Fragile1", "none");
  t.prepare("Fragile3");
  t.roll(0);
  t.pass(0);
  WatchCommand end(WatchCommand::What::end), keep(WatchCommand::What::keep);
  t.run(0, end);
  CHECK(end.still_new());
  t.run(0, keep);
  t.wait([&] { return t.core().settle(t.prepared()); });
  CHECK_EQ(t.shard().graph()->find("fragile")->version, "3.0.0");
  t.pass(0);
  t.wait([&] { return !t.shard().graph()->tables()[0]->converting(); });
}

TEST("recovery: a shard that ended its watch can still go back until the graph is kept") {
  EngineFixture t(1);
  t.start("Fragile1", "none");
  t.prepare("Fragile3");
  t.roll(0);
  t.pass(0);
  WatchCommand end(WatchCommand::What::end), back(WatchCommand::What::take_back);
  t.run(0, end);
  t.pass(0);
  t.run(0, back);
  t.shard().learn_graph();
  t.wait([&] { return t.core().abandon(t.prepared()); });
  CHECK_EQ(t.shard().graph()->find("fragile")->version, "1.0.0");
  t.pass(0);
}
