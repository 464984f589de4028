/// A setting that a handler may change while the element runs. It is part of the element's state, so that an
/// upgrade does not take the change back; a new argument in the configuration does.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick {

template <class V>
struct Setting {
  V value{};
  V configured{};

  /// In start(): the argument counts from now on, unless it is the one the value was changed from.
  void settle(const V& argument) {
    if (configured == argument) return;
    value = configured = argument;
  }
};

/// The two fields of a setting for a schema.
#define HC_SETTING(Record, member) HC_FIELD(Record, member.value), HC_FIELD(Record, member.configured)

/// Parses what was written to the handler of a setting; false with the message set.
template <class V>
bool write_setting(const hc_host* host, V& value, const String& text, Error& error) {
  V parsed{};
  if (host->parse(detail::type_code<V>(), &text, &parsed, error.text) != 0) return false;
  value = parsed;
  return true;
}

}  // namespace hotclick
