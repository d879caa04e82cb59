#include "dnssd/dns_sd.hpp"

#include "common/file.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::dnssd {

namespace {

using Outcome = DnsSdState::Outcome;
using std::chrono::system_clock;

// An unchanged answer is not saved after each TTL.
constexpr std::chrono::hours kSaveInterval{1};

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

std::chrono::sys_seconds wall_clock() {
  return std::chrono::floor<std::chrono::seconds>(system_clock::now());
}

} // namespace

DnsSd::DnsSd(EventLoop& loop, Worker& disk, dns::DnsClient& dns, std::filesystem::path copy_file,
             std::mt19937 random, Callback changed)
    : dns_(dns), copy_file_(disk, std::move(copy_file)), changed_(std::move(changed)), random_(random),
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
  auto copy = read_dns_sd_copy(copy_file_.path());
  if (!copy) {
    spdlog::warn("DNS-SD: ignoring the saved answer: {}",
                 copy.error().message + move_aside(copy_file_.path()));
    return;
  }
  if (!*copy) {
    spdlog::info("DNS-SD: no saved answer ({} does not exist)", copy_file_.path().native());
    return;
  }
  if (const auto& answer = (*copy)->answer; !is_usable(answer, config_)) {
    spdlog::info("DNS-SD: ignoring the saved answer: {}{} does not match the configuration", answer.name,
                 answer.authenticated ? "" : " (not authenticated)");
    return;
  }
  copy_ = *std::move(copy);
  const auto age = std::max(wall_clock() - copy_->answered_at, std::chrono::seconds(0));
  answered_at_ = now() - age;
  from_copy_ = true;
  state_.remember(copy_->answer);
  spdlog::info("DNS-SD: using the saved answer for {} ({} s old) until DNS responds", copy_->answer.name,
               age.count());
}

void DnsSd::ask() {
  state_.asked();
  auto asked = names();
  if (asked.empty()) {
    finished({.kind = DnsSdResult::Kind::failed,
              .error = {"no domain to query: set `domain` in section `dns-sd`, or a search list in "
                        "resolv.conf"}});
    return;
  }
  const auto& active = state_.active();
  lookup_.emplace(dns_, std::move(asked), active ? active->name : "", config_.require_ad,
                  [this](const DnsSdResult& result) { finished(result); });
}

void DnsSd::finished(const DnsSdResult& result) {
  const Outcome outcome = state_.finished(result, now());
  lookup_.reset();
  arm();
  report(outcome, result);
  if (outcome == Outcome::failed || outcome == Outcome::doubted) {
    return;
  }
  from_copy_ = false;
  answered_at_ = now();
  save_copy();
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

void DnsSd::report(Outcome outcome, const DnsSdResult& result) {
  if (result.error.message.empty()) {
    asking_.ok();
  } else {
    asking_.failed(result.error);
  }
  const bool news =
      outcome == Outcome::doubted || outcome == Outcome::switched_off || outcome == Outcome::applied;
  if (!news || !answer_lines_.admits()) {
    return;
  }
  const auto& active = state_.active();
  if (outcome == Outcome::doubted) {
    spdlog::info("DNS-SD: no SRV records; monitoring is switched off if the next answer has none either");
  } else if (outcome == Outcome::switched_off) {
    spdlog::warn("DNS-SD: {} has no SRV records, twice in a row; monitoring is switched off", active->name);
  } else if (active->services.empty()) {
    spdlog::warn("DNS-SD: {} states that the service is not available; monitoring is switched off",
                 active->name);
  } else {
    spdlog::info("DNS-SD: {}: {} service(s), {} text(s), valid for {} s", active->name,
                 active->services.size(), active->texts.size(), result.ttl.count());
  }
}

void DnsSd::save_copy() {
  const DnsSdCopy copy{.answer = *state_.active(), .answered_at = wall_clock()};
  const bool fresh =
      copy_ && copy_->answer == copy.answer && copy.answered_at - copy_->answered_at < kSaveInterval;
  if (fresh && copy.answered_at >= copy_->answered_at) {
    return;
  }
  copy_ = copy;
  copy_file_.write(format_dns_sd_copy(copy), [this](const Result<void>& written) {
    if (written) {
      saving_.ok();
    } else {
      copy_.reset();
      saving_.failed(written.error());
    }
  });
}

std::optional<DnsSdStatus> DnsSd::status() const {
  using std::chrono::milliseconds;
  if (!config_.on) {
    return std::nullopt;
  }
  const auto& active = state_.active();
  DnsSdStatus status{.name = config_.domain.empty() ? "" : dns_sd_name(config_.domain),
                     .answered = active.has_value(),
                     .from_copy = from_copy_,
                     .age = {},
                     .next = {},
                     .problem = asking_.failure_text(),
                     .sets = {}};
  if (active) {
    status.name = active->name;
    status.age = std::chrono::duration_cast<milliseconds>(now() - answered_at_);
  }
  if (const auto due = state_.due()) {
    status.next = std::chrono::duration_cast<milliseconds>(std::max(*due, now()) - now());
  }
  return status;
}

} // namespace sfa::dnssd
