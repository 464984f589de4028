/// An engine as JavaScript sees it: the host's half. The shards' half (runShard) is in shard_entry.cc.
#pragma once
#include <napi.h>

#include <functional>
#include <map>
#include <memory>

#include "../core/edge_counter.hh"
#include "../core/engine_core.hh"
#include "../core/event_observer.hh"
#include "../core/packet_capture.hh"

namespace hotclick::addon {

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static void define(Napi::Env env, Napi::Object exports);
  /// new Engine({ shards, packets, control: Uint8Array over shared memory, busyPoll, idleDevices, onLine, onStop,
  ///              onFault })
  explicit EngineObject(const Napi::CallbackInfo& info);
  ~EngineObject() override;

 private:
  using Resolve = std::function<Napi::Value(Napi::Env, core::Command&)>;
  struct Pending {
    std::unique_ptr<core::Command> command;
    Napi::Promise::Deferred deferred;
    Resolve resolve;
    bool unasked;  // nobody waits for the promise
  };

  /// Elements whose packets are copied.
  struct Mirror {
    std::vector<std::vector<std::shared_ptr<core::PacketCapture>>> captures;  // by shard and element
    std::vector<std::shared_ptr<std::atomic<int64_t>>> left;                  // by element
  };

  Napi::Value id(const Napi::CallbackInfo& info);
  Napi::Value loadLibrary(const Napi::CallbackInfo& info);
  Napi::Value unloadLibrary(const Napi::CallbackInfo& info);
  Napi::Value matchStatics(const Napi::CallbackInfo& info);
  Napi::Value prepare(const Napi::CallbackInfo& info);
  Napi::Value tryConfigure(const Napi::CallbackInfo& info);
  Napi::Value discard(const Napi::CallbackInfo& info);
  Napi::Value roll(const Napi::CallbackInfo& info);
  Napi::Value endWatch(const Napi::CallbackInfo& info);
  Napi::Value keep(const Napi::CallbackInfo& info);
  Napi::Value shardLoad(const Napi::CallbackInfo& info);
  Napi::Value edgeCounts(const Napi::CallbackInfo& info);
  Napi::Value takeBack(const Napi::CallbackInfo& info);
  Napi::Value reclaim(const Napi::CallbackInfo& info);
  Napi::Value settle(const Napi::CallbackInfo& info);
  Napi::Value abandon(const Napi::CallbackInfo& info);
  Napi::Value handler(const Napi::CallbackInfo& info);
  Napi::Value publish(const Napi::CallbackInfo& info);
  Napi::Value markAllDirty(const Napi::CallbackInfo& info);
  Napi::Value packets(const Napi::CallbackInfo& info);
  Napi::Value elementStats(const Napi::CallbackInfo& info);
  Napi::Value states(const Napi::CallbackInfo& info);
  Napi::Value statePointers(const Napi::CallbackInfo& info);
  Napi::Value restoreStatic(const Napi::CallbackInfo& info);
  Napi::Value restoreTable(const Napi::CallbackInfo& info);
  Napi::Value observe(const Napi::CallbackInfo& info);
  Napi::Value takeEvents(const Napi::CallbackInfo& info);
  Napi::Value stopObserving(const Napi::CallbackInfo& info);
  Napi::Value refreshObservers(const Napi::CallbackInfo& info);
  Napi::Value exportState(const Napi::CallbackInfo& info);
  Napi::Value takeOver(const Napi::CallbackInfo& info);
  Napi::Value stopWaiting(const Napi::CallbackInfo& info);
  Napi::Value handOut(const Napi::CallbackInfo& info);
  Napi::Value relinquish(const Napi::CallbackInfo& info);
  Napi::Value canBeBeside(const Napi::CallbackInfo& info);
  Napi::Value startDevices(const Napi::CallbackInfo& info);
  Napi::Value lastFrames(const Napi::CallbackInfo& info);
  Napi::Value passOver(const Napi::CallbackInfo& info);
  Napi::Value renewStatic(const Napi::CallbackInfo& info);
  Napi::Value renewTable(const Napi::CallbackInfo& info);
  Napi::Value mirror(const Napi::CallbackInfo& info);
  Napi::Value copyState(const Napi::CallbackInfo& info);
  Napi::Value takeMirrored(const Napi::CallbackInfo& info);
  Napi::Value stopMirroring(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value serveHere(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  bool good_shard(const Napi::CallbackInfo& info, uint32_t& shard);
  /// Of the revision whose number is the second argument; null when there is none.
  const core::ShardGraph* prepared_graph(const Napi::CallbackInfo& info, uint32_t shard);
  Napi::Value post(Napi::Env env, uint32_t shard, std::unique_ptr<core::Command> command, Resolve resolve,
                   bool unasked = false);
  static Napi::Value break_to_js(Napi::Env env, uint64_t begin, uint64_t ns);
  static void notify_from_shard(void* context);
  void deliver(Napi::Env env);
  void tell_fault(Napi::Env env, uint32_t shard);
  bool read_plan(Napi::Env env, const Napi::Object& plan, std::vector<core::NodePlan>& nodes,
                 std::vector<core::EdgeSpec>& edges);
  Napi::Array instrument(Napi::Env env);
  /// What option `transfer` describes; null with an empty `error` when there is none.
  static std::unique_ptr<core::TransferImport> read_import(const Napi::Value& option, std::string& error);
  /// Has the host told, in a later turn, when regions or devices have changed.
  void look_at_regions();

  uint32_t id_ = 0;
  std::shared_ptr<core::EngineCore> engine_;
  Napi::Reference<Napi::Uint8Array> control_;
  Napi::FunctionReference on_line_, on_stop_, on_regions_, on_fault_;
  Napi::ThreadSafeFunction wake_;
  std::map<uint32_t, std::shared_ptr<core::ElementVersion>> libraries_;
  std::map<uint32_t, std::unique_ptr<core::PreparedRevision>> revisions_;
  std::map<core::Command*, Pending> pending_;
  // One observer a shard for each trace or tap.
  std::map<uint32_t, std::vector<std::shared_ptr<core::EventObserver>>> observers_;
  std::map<uint32_t, Mirror> mirrors_;
  std::map<uint32_t, std::shared_ptr<core::EdgeCounter>> counters_;
  std::map<uint32_t, std::shared_ptr<core::Instrumentation>> instrumentations_;  // in use, by shard
  // By shard, the number of the revision that the host knows to run, and of the one before.
  std::map<uint32_t, uint32_t> installed_, installed_before_;
  uint32_t swaps_posted_ = 0;  // commands under way that install or give away graphs
  bool regions_changed_ = false;
  uint32_t next_id_ = 1;
  bool serves_here_ = false;  // the shards' threads have ended
};

/// The engine with that number, for the threads of its shards; null when it is gone.
std::shared_ptr<core::EngineCore> find_engine(uint32_t id);
void define_shard_entry(Napi::Env env, Napi::Object exports);
void define_confine(Napi::Env env, Napi::Object exports);
void define_spawn(Napi::Env env, Napi::Object exports);

}  // namespace hotclick::addon
