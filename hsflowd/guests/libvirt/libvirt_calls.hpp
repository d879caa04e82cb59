// Calls to libvirt, made on a CallLane so that none can hold up its caller for ever: how long each may take,
// and how many may be stuck.
#pragma once

#include "common/call_lane.hpp"
#include "common/event_loop.hpp"
#include "guests/libvirt/disk_silence.hpp"
#include "guests/libvirt/domain_reader.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sfa::guests {

// A call that is not about one domain. There is at most one of each kind at a time.
enum class CommonCall { kOpen, kList, kNics };

class LibvirtCalls {
public:
  using Lane = CallLane<DomainReader>;

  // How long the others wait for a call about one domain. A call that takes longer is about a QEMU that does
  // not answer or a domain that libvirtd holds; or the host is busy.
  static constexpr std::chrono::milliseconds kPatience{250};
  static constexpr Lane::Patience kWithEach{.with_each = kPatience, .most_stuck = 2};
  static constexpr Lane::Patience kWithSizes{.with_each = kPatience, .most_stuck = 1};
  // With the first calls: no VM is known yet that could be late.
  static constexpr Lane::Patience kWithTheFirst{.with_each = std::chrono::seconds(5), .most_stuck = 1};
  // With a call about all domains: a new connection looks up each of them first.
  static constexpr Lane::Patience with_all(std::size_t domains) {
    return {.with_each = kPatience + domains * std::chrono::milliseconds(5), .most_stuck = 1};
  }

  // Each stuck call occupies a thread of libvirtd, which has 20 for all its clients.
  static constexpr std::size_t kMostStuck = 16;
  static constexpr std::size_t kMostMonitorsStuck = 8; // then no call may ask a monitor

  explicit LibvirtCalls(const std::string& uri)
      : lane_([uri] { return std::make_unique<DomainReader>(uri); }) {}

  [[nodiscard]] std::vector<Lane::Outcome> make(std::size_t count, const Lane::Call& call,
                                                Lane::Patience patience) {
    auto outcomes = lane_.make_calls(count, call, patience);
    if (std::ranges::any_of(outcomes, &Lane::Outcome::made)) {
      silent_since_.reset();
    } else if (!outcomes.empty()) {
      silent_since_ = silent_since_.value_or(MonotonicTime::clock::now());
    }
    return outcomes;
  }

  // The result of `call`; nullopt if it does not return in time, or while an earlier one of its kind is out.
  template <class Call, class T = std::invoke_result_t<Call, DomainReader&>>
  [[nodiscard]] std::optional<T> make_one(CommonCall kind, Call call, Lane::Patience patience) {
    auto& stuck = stuck_.at(static_cast<std::size_t>(kind));
    if (is_pending(stuck)) {
      return std::nullopt;
    }
    const auto result = std::make_shared<std::optional<T>>();
    const auto outcomes = make(
        1, [result, call = std::move(call)](DomainReader& reader, std::size_t) { *result = call(reader); },
        patience);
    stuck = outcomes[0].stuck;
    return outcomes[0].made ? std::move(*result) : std::nullopt;
  }

  // Whether a call that was given up has returned since: its result is lost. True once for each such call.
  [[nodiscard]] bool take_late_return(CommonCall kind) {
    auto& stuck = stuck_.at(static_cast<std::size_t>(kind));
    if (!stuck || is_pending(stuck)) {
      return false;
    }
    stuck.reset();
    return true;
  }

  // False while too many calls are stuck.
  [[nodiscard]] bool may_ask() { return lane_.stuck() < kMostStuck; }
  [[nodiscard]] bool may_ask_monitors() { return lane_.stuck() < kMostMonitorsStuck; }

  // Whether no call has returned for so long that it should be reported.
  [[nodiscard]] bool is_silent() const {
    return silent_since_ && MonotonicTime::clock::now() - *silent_since_ >= kSilence;
  }

  void disconnect() {
    lane_.disconnect();
    silent_since_.reset();
  }

private:
  Lane lane_;
  std::array<StuckCall, 3> stuck_;            // by CommonCall
  std::optional<MonotonicTime> silent_since_; // no call has returned since then
};

} // namespace sfa::guests
