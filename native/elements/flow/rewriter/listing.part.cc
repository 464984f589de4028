/// Mappings as text, in Click's form.
#include "listing.hpp"

namespace hotclick::flow {

namespace {

void print_flow_id(Text out, const FlowId& id) {
  const auto* s = reinterpret_cast<const uint8_t*>(&id.source);
  const auto* d = reinterpret_cast<const uint8_t*>(&id.destination);
  out.print("(%u.%u.%u.%u, %u, %u.%u.%u.%u, %u)", s[0], s[1], s[2], s[3], net16(id.source_port), d[0], d[1],
            d[2], d[3], net16(id.destination_port));
}

}  // namespace

void list_mappings(const MappingTable& table, Text out, uint8_t protocol) {
  each_record(table, [&](uint32_t slot) {
    const FlowId& key = table.key(slot);
    if (protocol != 0 && key.protocol != protocol) return true;
    const Mapping& m = table.value(slot);
    print_flow_id(out, key);
    out.print(" => ");
    print_flow_id(out, m.rewritten(key.protocol));
    const uint32_t left = ticks_left(table.record(slot), table.table->shard->ticks);
    if (m.flags & mapping_reply)
      out.print(" [%u *%u]", m.peer_output, m.output);
    else
      out.print(" [*%u %u]", m.output, m.peer_output);
    out.print(" i%u exp%u\n", m.input, (left + ticks_per_second / 2) / ticks_per_second);
    return out.out->overflow == 0;
  });
}

}  // namespace hotclick::flow
