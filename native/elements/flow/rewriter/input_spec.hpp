/// IPRewriter's input specifications: what is done with the first packet of a flow.
#pragma once
#include "mapping.hpp"

namespace hotclick::flow {

enum class SpecKind : uint8_t { drop, pass, keep, pattern };

struct InputSpec {
  SpecKind kind = SpecKind::drop;
  bool sequential = false;    // '#': ports in order
  bool prefer_source = true;  // without '?' or '#': the packet's own port first
  uint8_t forward_output = 0, reply_output = 0;
  uint16_t source_port = 0;              // host order; 0 = unchanged
  uint16_t source_port_span = 0;         // ports in the range after the first
  uint16_t destination_port = 0;         // host order; 0 = unchanged
  uint32_t source = 0, destination = 0;  // network order; 0 = unchanged

  bool chooses_port() const { return source_port_span != 0; }

  /// Reads a specification; on failure the message (Click's) is in `problem`.
  bool parse(const String& text, uint32_t noutputs, const hc_host* host, const char*& problem);
  void unparse(Text out) const;

 private:
  bool parse_outputs(const String& forward, const String& reply, uint32_t noutputs, const char*& problem);
  bool parse_source_port(const String& word);
};

}  // namespace hotclick::flow
