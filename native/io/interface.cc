#include "interface.hh"

#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

namespace hotclick::io {

InterfaceView::InterfaceView(int socket, const char* name) : socket_(socket) {
  const size_t length = strlen(name);
  if (length < sizeof(name_)) memcpy(name_, name, length);  // a longer name is no interface: stays empty
}

bool InterfaceView::ask(unsigned long request, ifreq& answer) const {
  memset(&answer, 0, sizeof(answer));
  memcpy(answer.ifr_name, name_, sizeof(name_));
  return ioctl(socket_, request, &answer) == 0;
}

int InterfaceView::index() const {
  ifreq answer;
  return name_[0] && ask(SIOCGIFINDEX, answer) ? answer.ifr_ifindex : 0;
}

int InterfaceView::flags() const {
  ifreq answer;
  return ask(SIOCGIFFLAGS, answer) ? answer.ifr_flags : 0;
}

bool InterfaceView::running() const {
  const int wanted = IFF_UP | IFF_RUNNING;
  return (flags() & wanted) == wanted;
}

bool InterfaceView::up() const {
  return (flags() & IFF_UP) != 0;
}

bool InterfaceView::has_ethernet_header() const {
  ifreq answer;
  if (!ask(SIOCGIFHWADDR, answer)) return false;
  return answer.ifr_hwaddr.sa_family == ARPHRD_ETHER || answer.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
}

void InterfaceView::mac(uint8_t address[6]) const {
  memset(address, 0, 6);
  ifreq answer;
  if (ask(SIOCGIFHWADDR, answer) && answer.ifr_hwaddr.sa_family == ARPHRD_ETHER) {
    memcpy(address, answer.ifr_hwaddr.sa_data, 6);
  }
}

uint32_t InterfaceView::ipv4() const {
  ifreq answer;
  if (!ask(SIOCGIFADDR, answer)) return 0;
  sockaddr_in address;
  memcpy(&address, &answer.ifr_addr, sizeof(address));
  return address.sin_family == AF_INET ? address.sin_addr.s_addr : 0;
}

uint16_t InterfaceView::mtu() const {
  ifreq answer;
  if (!ask(SIOCGIFMTU, answer)) return 0;
  return static_cast<uint16_t>(answer.ifr_mtu > 0xFFFF ? 0xFFFF : answer.ifr_mtu);
}

}  // namespace hotclick::io
