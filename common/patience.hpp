// How long to wait for another thread before what it does counts as stuck.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace sfa {

// Waits until `done`, at most for `patience`; returns whether it is done. It waits in two halves: a process
// that was stopped (SIGSTOP, the freezer of cgroups(7), a virtual machine that was paused) finds the time of
// the first one over, although nothing hangs, and the second one gives the other thread its turn.
template <class Done>
[[nodiscard]] bool wait_with_patience(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                                      std::chrono::nanoseconds patience, Done done) {
  const auto half = patience / 2;
  return changed.wait_for(lock, half, done) || changed.wait_for(lock, patience - half, std::move(done));
}

} // namespace sfa
