#include "interfaces/ethtool.hpp"

#include <algorithm>
#include <cstring>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace sfa::interfaces {

namespace {

// Limits an allocation by a number from outside. No driver has that many.
constexpr std::size_t kMaxCounters = 65536;
constexpr std::uint32_t kMaxModuleBytes = 65536;

// A command of the ioctl, with room behind it for the kernel's answer.
template <class Command>
struct Buffer {
  explicit Buffer(std::size_t room) : bytes(sizeof(Command) + room) {}
  Command* operator->() { return reinterpret_cast<Command*>(bytes.data()); }
  [[nodiscard]] const char* behind() const { return bytes.data() + sizeof(Command); }
  std::vector<char> bytes; // aligned, because it comes from operator new
};

} // namespace

Ethtool::Ethtool() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

bool Ethtool::call(const std::string& interface, void* command) const {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = static_cast<char*>(command);
  return ioctl(socket_.get(), SIOCETHTOOL, &request) == 0;
}

std::vector<std::string> Ethtool::counter_names(const std::string& interface) const {
  std::uint32_t count = 0;
  Buffer<ethtool_sset_info> info(sizeof(count));
  info->cmd = ETHTOOL_GSSET_INFO;
  info->sset_mask = 1ULL << ETH_SS_STATS;
  if (call(interface, info.bytes.data()) && info->sset_mask != 0) {
    std::memcpy(&count, info.behind(), sizeof(count));
  }
  if (count == 0 || count > kMaxCounters) {
    return {};
  }
  Buffer<ethtool_gstrings> strings(std::size_t{count} * ETH_GSTRING_LEN);
  strings->cmd = ETHTOOL_GSTRINGS;
  strings->string_set = ETH_SS_STATS;
  strings->len = count;
  if (!call(interface, strings.bytes.data())) {
    return {};
  }
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* name = strings.behind() + std::size_t{i} * ETH_GSTRING_LEN;
    names.emplace_back(name, strnlen(name, ETH_GSTRING_LEN));
  }
  return names;
}

std::vector<std::uint64_t> Ethtool::counters(const std::string& interface, std::size_t count) const {
  // The kernel writes all counters that the driver has now, even if we ask for fewer: hence the extra room.
  const std::size_t room = 2 * count + 1024;
  Buffer<ethtool_stats> stats(room * sizeof(std::uint64_t));
  stats->cmd = ETHTOOL_GSTATS;
  stats->n_stats = static_cast<std::uint32_t>(count);
  if (!call(interface, stats.bytes.data()) || stats->n_stats != count) {
    return {}; // or the counters no longer match the names
  }
  std::vector<std::uint64_t> values(count);
  std::memcpy(values.data(), stats.behind(), count * sizeof(std::uint64_t));
  return values;
}

std::optional<Ethtool::Module> Ethtool::module(const std::string& interface) const {
  ethtool_modinfo info{};
  info.cmd = ETHTOOL_GMODULEINFO;
  if (!call(interface, &info) || info.eeprom_len == 0) {
    return std::nullopt;
  }
  return Module{.type = info.type, .bytes = std::min(info.eeprom_len, kMaxModuleBytes)};
}

std::optional<std::vector<std::uint8_t>>
Ethtool::module_memory(const std::string& interface, std::uint32_t offset, std::uint32_t bytes) const {
  Buffer<ethtool_eeprom> memory(std::min(bytes, kMaxModuleBytes));
  memory->cmd = ETHTOOL_GMODULEEEPROM;
  memory->offset = offset;
  memory->len = std::min(bytes, kMaxModuleBytes);
  if (!call(interface, memory.bytes.data())) {
    return std::nullopt;
  }
  return std::vector<std::uint8_t>(memory.behind(), memory.behind() + std::min(bytes, memory->len));
}

} // namespace sfa::interfaces
