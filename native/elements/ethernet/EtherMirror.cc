#include <hotclick/element.hpp>
using namespace hotclick;

struct EtherMirror : Element {
  enum : uint32_t { too_short };

  void classify(Batch& batch, uint16_t* ports) {
    const uint32_t n = batch.count;
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 8 < n) prefetch_write(batch.packets[i + 8]->data);
      Packet& p = batch[i];
      if (HC_UNLIKELY(p.length < sizeof(EthernetHeader))) {
        ports[i] = drop(too_short);
        continue;
      }
      swap_addresses(p.data);
      ports[i] = 0;
    }
  }

  /// Both addresses in two loads and two stores that overlap in the middle: bytes 0-7 and 4-11.
  static void swap_addresses(uint8_t* data) {
    uint64_t low, high;
    memcpy(&low, data, 8);
    memcpy(&high, data + 4, 8);
    const uint64_t destination = low & 0xFFFFFFFFFFFFull, source = high >> 16;
    low = source | destination << 48;
    high = source >> 32 | destination << 16;
    memcpy(data, &low, 8);
    memcpy(data + 4, &high, 8);
  }
};

constexpr auto info = element<EtherMirror>("EtherMirror", "1.0.0")
                          .help(R"(Swaps the Ethernet source and destination addresses.

Sends frames back to where they came from.

    FromDevice(eth0) -> EtherMirror -> ToDevice(eth0);

Differs from Click: a frame of less than 14 bytes is dropped.)")
                          .ports("1/1")
                          .processing("a/a")
                          .drop("short frame", "less than an Ethernet header");
HOTCLICK_EXPORT(info)
