// What leaves and enters a shard beside packets on its devices: lines for the host, packets handed over by
// other shards.
#include <hotclick/batch.hpp>
#include <utility>

#include "observe.hh"
#include "shard.hh"

namespace hotclick::core {

void Shard::say(char kind, const Node& node, const char* text, size_t length) {
  const std::string_view name = node.name;
  if (running_here_ != this) {
    host_lines_.push_back(std::string(1, kind) + node.name + '\n' + std::string(text, length));
    return;
  }
  if (lines_.put({{&kind, 1}, {name.data(), name.size()}, {"\n", 1}, {text, length}}))
    to_notify_ = true;
  else
    lines_lost.fetch_add(1, std::memory_order_relaxed);
}

bool Shard::take_line(std::string& line) {
  if (!host_lines_.empty()) {
    line = std::move(host_lines_.front());
    host_lines_.erase(host_lines_.begin());
    return true;
  }
  return lines_.take(line);
}

bool Shard::receive_hand_over() {
  // Other shards begin a little earlier: what they hand over waits for the first graph.
  if (!graph_) return false;
  bool worked = false;
  for (uint32_t from = 0; from < face_.count; ++from) {
    if (from == face_.index) continue;
    HandOver::Item item;
    for (uint32_t n = 0; n < 64 && hand_over->take(from, face_.index, item); ++n) {
      worked = true;
      item.packet->holder = face_.index + 1;
      Batch batch;
      batch.count = 1;
      batch.packets[0] = item.packet;
      Node* target = graph_->find(item.element);
      if (instrumentation && target) instrumentation->see_arrival(*target, item.port, batch);
      if (target && target->descriptor->push) {
        const hc_push_edge edge = graph_->versions().entry(*target, item.port);
        edge.push(edge.object, edge.port, &batch);
      } else {
        count_drops(ShardDrop::element_gone, 1);
        release_packets(&face_, batch.packets, 1);
      }
    }
  }
  return worked;
}

bool Shard::take_handed_over() {
  if (!hand_over) return false;
  Shard* const here = std::exchange(running_here_, this);  // what elements say goes through this shard's ring
  const bool worked = receive_hand_over();
  running_here_ = here;
  return worked;
}

bool Shard::hand_to(uint32_t shard, const HandOver::Item& item) {
  if (catch_hand_over) return catch_hand_over(catch_context, shard, item);
  if (!hand_over || shard >= face_.count || shard == face_.index) return false;
  const uint32_t holder = item.packet->holder;
  item.packet->holder = 0;
  if (!hand_over->put(face_.index, shard, item)) {
    item.packet->holder = holder;
    return false;
  }
  hand_over->peer(shard)->wake_if_asleep();
  return true;
}

void Shard::count_drops(ShardDrop reason, uint64_t n) {
  auto& count = control_.drops[static_cast<uint32_t>(reason)];
  count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

void Shard::drop_all(ShardDrop reason, hc_queue& queue) {
  count_drops(reason, queue.tail - queue.head);
  for (; queue.head != queue.tail; ++queue.head)
    release_packets(&face_, &queue.ring[queue.head & queue.mask], 1);
}

void Shard::wake_if_asleep() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (control_.sleeping.load(std::memory_order_relaxed) != 0) wake();
}

}  // namespace hotclick::core
