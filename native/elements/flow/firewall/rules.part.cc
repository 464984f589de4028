/// How rules become filters.
#include "rules.hpp"

namespace hotclick::firewall {

bool Rules::compile(const Arguments& arguments) {
  host_ = arguments.host;
  count_ = arguments.size();
  if (count_ == 0) return true;
  const uint64_t bytes = static_cast<uint64_t>(count_) * (2 * sizeof(String) + sizeof(uint32_t));
  lines_ = static_cast<String*>(host_->allocate(bytes));
  if (!lines_) return arguments.fail("no memory for %u rules", count_);
  String* const patterns = lines_ + count_;
  auto* const places = reinterpret_cast<uint32_t*>(patterns + count_);
  for (uint32_t i = 0; i < count_; ++i) lines_[i] = arguments[i];
  for (uint32_t side = 0; side < 2; ++side) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count_; ++i) {
      String rule = arguments[i];
      const bool from_outside = take_word(rule, "in");
      if (!begins_with(rule, "allow") && !begins_with(rule, "deny") && !begins_with(rule, "drop")) {
        return arguments.fail_at(i, "a rule begins with 'allow' or 'deny', or with 'in' before these");
      }
      if (from_outside != (side == Side::outside)) continue;
      places[n] = i;
      patterns[n++] = rule;
    }
    if (n == 0) continue;
    char error[HC_ERROR_SIZE] = "";
    uint32_t failed = UINT32_MAX;
    filters_[side] = host_->classifier_compile("ipfilter", patterns, n, error, &failed);
    if (filters_[side]) continue;
    if (failed < n) return arguments.fail_at(places[failed], "%s", error);
    return arguments.fail("%s", error);
  }
  return true;
}

bool Rules::allow(uint32_t side, Packet& p) const {
  if (!filters_[side]) return false;
  Batch one;  // uninitialised but for what is read of it
  one.count = 1;
  one.packets[0] = &p;
  uint16_t port = HC_NO_PORT;
  host_->classify(filters_[side], &one, &port);
  return port == 0;
}

void Rules::list(Text out) const {
  for (uint32_t i = 0; i < count_; ++i) {
    out.print("%.*s\n", static_cast<int>(lines_[i].length), lines_[i].data);
  }
}

bool Rules::begins_with(const String& s, const char* word) {
  const uint32_t n = static_cast<uint32_t>(strlen(word));
  return s.length >= n && memcmp(s.data, word, n) == 0 && (s.length == n || blank(s.data[n]));
}

bool Rules::take_word(String& s, const char* word) {
  while (s.length != 0 && blank(*s.data)) drop_first(s);
  if (!begins_with(s, word)) return false;
  for (size_t n = strlen(word); n != 0; --n) drop_first(s);
  while (s.length != 0 && blank(*s.data)) drop_first(s);
  return true;
}

}  // namespace hotclick::firewall
