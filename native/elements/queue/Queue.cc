/// Holds packets between a pushing and a pulling part of the graph.
///   ... -> Queue(1000) -> ToDevice(eth0);
#include <hotclick/element.hpp>

#include "../basic/source/setting.hpp"
using namespace hotclick;

struct QueueCounts {
  uint64_t drops = 0;
  uint32_t highwater = 0;
  Setting<uint32_t> capacity;
};
constexpr auto queue_counts_v1 = schema<QueueCounts>(
    1, HC_COUNT(QueueCounts, drops), HC_LARGEST(QueueCounts, highwater), HC_SETTING(QueueCounts, capacity));

struct Queue : Element {
  enum : uint32_t { full, emptied };
  PacketQueue packets;
  State<QueueCounts> counts;
  uint32_t capacity_argument = 1000;

  bool configure(Arguments& arguments) {
    if (capacity_argument == 0) return arguments.fail("CAPACITY must be at least 1");
    packets.capacity = capacity_argument;
    return true;
  }
  void start(bool) {
    counts->capacity.settle(capacity_argument);
    if (counts->capacity.value > slots()) counts->capacity.value = slots();
    packets.queue->limit = counts->capacity.value;
  }
  void push(uint32_t, Batch& batch) {
    const uint32_t n = batch.count;
    const uint32_t taken = packets.put(batch.packets, n);
    const uint32_t length = packets.size();
    if (length > counts->highwater) counts->highwater = length;
    if (HC_UNLIKELY(taken < n)) overflow(batch, taken);
    batch.count = 0;
  }
  uint32_t pull(uint32_t, Batch& batch, uint32_t max) { return packets.take(batch, max); }

  uint32_t length() const { return packets.size(); }
  uint32_t highwater() const { return counts->highwater; }
  uint32_t capacity() const { return counts->capacity.value; }
  uint64_t drops() const { return counts->drops; }
  bool set_capacity(const String& text, Error& error) {
    uint32_t capacity = 0;
    if (!write_setting(self->host, capacity, text, error)) return false;
    if (capacity == 0 || capacity > slots()) {
      return error.fail("a running queue can hold from 1 to %u packets; more need a new configuration",
                        slots());
    }
    counts->capacity.value = packets.queue->limit = capacity;
    return true;
  }
  void reset_counts() {
    counts->drops = 0;
    counts->highwater = packets.size();
  }
  void reset() {
    Batch batch;
    do {
      batch.count = 0;
      packets.take(batch, HC_BATCH_CAPACITY);
      if (batch.count != 0) drop_now(emptied, batch);
    } while (!packets.empty());
  }

 private:
  uint32_t slots() const { return packets.queue->mask + 1; }
  void overflow(Batch& batch, uint32_t taken) {
    const uint32_t left = batch.count - taken;
    counts->drops += left;
    if (noutputs() < 2) return drop_now(full, batch.packets + taken, left);
    memmove(batch.packets, batch.packets + taken, left * sizeof(hc_packet*));
    batch.count = left;
    output(1, batch);
  }
};

constexpr auto info =
    element<Queue>("Queue", "1.0.0")
        .ports("1/1-2")
        .processing("h/lh")
        .help(
            "Stores packets in a first-in-first-out queue.\n\n"
            "Packets that come when CAPACITY packets wait leave by output 1, if it is connected; otherwise "
            "they are "
            "dropped. An upgrade keeps what waits.\n\n"
            "    FromDevice(eth0) -> q :: Queue(200) -> ToDevice(eth1);\n\n"
            "Differs from Click: every shard has a queue of its own with this capacity (the `length` of all "
            "is their "
            "sum), and the capacity of a running queue can grow to the next power of two only.")
        .positional<&Queue::capacity_argument>("CAPACITY", "packets it holds, 1 to 1048576 (default 1000)")
        .queue<&Queue::packets>("packets", "packets that wait")
        .state<&Queue::counts>("counts", queue_counts_v1,
                               "drops, the highest length, settings changed by handlers")
        .drop("full", "the queue was full and output 1 is not connected")
        .drop("emptied", "the queue was emptied by its reset handler")
        .read<&Queue::length>("length", merge::sum, "packets that wait")
        .read<&Queue::highwater>("highwater_length", merge::max, "most packets that ever waited")
        .read<&Queue::capacity>("capacity", merge::same, "packets it can hold")
        .write<&Queue::set_capacity>("capacity", "changes the capacity")
        .read<&Queue::drops>("drops", merge::sum, "packets that found the queue full")
        .write<&Queue::reset_counts>("reset_counts",
                                     "sets drops to zero and the highest length to the present one")
        .write<&Queue::reset>("reset", "drops the packets that wait");
HOTCLICK_EXPORT(info)
