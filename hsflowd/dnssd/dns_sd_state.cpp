#include "dnssd/dns_sd_state.hpp"

#include "dns/refresh.hpp"

#include <algorithm>
#include <utility>

namespace sfa::dnssd {

using std::chrono::milliseconds;

void DnsSdState::configure(const config::DnsSdConfig& config, MonotonicTime now) {
  const bool first = !std::exchange(config_, config).on;
  if (!first) {
    ask_now(now);
    return;
  }
  std::uniform_int_distribution<milliseconds::rep> delay(0, milliseconds(config.start_delay).count());
  due_ = now + milliseconds(delay(random_));
}

void DnsSdState::ask_now(MonotonicTime now) {
  absences_ = 0;
  failures_ = 0;
  due_ = now;
}

void DnsSdState::remember(DnsSdAnswer copy) {
  active_ = std::move(copy);
}

DnsSdState::Outcome DnsSdState::finished(DnsSdResult result, MonotonicTime now) {
  switch (result.kind) {
  case DnsSdResult::Kind::answer:
    return answered(std::move(result), now);
  case DnsSdResult::Kind::absent:
    failures_ = 0;
    due_ = now + refresh_after(result.ttl);
    return absent(std::move(result.answer));
  case DnsSdResult::Kind::failed:
    break;
  }
  absences_ = 0; // not in a row
  failures_ += 1;
  due_ = now + jittered(dns::back_off(failures_));
  return Outcome::failed;
}

DnsSdState::Outcome DnsSdState::answered(DnsSdResult result, MonotonicTime now) {
  absences_ = 0;
  failures_ = result.texts_missing() ? failures_ + 1 : 0;
  due_ = now + (failures_ > 0 ? jittered(dns::back_off(failures_)) : refresh_after(result.ttl));
  if (result.texts_missing() && active_ && active_->name == result.answer.name) {
    result.answer.texts = active_->texts;
    result.answer.authenticated = result.answer.authenticated && active_->authenticated;
  }
  if (active_ == result.answer) {
    return Outcome::confirmed;
  }
  active_ = std::move(result.answer);
  return Outcome::applied;
}

DnsSdState::Outcome DnsSdState::absent(DnsSdAnswer answer) {
  absences_ += 1;
  if (config_.domain.empty() && active_) {
    answer.name = active_->name; // a search list: keep the domain that had the records
  }
  const bool off = active_ && active_->services.empty();
  if (!off && absences_ < 2) {
    return Outcome::doubted;
  }
  active_ = std::move(answer);
  return off ? Outcome::still_off : Outcome::switched_off;
}

milliseconds DnsSdState::jittered(milliseconds interval) {
  std::uniform_int_distribution<milliseconds::rep> jitter(0, interval.count() / 10);
  return interval + milliseconds(jitter(random_));
}

milliseconds DnsSdState::refresh_after(std::chrono::seconds ttl) {
  return jittered(std::clamp(ttl, config_.min_ttl, config_.max_ttl));
}

} // namespace sfa::dnssd
