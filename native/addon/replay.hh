/// One version of an element that is given captured packets again, as they came and at their time, and tells what
/// became of each.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "../core/packet_capture.hh"
#include "bench.hh"

namespace hotclick::addon {

class Replay : public Napi::ObjectWrap<Replay> {
 public:
  static void define(Napi::Env env, Napi::Object exports);
  /// new Replay(spec): a HarnessSpec with `shard` and `timers`, and the state to begin with
  explicit Replay(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env) override { bench_.close(); }

 private:
  /// What became of a packet. `id` is 0 for one that the element made itself.
  struct Outcome {
    enum Kind : uint8_t { out, dropped, handed_over } kind;
    uint32_t id, port;  // port, drop reason or shard
    hc_packet* packet;  // null when dropped
  };
  class DropWatch;

  Napi::Value upgrade(const Napi::CallbackInfo& info);
  Napi::Value replay(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  void watch();
  bool give(Napi::Env env, const uint8_t* bytes, size_t size, uint32_t first_id);
  hc_packet* restore_packet(const core::CapturedPacket& head, const uint8_t* bytes, size_t size, uint32_t id);
  void collect();
  Napi::Value tell(Napi::Env env);
  static uint32_t id_of(const hc_packet& p) { return p.flags & HC_PACKET_TRACED ? p.trace_id : 0; }
  static bool catch_hand_over(void* context, uint32_t shard, const core::HandOver::Item& item);

  Bench bench_;
  std::shared_ptr<core::Instrumentation> instrumentation_;
  std::vector<Outcome> outcomes_;
};

}  // namespace hotclick::addon
