/// The slow half of elements that ask for Ethernet addresses: what waits, what is asked, handlers.
#include <hotclick/neighbour_element.hpp>

namespace hotclick {

uint32_t NeighbourTable::find_or_insert(uint32_t address) {
  const NeighbourKey key{{address}};
  const uint32_t slot = find(key);
  if (slot != no_slot) return slot;
  if (size() >= table->capacity) evict();
  const uint32_t fresh = insert(key);
  if (fresh != no_slot) keep(fresh);
  return fresh;
}

void NeighbourTable::evict() {
  const uint32_t slots = table->capacity, look_at = slots < 64 ? slots : 16;
  uint32_t oldest = no_slot;
  uint64_t oldest_time = ~0ull;
  for (uint32_t i = 0; i < look_at; ++i) {
    evict_at_ = evict_at_ + 1 < slots ? evict_at_ + 1 : 0;
    const hc_record& r = record(evict_at_);
    if (r.layout != table->layout) table->shard->host->table_convert(table, evict_at_);
    if (!(r.flags & HC_RECORD_LIVE)) continue;
    const uint64_t time = value(evict_at_).last_heard();
    if (time >= oldest_time) continue;
    oldest = evict_at_;
    oldest_time = time;
  }
  if (oldest != no_slot) erase(oldest);
}

void NeighbourElement::start(bool) {
  waiting.start(now());
  if (!waiting.empty()) run_timer();
}

void NeighbourElement::timer(uint32_t) {
  timer_runs = false;
  waiting.tick([this](Packet& p) { drop_waiting(unanswered, p); });
  if (!waiting.empty()) run_timer();
}

void NeighbourElement::stats(Text out) {
  out.print("%llu packets killed\n%llu ARP queries sent\n", static_cast<unsigned long long>(counts->dropped),
            static_cast<unsigned long long>(counts->queries));
}

void NeighbourElement::text(Text out) {
  TableScan scan(entries);
  for (uint32_t slot; (slot = scan.next()) != no_slot;) {
    const Neighbour& e = entries.value(slot);
    out.print(HC_IP4_FORMAT " %d ", HC_IP4_BYTES(entries.key(slot).address.value),
              entries.is_fresh(e, wall()) ? 1 : 0);
    if (e.known)
      out.print(HC_ETHER_FORMAT, HC_ETHER_BYTES(e.mac));
    else
      out.print("FF-FF-FF-FF-FF-FF");
    out.print(" %.6f\n", static_cast<double>(wall() - e.last_heard()) * 1e-9);
  }
}

bool NeighbourElement::insert(String value, Error& error) {
  Words words(value);
  String ip, ether, more;
  Ipv4Address address;
  EtherAddress mac;
  if (!words.next(ip) || !words.next(ether) || words.next(more)) return error.fail("should be 'IP ETHER'");
  if (!parse_word(self->host, ip, address, error.text) || !parse_word(self->host, ether, mac, error.text))
    return false;
  const uint32_t slot = entries.find_or_insert(address.value);
  if (slot == no_slot) return error.fail("the table is full");
  entries.note_answer(slot, mac.bytes, wall());
  send_waiting(slot);
  return true;
}

bool NeighbourElement::erase(String value, Error& error) {
  Ipv4Address address;
  if (!parse_word(self->host, value, address, error.text)) return false;
  const uint32_t slot = entries.find(NeighbourKey{address});
  if (slot == no_slot) return error.fail("there is no entry for that address");
  entries.erase(slot);
  waiting.pick([&](Packet& p) { return p.destination == address.value && (drop_waiting(deleted, p), true); });
  return true;
}

void NeighbourElement::clear() {
  TableScan scan(entries);
  for (uint32_t slot; (slot = scan.next()) != no_slot;) entries.erase(slot);
  while (Packet* p = waiting.oldest()) drop_waiting(deleted, *p);
}

void NeighbourElement::apply_limits() {
  if (capacity == 0 || capacity > most_waiting) capacity = most_waiting;
  waiting.capacity = capacity;
  entries.timeout = timeout;
  if (entry_capacity != 0) entries.capacity = entry_capacity;
}

void NeighbourElement::hold(Packet& p, uint32_t slot) {
  uint32_t& count = waiting.count(entries.value(slot), p.destination);
  if (entry_packet_capacity != 0 && count >= entry_packet_capacity) return lose(address_full, p);
  if (waiting.full()) drop_waiting(all_full, *waiting.oldest());
  waiting.add(p);
  ++count;
  if (!timer_runs) run_timer();
}

void NeighbourElement::drop_waiting(uint32_t reason, Packet& p) {
  waiting.left(entries, p.destination);
  lose(reason, p);
}

void NeighbourElement::send_waiting(uint32_t slot) {
  Neighbour& e = entries.value(slot);
  const uint32_t address = entries.key(slot).address.value;
  uint32_t& count = waiting.count(e, address);
  ScratchBatches scratch(shard(), 1);
  if (count == 0 || !scratch.ok()) return;
  count = 0;
  Batch& out = scratch[0];
  EthernetHeader header;
  make_header(header, e.mac.bytes);
  waiting.pick([&](Packet& p) {
    if (p.destination != address) return false;
    if (!prepend(p, header)) {
      lose(no_headroom, p);
      return true;
    }
    out.add(p);
    if (out.full()) output(0, out);
    return true;
  });
  output(0, out);
}

}  // namespace hotclick
