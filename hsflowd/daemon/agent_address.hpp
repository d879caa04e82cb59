// The agent address of the running daemon: elected from what the kernel says about addresses and routes, kept
// for the next run, and elected again when that is due.
#pragma once

#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/result.hpp"
#include "common/settings.hpp"
#include "common/state_file.hpp"
#include "config/agent_address.hpp"
#include "netlink/network_watch.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfa::daemon {

inline constexpr const char* kAgentAddressName = "agent-address.json"; // in the state directory

// The address that an earlier run of this host elected; nullopt if there is none, or if it is another host's,
// of which this one is a copy. `host` is saved_for() this host.
[[nodiscard]] Result<std::optional<config::ElectedAgent>> read_elected(const std::filesystem::path& path,
                                                                       const std::string& host);

// The system's UUID, whatever the configuration says: setting `uuid` must not change the agent address.
[[nodiscard]] std::string saved_for(const std::string& machine_id);

// From which addresses the kernel sends to the collectors and beyond the default gateway. Collectors in other
// namespaces do not count.
[[nodiscard]] Result<config::SourceAddresses> source_addresses(std::span<const Collector> collectors);

class AgentAddress {
public:
  // `changed` is called from the loop when it may be another one: call elect().
  AgentAddress(EventLoop& loop, Worker& disk, netlink::NetworkWatch& network, std::filesystem::path saved,
               const std::string& host, Callback changed);

  AgentAddress(const AgentAddress&) = delete;
  AgentAddress& operator=(const AgentAddress&) = delete;
  AgentAddress(AgentAddress&&) = delete;
  AgentAddress& operator=(AgentAddress&&) = delete;
  ~AgentAddress() { save(); }

  const config::AgentElection& elect(const config::Config& config, std::span<const Collector> collectors);
  [[nodiscard]] const config::AgentElection& election() const { return election_; }

  [[nodiscard]] std::vector<const LoggedState*> states() const {
    return {&reading_, &following_, &electing_, &saving_};
  }

private:
  bool follow_routes(bool on);
  void read(std::span<const Collector> collectors);
  void save();

  netlink::NetworkWatch& network_;
  StateFile file_;
  std::string host_;
  config::AgentElector elector_;
  config::AgentElection election_;
  std::vector<host::InterfaceAddress> addresses_;
  config::SourceAddresses sources_;
  std::optional<config::ElectedAgent> saved_; // in the file, or on the way to it
  MonotonicTime started_ = std::chrono::steady_clock::now();
  LoggedState reading_{"host addresses"};
  LoggedState following_{"routes"};
  LoggedState electing_{"agent address"};
  LineLimit election_lines_;
  LoggedState saving_{"saving the agent address"};
  Debounce save_soon_; // the disk may be slow, and a new address is sent at once
  Timer due_;
  std::shared_ptr<const void> address_changes_;
};

} // namespace sfa::daemon
