/// What happens off the path: configuration, start, handlers.
#include "base.hpp"
#include "listing.hpp"

namespace hotclick::firewall {

bool FirewallBase::configure(Arguments& arguments) {
  if (!rules.compile(arguments)) return false;
  if (capacity != 0) {
    const uint32_t shards = shard()->count != 0 ? shard()->count : 1;
    connections.capacity = (capacity + shards - 1) / shards;
  }
  timeouts.set(*this);
  return true;
}

void FirewallBase::start(bool adopted) {
  // Not by an upgrade, so from the store: packets have passed that the records know nothing of.
  if (!adopted && connections.size() != 0) totals->restored_at = shard()->ticks;
}

void FirewallBase::list_connections(Text out) {
  uint32_t lines = 0;
  each_record(connections, [&](uint32_t slot) {
    const Connection& c = connections.value(slot);
    const uint32_t left = ticks_left(connections.record(slot), shard()->ticks);
    print_flow(out, connections.key(slot), c);
    print_progress(out, c);
    out.print(" expires %us", (left + ticks_per_second - 1) / ticks_per_second);
    print_record(out, c);
    out.print("\n");
    return ++lines < listing_limit && out.out->overflow == 0;
  });
}

void FirewallBase::flush() {
  each_record(connections, [this](uint32_t slot) { return connections.erase(slot), true; });
  each_record(fragments, [this](uint32_t slot) { return fragments.erase(slot), true; });
}

}  // namespace hotclick::firewall
