#include <hotclick/element.hpp>
using namespace hotclick;

struct Counts {
  uint64_t broadcasts = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, broadcasts));

struct DropBroadcasts : Element {
  enum : uint32_t { broadcast };
  State<Counts> counts;

  void classify(Batch& batch, uint16_t* ports) {
    const uint16_t filtered = static_cast<uint16_t>(output_or_drop(1, broadcast));
    uint32_t found = 0;
    for (uint32_t i = 0; i < batch.count; ++i) {
      const uint8_t type = batch[i].packet_type;
      const bool hit = type == HC_TYPE_BROADCAST || type == HC_TYPE_MULTICAST;
      ports[i] = hit ? filtered : 0;
      found += hit;
    }
    if (HC_UNLIKELY(found != 0)) counts->broadcasts += found;
  }
  uint64_t drops() const { return counts->broadcasts; }
};

constexpr auto info =
    element<DropBroadcasts>("DropBroadcasts", "1.0.0")
        .help(R"(Drops packets that arrived as link-level broadcast or multicast.

A router must not forward them (RFC 1812 5.3.4). It looks at the packet type annotation, which FromDevice and
HostEtherFilter set. With output 1 connected the packets go there.

    rt[1] -> DropBroadcasts -> DecIPTTL -> ...)")
        .ports("1/1-2")
        .processing("a/ah")
        .state<&DropBroadcasts::counts>("counts", counts_v1, "broadcasts and multicasts seen so far")
        .read<&DropBroadcasts::drops>("drops", merge::sum,
                                      "broadcasts and multicasts dropped or sent to output 1")
        .drop("link broadcast", "arrived as link-level broadcast or multicast");
HOTCLICK_EXPORT(info)
