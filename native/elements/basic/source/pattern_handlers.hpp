/// The `data` and `length` handlers of sources whose packets are a pattern.
#pragma once
#include "packet_template.hpp"
#include "setting.hpp"

namespace hotclick {

/// The contents that DATA has by default.
inline constexpr char default_data[] = "hotclick test packet: 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFG";

struct PatternSource {
  PacketTemplate packet;
  String data = {default_data, sizeof(default_data) - 1, 0};
  int64_t length = -1;

  bool use_data(char* error, const hc_host* host) { return use(data, length, error, host); }

  /// Bytes, which may contain zeros: a format would end at the first.
  void print_data(const Text& text) const {
    hc_text& to = *text.out;
    const uint32_t room = to.capacity - to.length;
    const uint32_t n = packet.pattern_size() < room ? packet.pattern_size() : room;
    if (n < packet.pattern_size()) to.overflow = 1;
    memcpy(to.data + to.length, packet.pattern(), n);
    to.length += n;
  }
  bool write_data(const String& bytes, Error& error) { return use(bytes, length, error.text, error.host); }
  bool write_length(const String& text, Error& error) {
    int64_t wanted = 0;
    if (!write_setting(error.host, wanted, text, error)) return false;
    const String pattern = {reinterpret_cast<const char*>(packet.pattern()), packet.pattern_size(), 0};
    if (!use(pattern, wanted, error.text, error.host)) return false;
    length = wanted;
    return true;
  }

 private:
  bool use(const String& bytes, int64_t wanted, char* error, const hc_host* host) {
    if (packet.set(bytes.data, bytes.length, wanted)) return true;
    host->fail(error, "a packet has room for %u bytes", PacketTemplate::max_length);
    return false;
  }
};

}  // namespace hotclick
