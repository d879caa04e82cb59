// Name servers with link-local addresses, such as "fe80::1%eth0" from router advertisements: c-ares
// before 1.20 skips them, because it has no place for the interface.
#pragma once

#include "dns/dns_client.hpp"

#include <string>
#include <vector>

namespace sfa::dns {

class LinkLocalServers {
public:
  // Gives all servers to the channel, if any is link-local and c-ares cannot do it itself; otherwise c-ares
  // has read resolv.conf. This object must outlive the channel. An interface that does not exist yet may
  // appear later. The error names what is not used.
  Result<void> give(ares_channeldata* channel, std::vector<NameServer> servers);

  // The interface of a server; empty if it has none.
  [[nodiscard]] std::string zone_of(const IpAddress& server) const;

private:
  std::vector<NameServer> servers_; // none twice
};

} // namespace sfa::dns
