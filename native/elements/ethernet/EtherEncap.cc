#include <hotclick/element.hpp>
#include <hotclick/words.hpp>
using namespace hotclick;

struct EtherEncap : Element {
  enum : uint32_t { no_headroom };
  uint16_t ethertype = 0;
  EtherAddress source, destination;
  EthernetHeader header = {};

  bool configure(Arguments&) {
    build();
    return true;
  }
  void build() {
    memcpy(header.destination, destination.bytes, 6);
    memcpy(header.source, source.bytes, 6);
    header.type = net16(ethertype);
  }

  void classify(Batch& batch, uint16_t* ports) {
    const uint32_t n = batch.count;
    const EthernetHeader h = header;
    for (uint32_t i = 0; i < n; ++i) {
      if (i + 8 < n) prefetch_write(batch.packets[i + 8]->data - sizeof(h));
      Packet& p = batch[i];
      if (HC_UNLIKELY(!p.push(sizeof(h)))) {
        ports[i] = drop(no_headroom);
        continue;
      }
      memcpy(p.data, &h, sizeof(h));
      p.set_mac(p.data);
      ports[i] = 0;
    }
  }

  void read_source(Text out) { out.print(HC_ETHER_FORMAT, HC_ETHER_BYTES(source)); }
  void read_destination(Text out) { out.print(HC_ETHER_FORMAT, HC_ETHER_BYTES(destination)); }
  bool write_source(String value, Error& error) { return set(value, source, error); }
  bool write_destination(String value, Error& error) { return set(value, destination, error); }
  bool write_ethertype(String value, Error& error) { return set(value, ethertype, error); }

  template <class V>
  bool set(const String& value, V& member, Error& error) {
    if (!parse_word(self->host, value, member, error.text)) return false;
    build();
    return true;
  }
};

constexpr auto info =
    element<EtherEncap>("EtherEncap", "1.0.0")
        .help(R"(Puts an Ethernet header before each packet.

The header is the same for all packets. For IP packets whose next hop has to be found, use ARPQuerier.

    ... -> EtherEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2) -> ToDevice(eth0);)")
        .ports("1/1")
        .processing("a/a")
        .required<&EtherEncap::ethertype>("ETHERTYPE", "Ethernet type in host order, 0x0800 for IPv4")
        .required<&EtherEncap::source>("SRC", "source address")
        .required<&EtherEncap::destination>("DST", "destination address")
        .read<&EtherEncap::read_source>("src", merge::same, "the source address")
        .write<&EtherEncap::write_source>("src", "sets the source address")
        .read<&EtherEncap::read_destination>("dst", merge::same, "the destination address")
        .write<&EtherEncap::write_destination>("dst", "sets the destination address")
        .read<&EtherEncap::ethertype>("ethertype", merge::same, "the Ethernet type, decimal")
        .write<&EtherEncap::write_ethertype>("ethertype", "sets the Ethernet type")
        .drop("no headroom", "no room for 14 bytes before the packet");
HOTCLICK_EXPORT(info)
