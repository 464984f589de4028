/// An engine without Node for tests of transfers: element libraries from beside the program, shards driven by hand.
///
/// The graph is `fw :: Firewall(allow udp) -> q :: Queue(CAPACITY)` in every shard. Packets are UDP and carry a number.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "../core/engine_core.hh"
#include "../core/swap.hh"
#include "../core/transfer/export.hh"
#include "../core/transfer/hand_out.hh"
#include "unit.hpp"

namespace hotclick::core {

class EngineRig {
 public:
  /// Null, with the test failed, when it cannot be made. With `import` it is prepared and not yet installed.
  static std::unique_ptr<EngineRig> make(uint32_t shards, std::unique_ptr<TransferImport> import = nullptr,
                                         const char* queue_capacity = "300") {
    std::unique_ptr<EngineRig> rig(new EngineRig());
    rig->pages_.reset(static_cast<uint8_t*>(std::aligned_alloc(4096, 4096 * shards)));
    std::string error;
    const bool fresh = !import;
    rig->engine = EngineCore::create(shards, 4096, rig->pages_.get(), std::move(import), error);
    if (!rig->engine || !rig->prepare(queue_capacity, error)) {
      unit::fail(__FILE__, __LINE__, error);
      return nullptr;
    }
    if (fresh) rig->install();
    return rig;
  }
  /// The successor of an engine, as if it had been sent its description.
  static std::unique_ptr<EngineRig> successor_of(EngineRig& giver, bool crashed = false) {
    const ExportedEngine exported = export_engine(*giver.engine);
    return successor_of(exported.manifest, exported.fds, giver.engine->shards(), crashed);
  }
  static std::unique_ptr<EngineRig> successor_of(const TransferManifest& manifest,
                                                 const std::vector<int>& fds, uint32_t shards, bool crashed) {
    std::string error;
    auto import = TransferImport::open(manifest, fds, crashed, error);
    if (!import) {
      unit::fail(__FILE__, __LINE__, error);
      return nullptr;
    }
    auto rig = make(shards, std::move(import));
    if (rig && crashed) rig->install();
    return rig;
  }

  /// Installs the prepared revision in all shards, in this thread.
  void install() {
    for (uint32_t i = 0; i < engine->shards(); ++i) {
      SwapCommand swap(revision->graphs[i], SwapCommand::Strategy::swap);
      engine->shard(i).post(swap);
      engine->shard(i).run_commands_here();
      engine->shard(i).take_finished();
    }
    settle();
  }
  void settle() {
    for (uint32_t i = 0; i < engine->shards(); ++i) engine->shard(i).learn_graph();
    CHECK(engine->settle(*revision));
  }

  Node& node(uint32_t shard, const char* name) { return *engine->shard(shard).graph()->find(name); }
  FlowTable& table(uint32_t shard) { return *node(shard, "fw").find_state("connections")->table; }
  std::string read(uint32_t shard, const char* element, const char* handler) {
    char data[4096];
    hc_text text{data, 0, sizeof(data), 0, 0};
    Node& n = node(shard, element);
    const hc_handler* h = n.find_handler(handler);
    if (!CHECK(h && h->read)) return "";
    const hc_string none{"", 0, 0};
    char error[HC_ERROR_SIZE];
    CHECK_EQ(h->read(n.instance.object, &none, &text, error), 0);
    return std::string(data, text.length);
  }

  /// Pushes one packet of flow `flow` that carries `number`; false when no packet was free.
  bool push(uint32_t shard, uint32_t flow, uint32_t number) {
    Shard& s = engine->shard(shard);
    s.refresh_clock();
    Packet* p = allocate_packet(s.face());
    if (!p) return false;
    uint8_t* d = p->data;
    memset(d, 0, 32);
    const uint8_t head[] = {0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    memcpy(d, head, sizeof(head));
    memcpy(d + 20, &flow, 2);  // source port; the rest of the flow is in the address
    d[14] = static_cast<uint8_t>(flow >> 16);
    d[23] = 53;
    d[25] = 12;
    memcpy(d + 28, &number, 4);
    p->length = 32;
    p->set_network(d);
    p->transport_offset = static_cast<uint16_t>(p->network_offset + 20);
    Batch batch;
    batch.count = 1;
    batch.packets[0] = p;
    Node& fw = node(shard, "fw");
    fw.descriptor->push(fw.instance.object, 0, &batch);
    return true;
  }
  /// Numbers of up to `max` packets from the front of the queue.
  std::vector<uint32_t> pull(uint32_t shard, uint32_t max) {
    Batch batch;
    batch.count = 0;
    Node& q = node(shard, "q");
    q.descriptor->pull(q.instance.object, 0, &batch, max);
    std::vector<uint32_t> numbers;
    for (const Packet& p : batch) {
      uint32_t number = 0;
      memcpy(&number, p.data + 28, 4);
      CHECK_EQ(p.length, 32u);
      CHECK_EQ(static_cast<uint64_t>(p.buffer - engine->pool().buffer(0)),
               uint64_t{p.index} * HC_BUFFER_SIZE);
      numbers.push_back(number);
    }
    release_packets(engine->shard(shard).face(), batch.packets, batch.count);
    return numbers;
  }
  /// Free packets and those that wait, which must be all of them.
  uint32_t packets() {
    uint32_t n = engine->pool().in_depot();
    for (uint32_t i = 0; i < engine->shards(); ++i) {
      n += engine->shard(i).face()->free_count;
      n += static_cast<uint32_t>(node(i, "q").held_packets());
    }
    return n;
  }

  std::unique_ptr<EngineCore> engine;
  std::unique_ptr<PreparedRevision> revision;

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  EngineRig() = default;

  static std::shared_ptr<ElementVersion> load(const std::string& class_name, uint32_t shards,
                                              std::string& error) {
    char self[4096];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
    const std::string path(self, n > 0 ? static_cast<size_t>(n) : 0);
    return ElementVersion::load(path.substr(0, path.rfind('/')) + "/elements/" + class_name + ".so", shards,
                                error);
  }
  bool prepare(const char* capacity, std::string& error) {
    NodePlan fw, q;
    fw.spec = {"fw", "Firewall", {"allow udp"}, 2, 2, load("Firewall", engine->shards(), error)};
    q.spec = {"q", "Queue", {capacity}, 1, 1, load("Queue", engine->shards(), error)};
    if (!fw.spec.version || !q.spec.version) return false;
    GraphError failure;
    revision = engine->prepare({fw, q}, {{0, 0, 1, 0, true}}, failure);
    if (!revision) error = failure.element + ": " + failure.message;
    return revision != nullptr;
  }

  std::unique_ptr<uint8_t, Free> pages_;
};

}  // namespace hotclick::core
