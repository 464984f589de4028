#include <hotclick/element.hpp>
using namespace hotclick;

struct Received {
  uint64_t packets = 0;
};
constexpr auto received_v1 = schema<Received>(1, HC_FIELD(Received, packets));

/// Keeps the last packets it got, so that there are always some that are neither free nor lost.
struct Sink : Element {
  State<Received> received;
  PacketQueue kept{1024};
  Batch batch;
  void push(uint32_t, Batch& in) {
    received->packets += in.count;
    batch.count = 0;
    kept.take(batch, kept.size() > 100 ? in.count : 0);
    consume(batch);
    kept.put(in.packets, in.count);
    in.count = 0;
  }
  uint64_t packets() const { return received->packets; }
};

constexpr auto info = element<Sink>("Sink", "1.0.0")
                          .help("For tests.")
                          .ports("1/0")
                          .processing("h/")
                          .state<&Sink::received>("received", received_v1, "what it got")
                          .queue<&Sink::kept>("kept", "the last packets")
                          .read<&Sink::packets>("packets", merge::sum, "packets received");
HOTCLICK_EXPORT(info)
