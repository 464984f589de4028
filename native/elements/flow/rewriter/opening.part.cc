/// New flows.
#include "rewriter.hpp"

namespace hotclick::flow {

uint16_t IPRewriter::home_of_reply(const FlowId& to) const {
  if (shard()->count <= 1) return static_cast<uint16_t>(shard()->index);
  return static_cast<uint16_t>(self->host->shard_of(to.destination, to.source, to.destination_port,
                                                    to.source_port, to.protocol, shard()->count));
}

uint32_t IPRewriter::find_again(const FlowId& id) const {
  return mappings.find(id);
}

bool IPRewriter::choose_port(uint32_t port, const FlowId& id, FlowId& to) {
  const auto usable = [this](const FlowId& candidate) {
    return home_of_reply(candidate) == shard()->index && is_free(candidate.reversed());
  };
  return searches[port].choose(specs[port], shard(), net16(id.source_port), progress->next[port], to, usable);
}

uint32_t IPRewriter::open(uint32_t port, Packet& p, const FlowId& id, uint16_t& instead) {
  const auto send = [&instead](uint32_t where) {
    instead = static_cast<uint16_t>(where);
    return no_slot;
  };
  const InputSpec& spec = specs[port];
  if (spec.kind == SpecKind::drop) return send(drop(Drop::not_mapped));
  if (spec.kind == SpecKind::pass) return send(spec.forward_output);

  FlowId to = id;
  if (spec.kind == SpecKind::pattern) {
    if (spec.source != 0) to.source = spec.source;
    if (spec.destination != 0) to.destination = spec.destination;
    if (spec.source_port != 0) to.source_port = net16(spec.source_port);
    if (spec.destination_port != 0) to.destination_port = net16(spec.destination_port);
    if (!spec.chooses_port()) {
      // The replies will arrive at the shard that their addresses and ports lead to, so the flow lives there.
      const uint16_t home = home_of_reply(to);
      if (HC_UNLIKELY(home != shard()->index)) {
        return send(self->host->hand_over(self, home, port, &p) ? handed_over : drop(Drop::hand_over_full));
      }
    }
  }
  const bool free = spec.chooses_port() ? choose_port(port, id, to) : is_free(to.reversed());
  const FlowId answer = to.reversed();
  if (!free || memcmp(&answer, &id, sizeof(id)) == 0) {
    ++progress->failures;
    return send(drop(Drop::no_free_port));
  }
  const auto insert = [&] {
    return insert_pair(mappings, id, to, static_cast<uint8_t>(port), spec.forward_output, spec.reply_output);
  };
  uint32_t slot = insert();
  if (HC_UNLIKELY(slot == no_slot) && give_up_one(mappings, timeouts, progress->evict_at)) {
    erased = true;
    slot = insert();
  }
  if (HC_UNLIKELY(slot == no_slot)) {
    ++progress->failures;
    return send(drop(Drop::table_full));
  }
  mappings.touch(mappings.record(slot).link, timeouts.of(id.protocol, 0));
  return slot;
}

}  // namespace hotclick::flow
