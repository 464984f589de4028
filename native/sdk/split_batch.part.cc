/// The splitting of a batch.
#include <hotclick/element_base.hpp>

namespace hotclick {

void Element::split(Batch& batch, const uint16_t* ports) {
  const uint32_t n = batch.count;
  if (n == 0) return;
  uint16_t different = 0;
  const uint16_t first = ports[0];
  for (uint32_t i = 1; i < n; ++i) different |= static_cast<uint16_t>(ports[i] ^ first);
  auto send = [this](uint32_t port, Batch& b) {
    if (HC_LIKELY(port < self->noutputs)) return output(port, b);
    drop_now(port == HC_NO_PORT || !(port & 0x8000u) ? 0 : port & 0x7FFFu, b);
  };
  if (HC_LIKELY(different == 0)) return send(first, batch);

  ScratchBatches scratch(self->shard, 3);
  if (HC_UNLIKELY(!scratch.ok())) return drop_now(0, batch);
  // Copies first: what is pushed may come back to this element and the caller's arrays may be reused.
  Batch& rest = scratch[0];
  Batch& one = scratch[1];
  uint16_t* rest_ports = reinterpret_cast<uint16_t*>(&scratch[2]);
  memcpy(rest.packets, batch.packets, n * sizeof(hc_packet*));
  memcpy(rest_ports, ports, n * sizeof(uint16_t));
  batch.count = 0;
  uint32_t left = n;
  while (left != 0) {
    const uint16_t port = rest_ports[0];
    uint32_t kept = 0, taken = 0;
    for (uint32_t i = 0; i < left; ++i) {
      hc_packet* p = rest.packets[i];
      if (rest_ports[i] == port) {
        one.packets[taken++] = p;
      } else {
        rest.packets[kept] = p;
        rest_ports[kept++] = rest_ports[i];
      }
    }
    left = kept;
    one.count = taken;
    send(port, one);
  }
}

}  // namespace hotclick
