#include "layout.hh"

#include <algorithm>

#include "hash.hh"

namespace hotclick::core {

bool StaticsLayout::typed() const {
  return std::all_of(objects.begin(), objects.end(), [](const StaticObject& o) { return o.type != 0; });
}

bool StaticsLayout::finish() {
  begin = end = 0;
  for (StaticObject& o : objects) {
    o.key_hash = Hash().add(o.key).value();
    if (end == 0 || o.address < begin) begin = o.address;
    end = std::max(end, o.address + o.size);
  }
  std::sort(objects.begin(), objects.end(),
            [](const StaticObject& a, const StaticObject& b) { return a.key_hash < b.key_hash; });
  Hash all;
  for (const StaticObject& o : objects)
    all.add(o.key_hash)
        .add(o.address % page_size)
        .add(o.address - begin)
        .add(o.size)
        .add(o.type)
        .add(o.section);
  hash = all.value();
  for (size_t i = 1; i < objects.size(); ++i) {
    if (objects[i].key_hash == objects[i - 1].key_hash) return false;
  }
  return true;
}

void StaticsLayout::take_pages() {
  own_pages = true;
  begin &= ~(page_size - 1);
  end = (end + page_size - 1) & ~(page_size - 1);
}

}  // namespace hotclick::core
