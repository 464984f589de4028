/// An engine whose shards run in threads of the test, with Pump -> Fragile -> Sink of native/test/elements.
#pragma once
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../core/engine_core.hh"
#include "../core/handler_command.hh"
#include "../core/swap.hh"
#include "unit.hpp"

namespace hotclick::core {

class EngineFixture {
 public:
  explicit EngineFixture(uint32_t shards, uint32_t packets = 4096) {
    pages_ = static_cast<uint8_t*>(
        mmap(nullptr, shards * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    pages_size_ = shards * 4096;
    std::string error;
    engine_ = EngineCore::create(shards, packets, pages_, nullptr, error);
    if (!CHECK(engine_ != nullptr)) std::abort();
  }
  ~EngineFixture() {
    halt();
    prepared_.reset();
    engine_.reset();
    munmap(pages_, pages_size_);
  }

  EngineCore& core() { return *engine_; }
  Shard& shard(uint32_t i = 0) { return engine_->shard(i); }

  /// Pump -> Fragile(MODE mode) of that version -> Sink in all shards, with a thread for each.
  void start(const std::string& version, const std::string& mode) {
    mode_ = mode;
    prepare(version);
    for (uint32_t i = 0; i < engine_->shards(); ++i) {
      threads_.emplace_back([this, i] {
        while (shard(i).run() == Leave::restart) {
          if (Command* c = shard(i).active_command())
            static_cast<SwapCommand*>(c)->install_restarted(shard(i));
        }
      });
    }
    for (uint32_t i = 0; i < engine_->shards(); ++i) roll(i, SwapCommand::Strategy::swap, false);
    CHECK(engine_->settle(*prepared_));
  }
  /// Builds the graph with another version of Fragile beside the running one.
  void prepare(const std::string& version) {
    GraphError error;
    prepared_ = engine_->prepare(plan(version), edges(), error);
    if (!CHECK(prepared_ != nullptr)) std::abort();
  }
  void roll(uint32_t i, SwapCommand::Strategy strategy = SwapCommand::Strategy::swap, bool watched = true) {
    if (watched) engine_->begin_watch(loop_limit);
    SwapCommand swap(prepared_->graphs[i], strategy, watched);
    run(i, swap);
    shard(i).learn_graph();
  }
  PreparedRevision& prepared() { return *prepared_; }

  /// Has a shard do a command and waits for it.
  void run(uint32_t i, Command& command) {
    shard(i).post(command);
    wait([&] { return shard(i).take_finished() == &command; });
  }
  std::string read(uint32_t i, const char* element, const char* handler) {
    HandlerCommand command(element, handler, HandlerCommand::Kind::read, "");
    run(i, command);
    return command.text();
  }
  uint64_t number(uint32_t i, const char* element, const char* handler) {
    return std::strtoull(read(i, element, handler).c_str(), nullptr, 10);
  }
  void write(uint32_t i, const char* element, const char* handler, const std::string& value) {
    HandlerCommand command(element, handler, HandlerCommand::Kind::write, value);
    run(i, command);
  }
  /// Waits until the shard has passed `more` packets on.
  void pass(uint32_t i, uint64_t more = 1000) {
    const uint64_t before = number(i, "sink", "packets");
    wait([&] { return number(i, "sink", "packets") >= before + more; });
  }
  template <class Probe>
  void wait(Probe probe) {
    const time_t end = time(nullptr) + 20;
    while (!probe()) {
      if (time(nullptr) > end) {
        CHECK(!"what the test waits for never happened");
        std::abort();
      }
      sched_yield();
    }
  }

  /// Ends the threads. Packets that are free or in the sinks' queues: all of them, if none was lost.
  uint32_t halt_and_count_packets() {
    halt();
    uint32_t count = engine_->pool().in_depot();
    for (uint32_t i = 0; i < engine_->shards(); ++i) {
      const hc_queue& kept = shard(i).graph()->find("sink")->find_state("kept")->queue->queue();
      count += shard(i).face()->free_count + static_cast<uint32_t>(kept.tail - kept.head);
    }
    return count;
  }

  static constexpr uint64_t loop_limit = 20'000'000;  // ns

 private:
  void halt() {
    for (uint32_t i = 0; i < engine_->shards(); ++i) engine_->shard(i).stop();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
  }
  static std::shared_ptr<ElementVersion> load(const std::string& name) {
    char exe[4096];
    const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));
    const std::string path(exe, n < 0 ? 0 : static_cast<size_t>(n));
    std::string error;
    auto version =
        ElementVersion::load(path.substr(0, path.rfind('/')) + "/test-elements/" + name + ".so", 1, error);
    if (!version) unit::fail(__FILE__, __LINE__, error);
    return version;
  }
  std::vector<NodePlan> plan(const std::string& version) {
    if (!pump_) {
      pump_ = load("Pump");
      sink_ = load("Sink");
    }
    const bool first = !shard().known_graph();
    auto node = [&](const char* name, const char* class_name, std::shared_ptr<ElementVersion> library,
                    uint32_t inputs, uint32_t outputs, bool keep) {
      NodePlan p;
      p.spec = {name, class_name, {}, inputs, outputs, std::move(library)};
      if (!first) p.predecessor = name;
      p.keep = keep && !first;
      return p;
    };
    std::vector<NodePlan> nodes{node("pump", "Pump", pump_, 0, 1, true),
                                node("fragile", "Fragile", load(version), 1, 1, false),
                                node("sink", "Sink", sink_, 1, 0, true)};
    nodes[1].spec.arguments = {"MODE " + mode_};
    return nodes;
  }
  static std::vector<EdgeSpec> edges() { return {{0, 0, 1, 0, true}, {1, 0, 2, 0, true}}; }

  uint8_t* pages_ = nullptr;
  size_t pages_size_ = 0;
  std::string mode_;
  std::shared_ptr<ElementVersion> pump_, sink_;
  std::unique_ptr<EngineCore> engine_;
  std::unique_ptr<PreparedRevision> prepared_;
  std::vector<std::thread> threads_;
};

}  // namespace hotclick::core
