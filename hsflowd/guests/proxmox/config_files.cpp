#include "guests/proxmox/config_files.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <memory>
#include <utility>

namespace sfa::guests {

namespace {

constexpr const char* kNoAnswer = "/etc/pve does not answer";
// All files together, if each takes less than the patience.
constexpr int kTimesPatience = 4;

Result<std::optional<ConfigFile>> read_at(const host::SysRoot& root, const std::string& path,
                                          const std::optional<ConfigFile>& last) {
  constexpr std::size_t kLargest = std::size_t{2} << 20; // pmxcfs stores files of up to 1 MiB
  const auto version = root.version(path);
  if (!version) {
    return error_of(version);
  }
  if (!*version) {
    return std::nullopt;
  }
  ConfigFile file{.path = path, .version = **version};
  if (last && last->path == file.path && last->version == file.version) {
    return file;
  }
  auto text = root.read(path, kLargest);
  if (!text) {
    return error_of(text);
  }
  if (!*text) {
    return std::nullopt; // it has just moved to another node
  }
  file.text = **std::move(text);
  return file;
}

Result<std::optional<ConfigFile>> read_of_cluster(const host::SysRoot& root, const GuestKey& key,
                                                  const std::optional<ConfigFile>& last) {
  constexpr std::size_t kMostNodes = 256;
  const auto name = fmt::format("{}/{}.conf", key.kind == GuestKind::vm ? "qemu-server" : "lxc", key.vmid);
  auto own = read_at(root, "etc/pve/" + name, last);
  if (!own || *own) {
    return own;
  }
  const auto nodes = root.list("etc/pve/nodes");
  if (nodes.empty()) {
    return failure("/etc/pve is not mounted"); // it is an empty directory while pve-cluster does not run
  }
  for (std::size_t i = 0; i < std::min(nodes.size(), kMostNodes); ++i) {
    auto other = read_at(root, fmt::format("etc/pve/nodes/{}/{}", nodes[i], name), last);
    if (!other || *other) {
      return other;
    }
  }
  return std::nullopt;
}

} // namespace

ReadConfig read_config_below(const host::SysRoot& root) {
  return [root](const GuestKey& key, const std::optional<ConfigFile>& last) {
    return read_of_cluster(root, key, last);
  };
}

ConfigFiles::ConfigFiles(ReadConfig read, std::chrono::milliseconds patience)
    : lane_([read = std::move(read)] { return std::make_unique<Reader>(Reader{read}); }),
      patience_(patience) {}

void ConfigFiles::refresh(std::span<const GuestKey> keys) {
  failure_.clear();
  if (keys.empty()) {
    return;
  }
  if (lane_.stuck() > 0) { // one thread that waits is enough
    failure_ = kNoAnswer;
    return;
  }
  struct Calls {
    std::vector<GuestKey> keys;
    std::vector<std::optional<ConfigFile>> last;
    std::vector<Result<std::optional<ConfigFile>>> answers;
    MonotonicTime end;
  };
  const auto calls = std::make_shared<Calls>();
  calls->keys.assign(keys.begin(), keys.end());
  // If there is no time for all, at least new guests get their names.
  std::ranges::stable_partition(calls->keys,
                                [this](const GuestKey& key) { return of(key).state == State::unknown; });
  for (const auto& key : calls->keys) {
    calls->last.push_back(entries_[key].file);
  }
  calls->answers.assign(keys.size(), failure("/etc/pve is slow"));
  calls->end = MonotonicTime::clock::now() + kTimesPatience * patience_;
  const auto outcomes = lane_.make_calls(keys.size(),
                                         [calls](Reader& reader, std::size_t i) {
                                           if (MonotonicTime::clock::now() < calls->end) {
                                             calls->answers[i] = reader.read(calls->keys[i], calls->last[i]);
                                           }
                                         },
                                         {.with_each = patience_, .most_stuck = 1});
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].made) {
      take(calls->keys[i], std::move(calls->answers[i]));
    } else {
      failure_ = kNoAnswer;
    }
  }
}

void ConfigFiles::take(const GuestKey& key, Result<std::optional<ConfigFile>> answer) {
  auto& entry = entries_[key];
  if (!answer) {
    if (answer.error().number != EACCES) {
      failure_ = answer.error().message;
    } else if (entry.known.state != State::read) {
      entry.known.state = State::unreadable;
    }
    return;
  }
  if (!*answer) { // the last known configuration stays while the guest runs
    if (entry.known.state != State::read) {
      entry.known.state = State::absent;
    }
    return;
  }
  auto& file = **answer;
  if (file.text) {
    auto config = parse_guest_config(key.kind, *file.text);
    entry.known = {.state = State::read, .config = std::move(config)};
    file.text.reset();
  }
  entry.file = std::move(file);
}

const ConfigFiles::Known& ConfigFiles::of(const GuestKey& key) const {
  static const Known kNone;
  const auto found = entries_.find(key);
  return found == entries_.end() ? kNone : found->second.known;
}

std::vector<std::string> ConfigFiles::problems() const {
  std::vector<std::string> problems;
  if (!failure_.empty()) {
    problems.push_back(failure_ + "; keeping the known names");
  }
  const auto denied = std::ranges::count_if(
      entries_, [](const auto& entry) { return entry.second.known.state == State::unreadable; });
  if (denied > 0) {
    problems.push_back(fmt::format(
        "no permission to read the configurations of {} guests; hsflowd needs the group www-data", denied));
  }
  for (const auto& [key, entry] : entries_) {
    if (entry.known.state == State::absent && key.kind == GuestKind::vm) {
      problems.push_back(fmt::format("VM {} has no configuration in /etc/pve", key.vmid));
    }
    const auto& config = entry.known.config;
    if (config.bad_items > 0 && entry.file) {
      problems.push_back(fmt::format("/{}: {}", entry.file->path, config.first_bad));
    }
  }
  return problems;
}

} // namespace sfa::guests
