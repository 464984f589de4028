// Firewall, version 2: says when a connection begins, and remembers when that was.
//
//     hotclick upgrade Firewall=examples/firewall/v2/Firewall.cc
//
// The record has one field more than version 1's, so its schema has version 2. Fields of equal name are
// carried over in both directions; what cannot be carried over is in from_v1().
#include "../../../native/elements/flow/firewall/declaration.hpp"
using namespace hotclick;
using namespace hotclick::firewall;

struct Record {
  Connection core;
  Time first_seen;  // 0: before version 2
};

// When a connection began, version 1 did not write down. Going back to version 1 loses the field and nothing
// else.
constexpr void from_v1(const hc_record_view&, Record& now) {
  now.first_seen = {0};
}
constexpr auto record_v2 = connection_schema<Record>(2, HC_FIELD(Record, first_seen)).up_from<&from_v1>(1);

struct Firewall : FirewallEngine<Firewall, Record> {
  bool log = true;
  uint32_t log_rate = 100;

  void connection_opened(const FlowKey& key, Record& record) {
    record.first_seen = {now() + shard()->wall_offset};
    if (log && may_log()) log_connection(key, record);
  }
  void print_more(Text out, const Record& record) {
    if (record.first_seen.ns == 0) return out.print(" since before the upgrade");
    out.print(" since %llu.%03llu", static_cast<unsigned long long>(record.first_seen.ns / 1'000'000'000),
              static_cast<unsigned long long>(record.first_seen.ns / 1'000'000 % 1000));
  }

 private:
  /// At most LOG_RATE lines in any second of the clock: a flood of connections must not become a flood of
  /// text.
  bool may_log() {
    const uint64_t this_second = now() / 1'000'000'000;
    if (this_second != second) {
      second = this_second;
      lines = 0;
    }
    return lines++ < log_rate;
  }
  void log_connection(const FlowKey& key, const Record& record) {
    char characters[128];
    hc_text text = {characters, 0, sizeof(characters), 0, 0};
    print_flow(Text{&text, self->host}, key, record.core);
    self->host->log(self, "new connection %.*s", static_cast<int>(text.length), characters);
  }

  uint64_t second = 0;
  uint32_t lines = 0;
};

constexpr auto info = declare_firewall<Firewall>("2.0.0", record_v2)
                          .argument<&Firewall::log>("LOG", "write a line for every new connection")
                          .argument<&Firewall::log_rate>("LOG_RATE", "lines a second at most, per shard")
                          .read<&Firewall::log>("log", merge::same, "whether new connections are logged")
                          .write<&Firewall::log>("log", "switches the log on or off");
HOTCLICK_EXPORT(info)
