#include <hotclick/element.hpp>
#include <hotclick/ip_options.hpp>
#include <hotclick/ipv4.hpp>
using namespace hotclick;

struct Counts {
  uint64_t fragments = 0, refused = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, fragments), HC_COUNT(Counts, refused));

struct IPFragmenter : Element {
  enum : uint32_t { dont_fragment, bad_header, no_packet };
  uint32_t mtu = 0, headroom = 0;
  bool honor_df = true, verbose = false;
  uint32_t told = 0;
  State<Counts> counts;

  HC_COLD bool configure(Arguments& arguments) {
    if (mtu < sizeof(Ipv4Header) + 8) return arguments.fail("MTU must be at least 28");
    if (headroom > HC_BUFFER_SIZE / 2)
      return arguments.fail("HEADROOM must be at most %u", HC_BUFFER_SIZE / 2);
    return true;
  }

  void push(uint32_t, Batch& batch) {
    const uint32_t n = batch.count;
    uint32_t first = 0;
    while (first < n && fits(batch[first])) ++first;
    if (HC_LIKELY(first == n)) return output(0, batch);

    ScratchBatches scratch(shard(), 4);
    if (HC_UNLIKELY(!scratch.ok())) return drop_now(no_packet, batch);
    Batch &out = scratch[0], &refused = scratch[1], &fresh = scratch[2], &in = scratch[3];
    // A copy: what is pushed may come back here, and the caller's array be used again.
    memcpy(in.packets, batch.packets, n * sizeof(hc_packet*));
    batch.count = 0;
    for (uint32_t i = 0; i < n; ++i) {
      Packet& p = in[i];
      if (i < first || fits(p))
        emit(out, p);
      else
        handle(p, out, refused, fresh);
    }
    output(0, out);
    if (refused.count == 0) return;
    if (noutputs() > 1)
      output(1, refused);
    else
      drop_now(dont_fragment, refused);
  }

  uint64_t drops() const { return counts->refused; }
  uint64_t fragments() const { return counts->fragments; }

 private:
  /// Reads no packet data; false also when no header is marked.
  bool fits(const Packet& p) const { return p.network_length() - 1 < mtu; }
  void emit(Batch& out, Packet& p) {
    out.add(p);
    if (HC_UNLIKELY(out.full())) output(0, out);
  }

  void handle(Packet& p, Batch& out, Batch& refused, Batch& fresh) {
    const Ipv4Header* ip = ipv4_header(p);
    const uint32_t total = ip ? net16(ip->total_length) : 0;
    if (!ip || total < ip->header_length() || total > p.network_length()) return drop_now(bad_header, p);
    if (p.network_offset < p.headroom()) return drop_now(bad_header, p);  // the header has been stripped
    // Offsets are 13 bits of 8 bytes: a fragment that ends behind them belongs to no datagram.
    if (ip->fragment_offset() + total - ip->header_length() > 0xFFFF) return drop_now(bad_header, p);
    if (total <= mtu) return emit(out, p);  // only the link padding is too long
    if (honor_df && ip->dont_fragment()) {
      ++counts->refused;
      if (verbose || told < 5) {
        ++told;
        self->host->log(self, "packet of %u bytes with 'do not fragment', the MTU is %u", total, mtu);
      }
      return refused.add(p);
    }
    fragment(p, total, out, fresh);
  }

  /// RFC 791 3.2: cuts the datagram so that every fragment has at most `mtu` bytes and all but the last carry
  /// a multiple of 8. The packet itself becomes the first fragment.
  void fragment(Packet& p, uint32_t total, Batch& out, Batch& fresh) {
    Ipv4Header& ip = *reinterpret_cast<Ipv4Header*>(p.network());
    const uint32_t header = ip.header_length();
    Ipv4Header rest_header[3];  // with room for 40 bytes of options
    const uint32_t rest_length = header_of_rest(ip, rest_header);
    const uint32_t first_payload = mtu > header ? (mtu - header) & ~7u : 0;
    const uint32_t rest_payload = mtu > rest_length ? (mtu - rest_length) & ~7u : 0;
    if (first_payload == 0 || rest_payload == 0) return drop_now(bad_header, p);
    const uint32_t behind = total - header - first_payload;
    const uint32_t more = (behind + rest_payload - 1) / rest_payload;

    // All buffers are had before the first fragment goes: a datagram that lacks one is of no use.
    fresh.count = 0;
    const uint32_t room = headroom ? headroom : HC_HEADROOM;
    const uint32_t largest = rest_length + (behind < rest_payload ? behind : rest_payload);
    if (more > HC_BATCH_CAPACITY || room + largest > HC_BUFFER_SIZE ||
        allocate_packets(shard(), &fresh, more) != more) {
      release_packets(shard(), fresh.packets, fresh.count);
      return drop_now(no_packet, p);
    }
    const bool last_has_more = ip.more_fragments();
    const uint32_t first_offset = ip.fragment_offset();
    const uint8_t* from = p.network() + header + first_payload;
    uint32_t offset = first_offset + first_payload, left = behind;
    for (uint32_t i = 0; i < more; ++i) {
      const uint32_t payload = left < rest_payload ? left : rest_payload;
      left -= payload;
      Packet& f = fresh[i];
      copy_annotations(p, f, room);
      f.length = rest_length + payload;
      memcpy(f.data, rest_header, rest_length);
      memcpy(f.data + rest_length, from, payload);
      finish(*reinterpret_cast<Ipv4Header*>(f.data), f.length, offset, left != 0 || last_has_more);
      f.set_network(f.data);
      f.set_transport(f.data + rest_length);
      from += payload;
      offset += payload;
    }
    finish(ip, header + first_payload, first_offset, true);
    p.length = p.network_offset - p.headroom() + header + first_payload;
    counts->fragments += more + 1;
    emit(out, p);
    for (uint32_t i = 0; i < more; ++i) emit(out, fresh[i]);
    fresh.count = 0;
  }

  /// The header of the fragments behind the first: only options marked so are copied. Returns its length.
  static uint32_t header_of_rest(const Ipv4Header& ip, Ipv4Header* to) {
    to[0] = ip;
    uint8_t* options = reinterpret_cast<uint8_t*>(to + 1);
    uint32_t n = 0;
    for (IpOptions o(ip); o.next();) {
      if (!(o.at[0] & option_copied)) continue;
      memcpy(options + n, o.at, o.length);
      n += o.length;
    }
    while (n & 3u) options[n++] = option_end;
    to[0].version_ihl = static_cast<uint8_t>(0x40 | (sizeof(Ipv4Header) + n) / 4);
    return static_cast<uint32_t>(sizeof(Ipv4Header)) + n;
  }
  void finish(Ipv4Header& ip, uint32_t length, uint32_t offset, bool more) const {
    const uint32_t kept = net16(ip.fragment) & 0xC000u;  // 'do not fragment' stays as it was
    ip.total_length = net16(static_cast<uint16_t>(length));
    ip.fragment = net16(static_cast<uint16_t>(kept | (more ? 0x2000u : 0) | offset / 8));
    ip.checksum = 0;
    ip.checksum = checksum(&ip, ip.header_length());
  }
  static void copy_annotations(const Packet& from, Packet& to, uint32_t room) {
    uint8_t* buffer = to.buffer;
    const uint32_t index = to.index;
    static_cast<hc_packet&>(to) = from;
    to.buffer = buffer;
    to.index = index;
    to.data = buffer + room;
    to.mac_offset = 0;
  }
};

constexpr auto info =
    element<IPFragmenter>("IPFragmenter", "1.0.0")
        .help(R"(Cuts IP packets that are longer than MTU into fragments.

Packets whose IP length is at most MTU pass. Longer ones become fragments, first one first (RFC 791 3.2), with all
annotations; only the first keeps what stood before the IP header, so strip the link header before. Packets that
say 'do not fragment' go to output 1 (connect an ICMPError there), or are dropped if it is not connected.

    ... -> fr :: IPFragmenter(1500) -> Queue -> ...
    fr[1] -> ICMPError(18.26.4.24, unreachable, needfrag, PMTU 1500) -> ...

Differs from Click: a packet without a good IP header is dropped.)")
        .ports("1/1-2")
        .processing("h/h")
        .required<&IPFragmenter::mtu>("MTU", "longest IP packet that leaves, bytes; at least 28")
        .argument<&IPFragmenter::honor_df>("HONOR_DF",
                                           "false cuts packets that say 'do not fragment' too; default true")
        .argument<&IPFragmenter::verbose>("VERBOSE",
                                          "log every packet refused, not only the first five; default false")
        .argument<&IPFragmenter::headroom>("HEADROOM", "bytes before the header of new packets; default 128")
        .state<&IPFragmenter::counts>("counts", counts_v1, "fragments made and packets refused")
        .read<&IPFragmenter::drops>("drops", merge::sum, "packets that were too long and not to be cut")
        .read<&IPFragmenter::fragments>("fragments", merge::sum, "fragments made")
        .drop("do not fragment", "too long, not to be cut, and output 1 is not connected")
        .drop("bad header",
              "the IP header is not marked, or its lengths are wrong, or MTU leaves no room behind it")
        .drop("no packet", "no buffers for the fragments");
HOTCLICK_EXPORT(info)
