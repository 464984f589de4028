/// What happens off the path: configuration, expiry, handlers.
#include "rewriter.hpp"

namespace hotclick::flow {

bool IPRewriter::configure(Arguments& arguments) {
  if (ninputs() > max_inputs) return arguments.fail("too many inputs: at most %u", max_inputs);
  if (arguments.size() != ninputs())
    return arguments.fail("need %u arguments, one per input port", ninputs());
  nspecs = ninputs();
  for (uint32_t i = 0; i < nspecs; ++i) {
    const char* problem = "";
    if (specs[i].parse(arguments[i], noutputs(), arguments.host, problem)) continue;
    return arguments.fail_at(i, "input spec %u: %s", i, problem);
  }
  if (capacity_flows != 0) {
    const uint32_t shards = shard()->count != 0 ? shard()->count : 1;
    const uint32_t share = (capacity_flows + shards - 1) / shards;
    if (share > (1u << 30)) return arguments.fail("bad MAPPING_CAPACITY");
    mappings.capacity = 2 * share;
  }
  timeouts.set(*this);
  return true;
}

/// A record's time is up. The flow lives as long as either direction does; then both records go.
uint32_t IPRewriter::expired(uint32_t slot, FlowId&, Mapping&) {
  const uint32_t partner = partner_of(mappings, slot);
  if (partner == no_slot || partner == slot) return 0;
  const uint32_t left = ticks_left(mappings.record(partner), shard()->ticks);
  if (left == 0) mappings.erase(partner);
  return left;
}

void IPRewriter::clear() {
  each_record(mappings, [this](uint32_t slot) { return erase_pair(mappings, slot), true; });
}

void IPRewriter::list_patterns(Text out) {
  for (uint32_t i = 0; i < nspecs; ++i) specs[i].unparse(out);
}

}  // namespace hotclick::flow
