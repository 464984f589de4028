#include "match.hh"

#include <algorithm>

#include "carry_rules.hh"
#include "hash.hh"

namespace hotclick::core {
namespace {

/// Bytes that may lie between two variables to align the second.
constexpr uint64_t largest_gap = 64;

std::string bytes_text(uint64_t n) {
  return std::to_string(n) + " bytes";
}

/// Why `a` of the old version cannot become `b` of the new one; empty when it can.
std::string difference(const StaticObject& a, const StaticObject& b, MatchRules rules) {
  if (a.key != b.key) return "its name has the hash of another, '" + b.name + "'";
  if (a.size != b.size) return "its size changed from " + bytes_text(a.size) + " to " + bytes_text(b.size);
  if (a.section != b.section)
    return "it moved from " + a.section + " to " + b.section + ": its initialiser changed from or to zero";
  if (a.type != 0 && b.type != 0 && a.type != b.type) {
    return a.type_name == b.type_name ? "the layout of its type " + a.type_name + " changed"
                                      : "its type changed from " + a.type_name + " to " + b.type_name;
  }
  if (rules.by_type && (a.type == 0 || b.type == 0))
    return std::string("its type is not known in the ") + (a.type == 0 ? "old" : "new") +
           " version; build with -g";
  return "";
}

std::string gone(const StaticObject& a, const StaticsLayout& to) {
  for (const StaticObject& b : to.objects) {
    if (b.name == a.name) return "its symbol changed from " + a.key + " to " + b.key;
    const size_t end = a.name.rfind("::"), other = b.name.rfind("::");
    if (!a.function.empty() && !b.function.empty() && end != std::string::npos &&
        other != std::string::npos && a.name.substr(end) == b.name.substr(other))
      return "the new version does not have it (it has '" + b.name + "', in another function)";
  }
  return "the new version does not have it, or never reads it, so that the compiler took it out";
}

const StaticObject* find(const StaticsLayout& layout, const std::string& key) {
  const uint64_t hash = Hash().add(key).value();
  const auto at = std::lower_bound(layout.objects.begin(), layout.objects.end(), hash,
                                   [](const StaticObject& o, uint64_t h) { return o.key_hash < h; });
  return at != layout.objects.end() && at->key == key ? &*at : nullptr;
}

/// A guard that only the new version has would let it initialise a variable again that was carried over.
void refuse_new_guards(const StaticsLayout& from, const StaticsLayout& to, StaticsMatch& match) {
  static constexpr size_t guard_prefix =
      4;  // "_ZGV" stands before what follows "_Z" in the variable's symbol
  for (const StaticObject& o : to.objects) {
    if (!o.guard || find(from, o.key)) continue;
    if (const StaticObject* variable = find(from, "_Z" + o.key.substr(guard_prefix)))
      match.refusals.push_back(refusal(
          *variable, "its initialiser is no constant any more and would run again over the old value"));
  }
}

/// Copies that follow one another in both images become one.
void join(std::vector<StaticsCopy>& copies, const StaticsLayout& from, const StaticsLayout& to) {
  std::sort(copies.begin(), copies.end(),
            [](const StaticsCopy& a, const StaticsCopy& b) { return a.to < b.to; });
  if (!from.contiguous || !to.contiguous) return;
  std::vector<uint64_t> begins;  // of all variables of the new version
  for (const StaticObject& o : to.objects) begins.push_back(o.address);
  std::sort(begins.begin(), begins.end());
  std::vector<StaticsCopy> joined;
  for (const StaticsCopy& c : copies) {
    if (!joined.empty()) {
      StaticsCopy& last = joined.back();
      const uint64_t end = last.to + last.size;
      const bool follows = c.to >= end && c.to - end < largest_gap && c.to - last.to == c.from - last.from;
      // A new variable in the gap keeps its initialiser.
      if (follows && *std::lower_bound(begins.begin(), begins.end(), end) >= c.to) {
        last.size = c.to + c.size - last.to;
        continue;
      }
    }
    joined.push_back(c);
  }
  copies = std::move(joined);
}

StaticsMatch whole(const StaticsLayout& from, const StaticsLayout& to) {
  StaticsMatch match;
  match.same_layout = true;
  for (const StaticObject& o : from.objects) {
    match.variables += o.guard ? 0 : 1;
    match.bytes += o.size;
  }
  match.copies.push_back({from.begin, to.begin, from.size()});
  return match;
}

}  // namespace

StaticsMatch match_statics(const StaticsLayout& from, const StaticsLayout& to, MatchRules rules) {
  const bool alike = from.hash == to.hash && from.size() == to.size() && !from.empty();
  if (rules.by_type && alike && from.contiguous && to.contiguous && from.typed() && to.typed())
    return whole(from, to);
  StaticsMatch match;
  const auto refuse = [&](const StaticObject& o, const std::string& why) {
    match.refusals.push_back(refusal(o, why));
  };
  auto a = from.objects.begin();
  auto b = to.objects.begin();
  while (a != from.objects.end() || b != to.objects.end()) {
    const bool only_old = b == to.objects.end() || (a != from.objects.end() && a->key_hash < b->key_hash);
    const bool only_new = a == from.objects.end() || (b != to.objects.end() && b->key_hash < a->key_hash);
    if (only_old) {
      // A guard goes when the initialiser has become a constant: nothing depends on it any more.
      if (a->guard || rules.may_lose) {
        if (!a->guard) match.lost.push_back(a->name);
      } else {
        refuse(*a, gone(*a, to));
      }
      ++a;
    } else if (only_new) {
      if (!b->guard) match.created.push_back(b->name);
      ++b;
    } else {
      const std::string why = difference(*a, *b, rules);
      if (!why.empty()) refuse(*a, why);
      match.copies.push_back({a->address, b->address, a->size});
      match.bytes += a->size;
      match.variables += a->guard ? 0 : 1;
      ++a;
      ++b;
    }
  }
  std::sort(match.created.begin(), match.created.end());
  std::sort(match.lost.begin(), match.lost.end());
  refuse_new_guards(from, to, match);
  join(match.copies, from, to);
  return match;
}

}  // namespace hotclick::core
