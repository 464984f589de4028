#include "replay.hh"

#include <cstring>
#include <hotclick/batch.hpp>

#include "packet_values.hh"
#include "throw.hh"

namespace hotclick::addon {
using namespace core;

/// Which packets were dropped, and why.
class Replay::DropWatch : public Observer {
 public:
  explicit DropWatch(std::vector<Outcome>& outcomes) : outcomes_(outcomes) {}
  bool watches(const Node&, uint32_t, const Node*, uint32_t) const override { return false; }
  bool watches_drops() const override { return true; }
  void see(const Passage&, hc_packet* const*, uint32_t) override {}
  void see_drop(const Node&, uint32_t reason, hc_packet* const* packets, uint32_t n) override {
    for (uint32_t i = 0; i < n; ++i)
      outcomes_.push_back({Outcome::dropped, id_of(*packets[i]), reason, nullptr});
  }

 private:
  std::vector<Outcome>& outcomes_;
};

void Replay::define(Napi::Env env, Napi::Object exports) {
  exports.Set("Replay", DefineClass(env, "Replay",
                                    {InstanceMethod("upgrade", &Replay::upgrade),
                                     InstanceMethod("replay", &Replay::replay),
                                     InstanceMethod("close", &Replay::close)}));
}

Replay::Replay(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Replay>(info) {
  const auto spec = info[0].As<Napi::Object>();
  if (!bench_.open(info.Env(), spec)) return;
  bench_.shard().catch_hand_over = catch_hand_over;
  bench_.shard().catch_context = this;
  const auto timers = spec.Get("timers").As<Napi::Array>();
  for (uint32_t i = 0; i < timers.Length() && i < HC_MAX_TIMERS; ++i) {
    bool lossless;
    const uint64_t at = timers.Get(i).As<Napi::BigInt>().Uint64Value(&lossless);
    if (at != 0) bench_.shard().set_timer(bench_.element(), i, at);
  }
  watch();
}

/// Drops are told with their packets while somebody traces.
void Replay::watch() {
  instrumentation_ = std::make_shared<Instrumentation>(
      bench_.shard().graph(), std::vector<std::shared_ptr<Observer>>{std::make_shared<DropWatch>(outcomes_)});
  instrumentation_->apply(bench_.shard(), true);
  bench_.use_own_edges();
}

Napi::Value Replay::upgrade(const Napi::CallbackInfo& info) {
  if (bench_.upgrade(info.Env(), info[0].As<Napi::Object>(), false)) watch();
  return info.Env().Undefined();
}

Napi::Value Replay::close(const Napi::CallbackInfo& info) {
  bench_.close();
  instrumentation_.reset();
  return info.Env().Undefined();
}

/// replay(event, firstId) → what has become of packets since the last call. An event is one batch: a CapturedPacket
/// with its bytes for each packet, each preceded by their size (u32). Packets are numbered from firstId on.
Napi::Value Replay::replay(const Napi::CallbackInfo& info) {
  const auto event = info[0].As<Napi::Uint8Array>();
  outcomes_.clear();
  if (!give(info.Env(), event.Data(), event.ByteLength(), info[1].As<Napi::Number>().Uint32Value()))
    return info.Env().Undefined();
  collect();
  return tell(info.Env());
}

bool Replay::give(Napi::Env env, const uint8_t* bytes, size_t size, uint32_t first_id) {
  Shard& shard = bench_.shard();
  Node& node = bench_.element();
  hc_batch batch;
  batch.count = 0;
  CapturedPacket head = {};
  for (size_t at = 0; at + sizeof(uint32_t) <= size;) {
    uint32_t length;
    memcpy(&length, bytes + at, sizeof(length));
    at += sizeof(length);
    if (length < sizeof(head) || length > size - at || batch.count == HC_BATCH_CAPACITY) {
      throw_error(env, "HC_ARGUMENT", "a captured packet is cut off");
      return false;
    }
    memcpy(&head, bytes + at, sizeof(head));
    if (head.kind != CapturedPacket::asked) {
      hc_packet* p =
          restore_packet(head, bytes + at + sizeof(head), length - sizeof(head), first_id + batch.count);
      if (!p) {
        throw_error(env, "HC_ARGUMENT", "a captured packet does not fit a buffer");
        return false;
      }
      batch.packets[batch.count++] = p;
    }
    at += length;
  }
  shard.set_clock(head.now);
  shard.fire_due_timers();
  for (FlowTable* t : shard.graph()->tables()) t->maintain();

  if (head.port >= (head.kind == CapturedPacket::asked ? node.instance.noutputs : node.instance.ninputs)) {
    // The new version has fewer ports: its graph leads nothing there.
    release_packets(shard.face(), batch.packets, batch.count);
    return true;
  }
  void* object = node.instance.object;
  if (head.kind == CapturedPacket::pushed) {
    if (node.descriptor->push) node.descriptor->push(object, head.port, &batch);
  } else if (head.kind == CapturedPacket::supplied) {
    auto& waiting = bench_.in()[head.port];
    for (uint32_t i = 0; i < batch.count; ++i) waiting.push_back(batch.packets[i]);
    for (uint32_t i = 0; node.descriptor->run && !waiting.empty() && i <= HC_BATCH_CAPACITY; ++i)
      node.descriptor->run(object);
  } else if (node.descriptor->pull) {
    hc_batch taken;
    taken.count = 0;
    node.descriptor->pull(object, head.port, &taken, head.count);
    for (uint32_t i = 0; i < taken.count; ++i) bench_.out()[head.port].push_back(taken.packets[i]);
  }
  return true;
}

hc_packet* Replay::restore_packet(const CapturedPacket& head, const uint8_t* bytes, size_t size,
                                  uint32_t id) {
  const auto& from = static_cast<const Packet&>(head.packet);
  const uint64_t headroom = static_cast<uint64_t>(from.data - from.buffer);
  if (headroom > HC_BUFFER_SIZE || head.start > headroom || from.length > HC_BUFFER_SIZE - headroom ||
      size != headroom + from.length - head.start)
    return nullptr;
  hc_packet* p = allocate_packet(bench_.shard().face());
  if (!p) return nullptr;
  uint8_t* buffer = p->buffer;
  const uint32_t index = p->index;
  *p = head.packet;
  p->buffer = buffer;
  p->index = index;
  p->data = buffer + headroom;
  p->flags = static_cast<uint16_t>(p->flags | HC_PACKET_TRACED | HC_PACKET_TRACE_SEEN);
  p->trace_id = id;
  memcpy(buffer + head.start, bytes, size);
  return p;
}

void Replay::collect() {
  for (uint32_t port = 0; port < bench_.out().size(); ++port) {
    for (hc_packet* p : bench_.out()[port]) outcomes_.push_back({Outcome::out, id_of(*p), port, p});
    bench_.out()[port].clear();
  }
}

Napi::Value Replay::tell(Napi::Env env) {
  static constexpr const char* kinds[] = {"out", "drop", "over"};
  const hc_descriptor& d = *bench_.element().descriptor;
  auto list = Napi::Array::New(env, outcomes_.size());
  for (uint32_t i = 0; i < outcomes_.size(); ++i) {
    Outcome& one = outcomes_[i];
    auto o = Napi::Object::New(env);
    o.Set("kind", kinds[one.kind]);
    o.Set("id", one.id);
    if (one.kind == Outcome::dropped) {
      o.Set("reason", one.port < d.ndrops ? d.drops[one.port].name : "");
    } else {
      o.Set("port", one.port);
      o.Set("packet", packet_to_js(env, *static_cast<Packet*>(one.packet)));
      release_packets(bench_.shard().face(), &one.packet, 1);
    }
    list.Set(i, o);
  }
  outcomes_.clear();
  return list;
}

bool Replay::catch_hand_over(void* context, uint32_t shard, const HandOver::Item& item) {
  static_cast<Replay*>(context)->outcomes_.push_back(
      {Outcome::handed_over, id_of(*item.packet), shard, item.packet});
  return true;
}

}  // namespace hotclick::addon
