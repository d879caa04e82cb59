// Calls to libvirt, none of which can hold up its caller for ever.
#pragma once

#include "common/event_loop.hpp"
#include "guests/call_lane.hpp"
#include "guests/libvirt/disk_silence.hpp"
#include "guests/libvirt/domain_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sfa::guests {

class DomainCalls {
public:
  using Lane = CallLane<DomainReader>;

  explicit DomainCalls(const std::string& uri)
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

  // What one call returns. Nothing: it is stuck, now or still.
  template <class Call, class T = std::invoke_result_t<Call, DomainReader&>>
  [[nodiscard]] std::optional<T> make_one(StuckCall& stuck, Call call, Lane::Patience patience) {
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

  [[nodiscard]] std::size_t stuck() { return lane_.stuck(); }

  // No call has come back for so long that it is worth saying.
  [[nodiscard]] bool is_silent() const {
    return silent_since_ && MonotonicTime::clock::now() - *silent_since_ >= kSilence;
  }

  void disconnect() {
    lane_.disconnect();
    silent_since_.reset();
  }

private:
  Lane lane_;
  std::optional<MonotonicTime> silent_since_; // since then, no call has come back
};

} // namespace sfa::guests
