#include "dnssd/dns_sd.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::dnssd {

namespace {

using Outcome = DnsSdState::Outcome;
using std::chrono::system_clock;

// An answer that stays the same is not written with each TTL.
constexpr std::chrono::hours kCopyAgain{1};

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

std::chrono::sys_seconds wall_clock() {
  return std::chrono::floor<std::chrono::seconds>(system_clock::now());
}

} // namespace

DnsSd::DnsSd(EventLoop& loop, dns::DnsClient& dns, std::filesystem::path copy_file, std::mt19937 random,
             Callback changed)
    : dns_(dns), copy_file_(std::move(copy_file)), changed_(std::move(changed)), random_(random),
      state_(random), due_(loop.timer([this] { ask(); })) {}

void DnsSd::configure(const config::DnsSdConfig& config) {
  const bool was_on = std::exchange(config_, config).on;
  lookup_.reset();
  if (!config.on) {
    state_ = DnsSdState(random_);
    due_.disarm();
    asking_.ok();
    return;
  }
  state_.configure(config, now());
  if (!was_on) {
    load_copy();
  }
  arm();
}

void DnsSd::servers_changed() {
  if (config_.on) {
    lookup_.reset();
    state_.ask_now(now());
    arm();
  }
}

std::vector<std::string> DnsSd::names() {
  if (!config_.domain.empty()) {
    return {dns_sd_name(config_.domain)};
  }
  std::vector<std::string> names;
  for (const auto& domain : dns_.search_domains()) {
    names.push_back(dns_sd_name(domain));
  }
  return names;
}

void DnsSd::load_copy() {
  auto copy = read_dns_sd_copy(copy_file_);
  if (!copy) {
    spdlog::warn("DNS-SD: the copy of the last answer is ignored: {}", copy.error().message);
    return;
  }
  if (!*copy) {
    spdlog::info("DNS-SD: there is no copy of an earlier answer at {}", copy_file_.native());
    return;
  }
  if (const auto& answer = (*copy)->answer; !is_usable(answer, config_)) {
    spdlog::info("DNS-SD: the copy of the last answer is ignored: {}{} is not what is configured",
                 answer.name, answer.authenticated ? "" : ", not authenticated,");
    return;
  }
  copy_ = *std::move(copy);
  const auto age = std::max(wall_clock() - copy_->answered_at, std::chrono::seconds(0));
  answered_at_ = now() - age;
  from_copy_ = true;
  state_.remember(copy_->answer);
  spdlog::info("DNS-SD: {} as it was {} s ago, until DNS answers", copy_->answer.name, age.count());
}

void DnsSd::ask() {
  state_.asked();
  auto asked = names();
  if (asked.empty()) {
    concluded({.kind = DnsSdResult::Kind::failed,
               .error = {"there is no domain to ask in: neither `domain` in section `dns-sd` nor a search "
                         "list in resolv.conf"}});
    return;
  }
  const auto& in_force = state_.in_force();
  lookup_.emplace(dns_, std::move(asked), in_force ? in_force->name : "", config_.require_ad,
                  [this](const DnsSdResult& result) { concluded(result); });
}

void DnsSd::concluded(const DnsSdResult& result) {
  const Outcome outcome = state_.concluded(result, now());
  lookup_.reset();
  arm();
  tell(outcome, result);
  if (outcome == Outcome::failed || outcome == Outcome::doubted) {
    return;
  }
  from_copy_ = false;
  answered_at_ = now();
  keep_copy();
  if (outcome == Outcome::applied || outcome == Outcome::switched_off) {
    changed_();
  }
}

void DnsSd::arm() {
  if (const auto due = state_.due()) {
    due_.arm_at(*due);
  } else {
    due_.disarm();
  }
}

void DnsSd::tell(Outcome outcome, const DnsSdResult& result) {
  if (result.error.message.empty()) {
    asking_.ok();
  } else {
    asking_.failed(result.error);
  }
  const auto& in_force = state_.in_force();
  if (outcome == Outcome::doubted) {
    spdlog::info("DNS-SD: no SRV records; if the next answer says so too, monitoring is switched off");
  } else if (outcome == Outcome::switched_off) {
    spdlog::warn("DNS-SD: {} has no SRV records, twice in a row: monitoring is switched off", in_force->name);
  } else if (outcome == Outcome::applied && in_force->services.empty()) {
    spdlog::warn("DNS-SD: {} says that the service is not available: monitoring is switched off",
                 in_force->name);
  } else if (outcome == Outcome::applied) {
    spdlog::info("DNS-SD: {}: {} service(s), {} text(s), kept for {} s", in_force->name,
                 in_force->services.size(), in_force->texts.size(), result.ttl.count());
  }
}

void DnsSd::keep_copy() {
  const DnsSdCopy copy{.answer = *state_.in_force(), .answered_at = wall_clock()};
  const bool fresh =
      copy_ && copy_->answer == copy.answer && copy.answered_at - copy_->answered_at < kCopyAgain;
  if (fresh && copy.answered_at >= copy_->answered_at) {
    return;
  }
  if (const auto written = write_dns_sd_copy(copy_file_, copy); written) {
    copy_ = copy;
    copying_.ok();
  } else {
    copying_.failed(written.error());
  }
}

std::optional<DnsSdStatus> DnsSd::status() const {
  using std::chrono::milliseconds;
  if (!config_.on) {
    return std::nullopt;
  }
  const auto& in_force = state_.in_force();
  DnsSdStatus status{.name = config_.domain.empty() ? "" : dns_sd_name(config_.domain),
                     .answered = in_force.has_value(),
                     .from_copy = from_copy_,
                     .age = {},
                     .next = {},
                     .problem = asking_.failure_text()};
  if (in_force) {
    status.name = in_force->name;
    status.age = std::chrono::duration_cast<milliseconds>(now() - answered_at_);
  }
  if (const auto due = state_.due()) {
    status.next = std::chrono::duration_cast<milliseconds>(std::max(*due, now()) - now());
  }
  return status;
}

} // namespace sfa::dnssd
