/// What an element's functions are given: error text, output text, arguments.
#pragma once
#include "schema.hpp"

namespace hotclick {

/// Text of a failure; lives in the caller's buffer of HC_ERROR_SIZE bytes.
struct Error {
  char* text;
  const hc_host* host;
  /// Writes the message and returns false.
  template <class... A>
  bool fail(const char* format, A... a) const {
    host->fail(text, format, a...);
    return false;
  }
};

/// Text being built by a read handler.
struct Text {
  hc_text* out;
  const hc_host* host;
  template <class... A>
  void print(const char* format, A... a) const {
    host->append(out, format, a...);
  }
};

/// The arguments that were not taken by declared ones.
struct Arguments {
  hc_arguments* raw;
  const hc_host* host;
  uint32_t size() const { return raw->nrest; }
  const String& operator[](uint32_t i) const { return raw->rest[i]; }
  /// The message for the whole configuration; returns false.
  template <class... A>
  bool fail(const char* format, A... a) const {
    host->fail(raw->error, format, a...);
    return false;
  }
  /// The message for argument `i` of the rest, so that its place can be shown; returns false.
  template <class... A>
  bool fail_at(uint32_t i, const char* format, A... a) const {
    if (i < raw->nrest) raw->failed_argument = raw->rest_index[i];
    return fail(format, a...);
  }
  /// Parses argument `i` of the rest as a T (uint32_t, Ipv4Address, Duration, …); false with the message set.
  template <class T>
  bool parse(uint32_t i, T& value) const {
    if (host->parse(detail::type_code<T>(), &raw->rest[i], &value, raw->error) == 0) return true;
    raw->failed_argument = raw->rest_index[i];
    return false;
  }
};

}  // namespace hotclick
