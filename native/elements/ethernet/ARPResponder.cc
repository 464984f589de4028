#include <hotclick/arp.hpp>
#include <hotclick/element.hpp>
#include <hotclick/growing.hpp>
#include <hotclick/words.hpp>
using namespace hotclick;

struct Entry {
  uint32_t address, mask;  // network order, host bits 0
  EtherAddress mac;
};

struct ARPResponder : Element {
  enum : uint32_t { not_a_request, unknown_address };
  Growing<Entry> entries;  // longest prefix first
  Ipv4Address asked;

  ~ARPResponder() { entries.release(self->host); }

  HC_COLD bool configure(Arguments& arguments) {
    for (uint32_t i = 0; i < arguments.size(); ++i) {
      char text[HC_ERROR_SIZE];
      if (!add_entries(arguments[i], text)) return arguments.fail_at(i, "%s", text);
    }
    return true;
  }

  uint32_t route(Packet& p) {
    ArpFrame* f = arp_frame(p, arp_request);
    if (!f) return output_or_drop(1, not_a_request);
    const uint32_t wanted = f->arp.target_ip;
    const Entry* entry = find(wanted);
    if (!entry) return output_or_drop(1, unknown_address);
    ArpParty asker{{}, f->arp.sender_ip};
    memcpy(asker.mac.bytes, f->arp.sender_mac, 6);
    const ArpParty answer{entry->mac, wanted};
    write_arp(p, arp_reply, asker.mac, answer, asker);
    return 0;
  }

  const Entry* find(uint32_t address) const {
    for (uint32_t i = 0; i < entries.count; ++i) {
      if ((address & entries[i].mask) == entries[i].address) return &entries[i];
    }
    return nullptr;
  }

  // ---- handlers
  HC_COLD void text(Text out) {
    for (uint32_t i = 0; i < entries.count; ++i) {
      const Entry& e = entries[i];
      out.print(HC_IP4_FORMAT "/%u " HC_ETHER_FORMAT "\n", HC_IP4_BYTES(e.address), prefix_bits(e.mask),
                HC_ETHER_BYTES(e.mac));
    }
  }
  bool ask(String value, Error& error) { return parse_word(self->host, value, asked, error.text); }
  HC_COLD void answer(Text out) {
    const Entry* e = find(asked.value);
    if (e) out.print(HC_ETHER_FORMAT, HC_ETHER_BYTES(e->mac));
  }
  HC_COLD bool add(String value, Error& error) { return add_entries(value, error.text); }
  HC_COLD bool remove(String value, Error& error) {
    hc_prefix4 prefix;
    if (!parse_prefix(value, prefix, error.text)) return false;
    const uint32_t at = exact(prefix);
    if (at == entries.count)
      return error.fail("no entry for %.*s", static_cast<int>(value.length), value.data);
    for (uint32_t i = at + 1; i < entries.count; ++i) entries[i - 1] = entries[i];
    --entries.count;
    return true;
  }

 private:
  bool parse_prefix(const String& word, hc_prefix4& prefix, char* error) const {
    Ipv4Prefix parsed;
    if (!parse_word(self->host, word, parsed, error)) return false;
    if (prefix_bits(parsed.mask) > 32) {
      self->host->fail(error, "the mask of '%.*s' is not that of a prefix", static_cast<int>(word.length),
                       word.data);
      return false;
    }
    prefix = {parsed.address & parsed.mask, parsed.mask};
    return true;
  }
  uint32_t exact(const hc_prefix4& prefix) const {
    uint32_t i = 0;
    while (i < entries.count && (entries[i].address != prefix.address || entries[i].mask != prefix.mask)) ++i;
    return i;
  }

  /// "IP/MASK [IP/MASK...] ETHER", or the name of an interface for its own addresses.
  HC_COLD bool add_entries(const String& text, char* error) {
    String word, last{};
    uint32_t n = 0;
    for (Words w(text); w.next(word); ++n) last = word;
    EtherAddress mac;
    uint32_t own = 0;
    if (n == 0) {
      self->host->fail(error, "should be 'IP/MASK [IP/MASK...] ETHER'");
      return false;
    }
    if (!parse_ether(self->host, last, mac, own, error)) return false;
    if (n == 1) {
      if (own == 0) {
        self->host->fail(error, "should be 'IP/MASK [IP/MASK...] ETHER'; '%.*s' has no IP address",
                         static_cast<int>(last.length), last.data);
        return false;
      }
      return add_entry({own, 0xFFFFFFFFu}, mac, error);
    }
    for (Words w(text); w.next(word) && n > 1; --n) {
      hc_prefix4 prefix;
      if (!parse_prefix(word, prefix, error) || !add_entry(prefix, mac, error)) return false;
    }
    return true;
  }
  /// A later entry for the same prefix replaces the earlier one.
  HC_COLD bool add_entry(const hc_prefix4& prefix, const EtherAddress& mac, char* error) {
    const Entry entry{prefix.address, prefix.mask, mac};
    const uint32_t same = exact(prefix);
    if (same < entries.count) {
      entries[same] = entry;
      return true;
    }
    if (!entries.add(self->host, entry)) {
      self->host->fail(error, "out of memory");
      return false;
    }
    uint32_t at = entries.count - 1;
    for (; at != 0 && prefix_bits(entries[at - 1].mask) < prefix_bits(entry.mask); --at)
      entries[at] = entries[at - 1];
    entries[at] = entry;
    return true;
  }
};

constexpr auto info =
    element<ARPResponder>("ARPResponder", "1.0.0")
        .help(R"(Answers ARP requests for the given addresses.

Input are ARP frames with their Ethernet header. A request for an address that one of the prefixes covers becomes
the reply with that entry's Ethernet address; the longest prefix wins. Everything else goes to output 1, or is
dropped if that is not connected. Each argument is `IP/MASK [IP/MASK...] ETHER`, or the name of an interface for
its own addresses. Serves proxy ARP too.

    c :: Classifier(12/0806 20/0001, ...);
    c[0] -> ARPResponder(18.26.4.24 18.26.7.0/24 00:00:C0:AE:67:EF) -> ToDevice(eth0);

Differs from Click: `lookup` is asked by writing the address and reading the answer.)")
        .ports("1/1-2")
        .processing("a/ah")
        .rest("ENTRY", "IP/MASK [IP/MASK...] ETHER, or an interface")
        .read<&ARPResponder::text>("table", merge::same,
                                   "the entries, one a line: prefix and Ethernet address")
        .write<&ARPResponder::ask>("lookup", "the address that reading `lookup` is about")
        .read<&ARPResponder::answer>("lookup", merge::same,
                                     "the Ethernet address for it; empty if there is none")
        .write<&ARPResponder::add>("add", "puts entries in: IP/MASK [IP/MASK...] ETHER")
        .write<&ARPResponder::remove>("remove", "takes the entry for IP/MASK out")
        .drop("not an ARP request", "another frame, and output 1 is not connected")
        .drop("unknown address", "no entry covers the address asked for, and output 1 is not connected");
HOTCLICK_EXPORT(info)
