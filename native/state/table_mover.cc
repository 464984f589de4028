#include "table_mover.hh"

#include <cstring>

namespace hotclick::core {
namespace {
constexpr uint32_t slots_a_step = 64;
}

bool TableMover::step() {
  for (uint32_t n = 0; n < slots_a_step && from_.live != 0; ++n, ++at_) {
    if (at_ >= from_.high_water()) at_ = 0;
    if (from_.settled(at_).flags & HC_RECORD_LIVE) move(at_);
  }
  return from_.live != 0;
}

void TableMover::move(uint32_t slot) {
  const uint32_t partner = partner_of(slot);
  const uint32_t here = copy(slot);
  if (here == no_slot && to_) return;
  if (partner != no_slot) {
    const uint32_t there = copy(partner);
    if (there == no_slot && to_) return to_->erase(here);
    if (to_) {
      to_->record(here).link = there;
      to_->record(there).link = here;
    }
    from_.erase(partner);
  }
  from_.erase(slot);
}

uint32_t TableMover::partner_of(uint32_t slot) {
  const uint32_t partner = from_.record(slot).link;
  if (partner == slot || partner >= from_.high_water()) return no_slot;
  const hc_record& r = from_.settled(partner);
  return (r.flags & HC_RECORD_LIVE) && r.link == slot ? partner : no_slot;
}

uint32_t TableMover::copy(uint32_t slot) {
  if (!to_) return no_slot;
  const uint8_t* key = from_.key_of(slot);
  uint32_t copied =
      to_->find(key);  // never there while packets of known flows come here; the newer record stays
  if (copied != no_slot) return copied;
  // These flows are there already: the limit is for new ones.
  const uint32_t limit = to_->capacity;
  to_->capacity = UINT32_MAX;
  copied = to_->insert(hash_key(key, to_->key_size, to_->seed), key);
  to_->capacity = limit;
  if (copied == no_slot) return no_slot;
  uint8_t* value = to_->value_of(copied);
  if (conversion_) {
    conversion_->run(from_.value_of(slot), value);
  } else {
    memcpy(value, from_.value_of(slot), from_.layout().value_size);
  }
  to_->record(copied).expires = from_.record(slot).expires;
  return copied;
}

}  // namespace hotclick::core
