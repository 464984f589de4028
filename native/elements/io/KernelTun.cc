#include "kernel_interface.hpp"
using namespace hotclick;

struct KernelTun : KernelInterface<false> {};

constexpr auto info = declare_kernel_interface<KernelTun>(
    element<KernelTun>("KernelTun", "1.0.0")
        .help(
            "An interface through which this machine's own IP stack sends and receives.\n\n"
            "Makes a tun interface with the given address. IP packets that the kernel routes to it leave by "
            "output 0 with "
            "their header annotations set, anything else by output 1 if there is one. IP packets that come "
            "in go to the "
            "kernel; their input may be push or pull.\n\n"
            "    tun :: KernelTun(10.0.0.1/24) -> CheckIPHeader -> ... -> tun;\n\n"
            "With several shards an IPv4 packet goes to the shard of its connection. The interface goes away "
            "with the "
            "engine.\n\n"
            "Differs from Click: the interface is called tun0 unless DEVNAME says otherwise; BURST is 64; "
            "Linux only."));
HOTCLICK_EXPORT(info)
