#include "collectors/collector_resolver.hpp"

#include "common/file.hpp"
#include "common/saved.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::collectors {

namespace {

constexpr std::chrono::hours kSaveInterval{1}; // of answers that say the same

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

std::chrono::sys_seconds wall_clock() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// Of the file.
struct SavedName {
  KnownName known;

  bool operator==(const SavedName&) const = default;
  static void fields(auto& self, auto&& field) {
    field("name", self.known.name);
    field("addresses", self.known.addresses);
    field("answered_at", self.known.answered_at);
  }
};

struct SavedNames {
  std::int64_t version = 1;
  std::vector<SavedName> names;

  static void fields(auto& self, auto&& field) {
    field("version", self.version);
    field("names", self.names);
  }
};

} // namespace

Result<std::vector<KnownName>> read_known_names(const std::filesystem::path& file) {
  const auto saved = read_saved<SavedNames>(file);
  if (!saved) {
    return error_of(saved);
  }
  std::vector<KnownName> known;
  if (*saved) {
    std::ranges::transform((*saved)->names, std::back_inserter(known), &SavedName::known);
  }
  return known;
}

CollectorResolver::CollectorResolver(EventLoop& loop, Worker& disk, dns::DnsClient& dns, std::mt19937 random,
                                     std::filesystem::path file, Callback changed)
    : names_(random), file_(disk, std::move(file)), dns_(dns), changed_(std::move(changed)),
      due_(loop.timer([this] { look_up(); })) {
  if (auto saved = read_known_names(file_.path()); saved) {
    saved_ = *std::move(saved);
  } else {
    spdlog::warn("addresses of names: ignoring the saved ones: {}",
                 saved.error().message + move_aside(file_.path()));
  }
}

void CollectorResolver::configure(const config::Config& config) {
  if (config.collectors == configured_ && config.agent_host == agent_host_) {
    return;
  }
  configured_ = config.collectors;
  agent_host_ = config.agent_host;
  names_.configure(configured_, agent_host_, now());
  remember();
  const auto gone = [&](const auto& item) { return !names_.names().contains(item.first); };
  std::erase_if(lookups_, gone);
  std::erase_if(states_, gone);
  look_up();
}

void CollectorResolver::remember() {
  for (const auto& [name, addresses, answered_at] : names_.remember(saved_)) {
    spdlog::info("{}: {} as saved {} s ago, until DNS answers", name, addresses.front().to_string(),
                 saved_age(name)->count());
  }
}

std::optional<std::chrono::seconds> CollectorResolver::saved_age(const std::string& host) const {
  const auto name = names_.names().find(host);
  return name == names_.names().end() || !name->second.saved_at
             ? std::nullopt
             : std::optional(std::max(wall_clock() - *name->second.saved_at, std::chrono::seconds(0)));
}

// Names that are not configured now stay: those of DNS-SD are not until it has answered.
void CollectorResolver::save(const std::string& name) {
  KnownName known{.name = name, .addresses = names_.names().at(name).addresses, .answered_at = wall_clock()};
  const auto old = std::ranges::find(saved_, name, &KnownName::name);
  if (is_saved_ && old != saved_.end() && old->addresses == known.addresses &&
      known.answered_at >= old->answered_at && known.answered_at - old->answered_at < kSaveInterval) {
    return;
  }
  saved_ = merge_known(std::move(known), std::move(saved_));
  SavedNames saved;
  for (const auto& each : saved_) {
    saved.names.push_back({each});
  }
  file_.write(format_saved(saved), [this](const Result<void>& written) {
    is_saved_ = written.has_value();
    if (written) {
      saving_.ok();
    } else {
      saving_.failed(written.error());
    }
  });
}

void CollectorResolver::refresh() {
  names_.refresh(now());
  look_up();
}

void CollectorResolver::retry_failed() {
  names_.retry_failed(now());
  look_up();
}

void CollectorResolver::look_up() {
  for (const auto& name : names_.take_due(now())) {
    lookups_[name] = dns_.addresses(name, [this, name](const auto& answer) { answered(name, answer); });
  }
  if (const auto next = names_.next_due()) {
    due_.arm_at(*next);
  } else {
    due_.disarm();
  }
}

void CollectorResolver::answered(const std::string& name,
                                 const Result<std::vector<dns::DnsAddress>>& answer) {
  const auto before = std::pair(names_.targets(), names_.agent_ip());
  auto& state = states_.try_emplace(name, fmt::format("lookup of {}", name)).first->second;
  if (answer) {
    names_.answered(name, *answer, now());
    for (const auto& [address, ttl] : *answer) {
      spdlog::debug("lookup of {}: {}, TTL {} s", name, address.to_string(), ttl.count());
    }
    const auto problem = names_.problem(name);
    problem ? state.failed(*problem) : state.ok();
  } else {
    names_.failed(name, now());
    state.failed(answer.error());
  }
  look_up();
  if (std::pair(names_.targets(), names_.agent_ip()) != before) {
    changed_();
  }
  if (answer && names_.names().contains(name)) {
    save(name);
  }
}

std::vector<std::string> CollectorResolver::problems() const {
  std::vector<std::string> result;
  for (const auto& [name, state] : states_) {
    if (!state.failure_text().empty()) {
      result.push_back(fmt::format("{}: {}", state.subject(), state.failure_text()));
    }
  }
  if (!saving_.failure_text().empty()) {
    result.push_back(fmt::format("{}: {}", saving_.subject(), saving_.failure_text()));
  }
  return result;
}

} // namespace sfa::collectors
