#include <vector>

#include "../test/engine_fixture.hh"

using namespace hotclick::core;

TEST("shard commands: the host gets them back in the order in which they were done") {
  EngineFixture t(1);
  t.start("Fragile1", "none");
  struct Nothing : Command {
    bool step(Shard&) override { return true; }
  };
  std::vector<Nothing> commands(100);
  for (Nothing& c : commands) t.shard().post(c);
  for (Nothing& c : commands) {
    Command* done = nullptr;
    t.wait([&] { return (done = t.shard().take_finished()) != nullptr; });
    if (!CHECK(done == &c)) return;
  }
}
