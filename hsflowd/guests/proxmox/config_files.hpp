// The configuration files of all guests, in /etc/pve. That is a FUSE file system (pmxcfs(8)), which may not
// answer for minutes: files are read on a thread of their own, nobody waits long, and what is known stays.
#pragma once

#include "common/call_lane.hpp"
#include "guests/proxmox/guest_config.hpp"
#include "host/sys_root.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace sfa::guests {

struct ConfigFile {
  std::string path;
  host::SysRoot::Version version;
  std::optional<std::string> text = {}; // nullopt: the same version as last time

  bool operator==(const ConfigFile&) const = default;
};

// Reads the file of a guest, if it differs from the `last` one. nullopt if no node of the cluster has it. An
// Error if the file, or all of /etc/pve, cannot be read. May hang.
using ReadConfig =
    std::function<Result<std::optional<ConfigFile>>(const GuestKey&, const std::optional<ConfigFile>& last)>;

// The file is in the directory of the node that owns the guest: of another node before a guest that migrates
// in has arrived, and after one that migrates out has left.
[[nodiscard]] ReadConfig read_config_below(const host::SysRoot& root);

class ConfigFiles {
public:
  // `patience` is for one file; four times as long for all of a refresh().
  ConfigFiles(ReadConfig read, std::chrono::milliseconds patience);

  enum class State {
    unknown,   // no answer yet
    read,      // at least once
    absent,    // no node of the cluster has it
    unreadable // the permission is missing
  };
  struct Known {
    State state = State::unknown;
    GuestConfig config = {}; // the last good one

    bool operator==(const Known&) const = default;
  };

  // Reads the files of those guests again that have changed.
  void refresh(std::span<const GuestKey> keys);
  [[nodiscard]] const Known& of(const GuestKey& key) const;

  // The guest has stopped. The next one with this VMID may be another.
  void forget(const GuestKey& key) { entries_.erase(key); }

  // Problems of the last answers, the most important one first.
  [[nodiscard]] std::vector<std::string> problems() const;

private:
  struct Reader {
    ReadConfig read;
  };
  struct Entry {
    Known known = {};
    std::optional<ConfigFile> file = {};
  };

  void take(const GuestKey& key, Result<std::optional<ConfigFile>> answer);

  CallLane<Reader> lane_;
  std::chrono::milliseconds patience_;
  std::map<GuestKey, Entry> entries_;
  std::string failure_; // why /etc/pve as a whole was not read the last time
};

} // namespace sfa::guests
