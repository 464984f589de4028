/// Drops packets that are longer than MAX bytes.
///   ... -> SizeLimit(MAX 1514) -> ...
#include <hotclick/element.hpp>
using namespace hotclick;

struct SizeLimit : Element {
  enum : uint32_t { too_long };
  uint32_t max = 1514;

  bool configure(Arguments& arguments) { return max >= 60 || arguments.fail("MAX must be at least 60"); }
  uint32_t route(Packet& p) { return p.length <= max ? 0 : drop(too_long); }
};

constexpr auto info = element<SizeLimit>("SizeLimit", "1.0.0")
                          .help("Drops packets that are longer than MAX bytes.")
                          .positional<&SizeLimit::max>("MAX", "bytes a packet may have")
                          .read<&SizeLimit::max>("max", merge::same, "bytes a packet may have")
                          .write<&SizeLimit::max>("max", "changes it")
                          .drop("too long", "the packet has more than MAX bytes");
HOTCLICK_EXPORT(info)
