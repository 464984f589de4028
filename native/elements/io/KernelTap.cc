#include "kernel_interface.hpp"
using namespace hotclick;

struct KernelTap : KernelInterface<true> {};

constexpr auto info = declare_kernel_interface<KernelTap>(
    element<KernelTap>("KernelTap", "1.0.0")
        .help(
            "An Ethernet interface through which this machine's own network stack sends and receives.\n\n"
            "Makes a tap interface with the given address. Frames that the kernel sends leave by output 0, "
            "frames "
            "that come in go to the kernel; the input may be push or pull. The kernel asks by ARP before it "
            "sends, "
            "and takes only frames for the interface's own Ethernet address:\n\n"
            "    tap :: KernelTap(10.0.0.1/24, ETHER 2:0:0:0:0:1) -> kinds :: Classifier(12/0806, 12/0800);\n"
            "    kinds [0] -> ARPResponder(0.0.0.0/0 2:0:0:0:0:2) -> tap;\n"
            "    kinds [1] -> ...\n\n"
            "With several shards an IPv4 packet goes to the shard of its connection. The interface goes away "
            "with "
            "the engine.\n\n"
            "Differs from Click: the interface is called tap0 unless DEVNAME says otherwise; without ETHER "
            "the kernel "
            "chooses the Ethernet address; BURST is 64; Linux only.")
        .argument<&KernelTap::ether>("ETHER",
                                     "Ethernet address of the interface; zeros: the kernel chooses"));
HOTCLICK_EXPORT(info)
