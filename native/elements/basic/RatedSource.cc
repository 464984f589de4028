/// A source that sends so many packets a second.
///   RatedSource(RATE 1000, LIMIT 5000) -> ...
#include <hotclick/element.hpp>

#include "source/bandwidth.hpp"
#include "source/pattern_handlers.hpp"
#include "source/rated_emission.hpp"
using namespace hotclick;

struct RatedSource : RatedEmission<RatedSource>, PatternSource {
  static constexpr bool zero_is_unlimited = false;
  String bandwidth = {nullptr, 0, 0};

  bool configure(Arguments& arguments) {
    if (!use_data(arguments.raw->error, arguments.host)) return false;
    if (bandwidth.length == 0) return true;
    uint64_t bytes = 0;
    if (!parse_bandwidth(arguments.host, bandwidth, bytes, arguments.raw->error)) return false;
    if (packet.length() == 0) return arguments.fail("BANDWIDTH needs packets that are not empty");
    rate_argument.per_second = bytes / packet.length();
    return true;
  }
  uint32_t stamp(Batch& batch, uint32_t n) {
    const uint32_t first = batch.count;
    n = packet.stamp(shard(), batch, n);
    const uint64_t time = now() + shard()->wall_offset;
    for (uint32_t i = 0; i < n; ++i) batch.packets[first + i]->timestamp = time;
    return n;
  }

  uint64_t rate() const { return progress->rate.value; }
  void data_text(Text out) const { print_data(out); }
  bool set_data(const String& bytes, Error& error) { return write_data(bytes, error); }
  int64_t data_length() const { return length; }
  bool set_length(const String& text, Error& error) { return write_length(text, error); }
};

constexpr auto info =
    element<RatedSource>("RatedSource", "1.0.0")
        .ports("0/1")
        .help(
            "Generates packets at a rate.\n\n"
            "Sends packets that consist of DATA, RATE of them a second, until LIMIT are sent. What could not "
            "be sent "
            "in time is sent later, up to a hundredth of a second's packets. Packets carry the time as their "
            "timestamp.\n\n"
            "    RatedSource(DATA \\<0800>, RATE 10, LIMIT 1000, STOP true) -> Queue -> ...\n\n"
            "Differs from Click: up to 32 packets leave at a time, so high rates are reached; with several "
            "shards each "
            "sends its part of RATE and LIMIT.")
        .positional<&RatedSource::data>("DATA", "contents of a packet; 67 bytes of text by default")
        .positional<&RatedSource::rate_argument>("RATE", "packets per second (default 10)")
        .positional<&RatedSource::limit_argument>("LIMIT", "packets to send; negative: no end (default -1)")
        .positional<&RatedSource::active_argument>("ACTIVE", "false sends nothing (default true)")
        .argument<&RatedSource::length>("LENGTH",
                                        "bytes of a packet: DATA is cut or repeated (default: as DATA)")
        .argument<&RatedSource::bandwidth>("BANDWIDTH",
                                           "sets RATE by the length of a packet: bytes per second or `8Mbps`")
        .argument<&RatedSource::stop>("STOP", "true stops the engine after LIMIT packets (default false)")
        .state<&RatedSource::progress>("progress", rated_progress_v1,
                                       "packets sent, credit, settings changed by handlers")
        .read<&RatedSource::count>("count", merge::sum, "packets sent since the start or the last reset")
        .write<&RatedSource::reset>("reset", "sets the count to zero: another LIMIT packets are sent")
        .read<&RatedSource::data_text>("data", merge::same, "contents of a packet")
        .write<&RatedSource::set_data>("data", "changes the contents")
        .read<&RatedSource::data_length>("length", merge::same, "bytes of a packet, -1: those of DATA")
        .write<&RatedSource::set_length>("length", "changes the length")
        .read<&RatedSource::rate>("rate", merge::same, "packets per second")
        .write<&RatedSource::set_rate>("rate", "changes the rate")
        .read<&RatedSource::limit>("limit", merge::same, "packets to send, negative: no end")
        .write<&RatedSource::set_limit>("limit", "changes the limit")
        .read<&RatedSource::active>("active", merge::same, "whether packets are sent")
        .write<&RatedSource::set_active>("active", "starts or stops sending");
HOTCLICK_EXPORT(info)
