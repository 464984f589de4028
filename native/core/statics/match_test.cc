#include "match.hh"

#include <algorithm>
#include <cstring>
#include <map>

#include "../../test/unit.hpp"

using namespace hotclick;
using namespace hotclick::core;

namespace {

constexpr uint64_t image_at = 0x4000;

StaticObject object(const std::string& key, uint64_t at, uint64_t size, uint64_t type = 7) {
  StaticObject o;
  o.key = o.name = key;
  o.section = ".bss";
  o.type_name = "T" + std::to_string(type);
  o.address = image_at + at;
  o.size = size;
  o.type = type;
  o.guard = key.starts_with("_ZGV");
  return o;
}

StaticsLayout layout(std::vector<StaticObject> objects) {
  StaticsLayout l;
  l.objects = std::move(objects);
  CHECK(l.finish());
  return l;
}

constexpr MatchRules symbols{}, compiled{false, true}, rollback{true, false};

std::string only_refusal(const StaticsLayout& from, const StaticsLayout& to, MatchRules rules = symbols) {
  const StaticsMatch m = match_statics(from, to, rules);
  return m.refusals.size() == 1 ? m.refusals[0] : std::to_string(m.refusals.size()) + " refusals";
}

}  // namespace

TEST("match: variables are paired by name, and what is new keeps its initialiser") {
  const StaticsMatch m =
      match_statics(layout({object("a", 0, 8), object("b", 8, 4)}),
                    layout({object("b", 0, 4), object("new", 4, 4), object("a", 8, 8)}), symbols);
  CHECK_EQ(m.refusals.size(), 0u);
  CHECK_EQ(m.variables, 2u);
  CHECK_EQ(m.bytes, 12u);
  CHECK_EQ(m.copies.size(), 2u);
  if (CHECK_EQ(m.created.size(), 1u)) CHECK_EQ(m.created[0], "new");
}

TEST("match: equal layouts are one block, and found by their hashes") {
  const StaticsLayout one = layout({object("a", 0, 8), object("b", 8, 4), object("c", 64, 4)});
  const StaticsMatch m = match_statics(one, one, compiled);
  CHECK(m.same_layout);
  if (!CHECK_EQ(m.copies.size(), 1u)) return;
  CHECK_EQ(m.copies[0].size, 68u);
  CHECK_EQ(m.variables, 3u);
  CHECK_EQ(m.bytes, 16u);
  CHECK(!match_statics(one, layout({object("a", 0, 8), object("b", 8, 4), object("c", 72, 4)}), compiled)
             .same_layout);
}

TEST("match: what cannot be carried over is named with the reason and both sizes") {
  const StaticsLayout from = layout({object("a", 0, 8)});
  CHECK_EQ(only_refusal(from, layout({object("a", 0, 16)})),
           "'a' (8 bytes): its size changed from 8 bytes to 16 bytes");
  CHECK_EQ(only_refusal(from, layout({object("a", 0, 8, 9)})),
           "'a' (8 bytes): its type changed from T7 to T9");
  CHECK_EQ(
      only_refusal(from, layout({object("z", 0, 8)})),
      "'a' (8 bytes): the new version does not have it, or never reads it, so that the compiler took it out");
  StaticObject moved = object("a", 0, 8);
  moved.section = ".data";
  CHECK_EQ(only_refusal(from, layout({moved})),
           "'a' (8 bytes): it moved from .bss to .data: its initialiser changed from or to zero");
  StaticObject same_name = object("a", 0, 8, 9);
  same_name.type_name = "T7";
  CHECK_EQ(only_refusal(from, layout({same_name})), "'a' (8 bytes): the layout of its type T7 changed");
}

TEST("match: a static that moved to another function is told so") {
  StaticObject old = object("_ZZ4pushvE4seen", 0, 8), now = object("_ZZ4pullvE4seen", 0, 8);
  old.name = "push()::seen";
  old.function = "push()";
  now.name = "pull()::seen";
  now.function = "pull()";
  CHECK_EQ(only_refusal(layout({old}), layout({now})),
           "'push()::seen' (8 bytes): the new version does not have it (it has 'pull()::seen', in another "
           "function)");
}

TEST("match: without types names and sizes do, unless the layouts are to be compared by type") {
  const StaticsLayout untyped = layout({object("a", 0, 8, 0)}), typed = layout({object("a", 0, 8)});
  CHECK_EQ(match_statics(untyped, typed, symbols).refusals.size(), 0u);
  CHECK_EQ(only_refusal(untyped, typed, compiled),
           "'a' (8 bytes): its type is not known in the old version; build with -g");
  CHECK_EQ(match_statics(untyped, untyped, compiled).refusals.size(), 1u);
}

TEST("match: a rollback lets go of what the newer version added") {
  const StaticsMatch m = match_statics(layout({object("a", 0, 8), object("added", 8, 8)}),
                                       layout({object("a", 0, 8)}), rollback);
  CHECK_EQ(m.refusals.size(), 0u);
  if (CHECK_EQ(m.lost.size(), 1u)) CHECK_EQ(m.lost[0], "added");
  CHECK_EQ(m.bytes, 8u);
}

TEST("match: a guard goes with its variable") {
  const StaticObject variable = object("_ZZ4pushvE4seen", 0, 8), guard = object("_ZGVZ4pushvE4seen", 8, 8);
  const StaticsLayout with = layout({variable, guard}), without = layout({variable});
  CHECK_EQ(match_statics(with, with, symbols).bytes, 16u);
  CHECK_EQ(match_statics(with, with, symbols).variables, 1u);
  CHECK_EQ(match_statics(with, without, symbols).refusals.size(), 0u);
  CHECK_EQ(
      only_refusal(without, with),
      "'_ZZ4pushvE4seen' (8 bytes): its initialiser is no constant any more and would run again over the old "
      "value");
}

TEST("match: random layouts: every shared variable has the old value and every new one its own") {
  unit::Random random{unit::seed()};
  constexpr size_t image_size = 4096;
  for (int round = 0; round < 300; ++round) {
    const auto scatter = [&](std::vector<std::string> keys) {
      std::vector<StaticObject> objects;
      uint64_t at = 0;
      while (!keys.empty()) {
        const size_t pick = round % 3 == 0 ? 0 : random.below(static_cast<uint32_t>(keys.size()));
        const uint64_t size = 1 + keys[pick].size() * 7 % 24;
        at += random.chance(30) ? random.below(80) : 0;
        objects.push_back(object(keys[pick], at, size));
        at += size;
        keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(pick));
      }
      return layout(objects);
    };
    std::vector<std::string> shared, added;
    for (uint32_t n = 1 + random.below(12); n > 0; --n) shared.push_back(std::string(n, 's'));
    for (uint32_t n = random.below(4); n > 0; --n) added.push_back(std::string(n, 'n'));
    const StaticsLayout from = scatter(shared);
    shared.insert(shared.end(), added.begin(), added.end());
    const StaticsLayout to = scatter(shared);
    const StaticsMatch m = match_statics(from, to, random.chance(50) ? symbols : compiled);
    if (!CHECK_EQ(m.refusals.size(), 0u) || !CHECK_EQ(m.created.size(), added.size())) return;

    std::vector<uint8_t> old_image(image_size, 0xEE), new_image(image_size, 0xDD);
    const auto fill = [&](const StaticsLayout& l, std::vector<uint8_t>& image, uint8_t salt) {
      for (const StaticObject& o : l.objects)
        memset(image.data() + (o.address - image_at), static_cast<uint8_t>(o.key_hash ^ salt), o.size);
    };
    fill(from, old_image, 0x11);
    fill(to, new_image, 0x22);
    for (const StaticsCopy& c : m.copies)
      memcpy(new_image.data() + (c.to - image_at), old_image.data() + (c.from - image_at), c.size);
    for (const StaticObject& o : to.objects) {
      const uint8_t want = static_cast<uint8_t>(o.key_hash ^ (o.key[0] == 'n' ? 0x22 : 0x11));
      for (uint64_t i = 0; i < o.size; ++i) {
        if (!CHECK_EQ(new_image[o.address - image_at + i], want)) return;
      }
    }
  }
}
