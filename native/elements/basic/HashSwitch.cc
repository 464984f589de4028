/// Chooses the output by the bytes of the packet, so that equal ones stay together.
///   ... -> hs :: HashSwitch(16, 4); hs[0] -> ...; hs[1] -> ...
#include <hotclick/element.hpp>
using namespace hotclick;

struct HashSwitch : Element {
  uint32_t offset = 0, length = 0;

  bool configure(Arguments& arguments) {
    if (length == 0) return arguments.fail("length must be > 0");
    if (offset <= HC_BUFFER_SIZE && length <= HC_BUFFER_SIZE) return true;
    return arguments.fail("no packet is longer than %u bytes", HC_BUFFER_SIZE);
  }
  void push(uint32_t, Batch& batch) {
    uint16_t ports[HC_BATCH_CAPACITY];
    const uint32_t end = offset + length, n = noutputs();
    for (uint32_t i = 0; i < batch.count; ++i) {
      if (i + 4 < batch.count) prefetch(batch.packets[i + 4]->data + offset);
      const Packet& p = batch[i];
      if (p.length < end) {
        ports[i] = 0;
        continue;
      }
      uint32_t sum = 0;
      for (uint32_t k = offset; k < end; ++k) sum += p.data[k];
      const bool folds = n == 2 || n == 4 || n == 8;
      ports[i] = static_cast<uint16_t>(folds ? (sum ^ (sum >> 4)) & (n - 1) : sum % n);
    }
    split(batch, ports);
  }
};

constexpr auto info =
    element<HashSwitch>("HashSwitch", "1.0.0")
        .ports("1/1-")
        .processing("h/h")
        .help(
            "Chooses the output by a hash of packet contents.\n\n"
            "Packets with equal bytes from OFFSET on for LENGTH leave by the same output; the hash is "
            "Click's sum of these bytes, so the distribution is Click's too. A packet that is too "
            "short leaves by output 0.\n\n"
            "    ip -> hs :: HashSwitch(16, 4); hs[0] -> ...; hs[1] -> ...\n\n"
            "divides IP packets by their destination address.")
        .required<&HashSwitch::offset>("OFFSET", "first byte, from the start of the packet")
        .required<&HashSwitch::length>("LENGTH", "number of bytes, at least 1")
        .drop("nested-too-deeply", "the graph leads back to this element too many times");
HOTCLICK_EXPORT(info)
