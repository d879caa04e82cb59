// Reports that one of several files may have changed: it was written, replaced by rename(2) or removed, or a
// directory in its path appeared or disappeared. A path DIRECTORY/* stands for the entries of a directory. It
// watches directories with inotify(7), because a watch on the file itself would stay with the old inode when
// the file is replaced. While the system has no inotify instance or watch left, it looks at the file (at a
// directory's time of change) every second instead, and says so in the log.
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"
#include "common/log.hpp"
#include "common/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sfa {

class FileWatch {
public:
  static constexpr std::chrono::milliseconds kPoll{1000};

  // Calls `changed` from the loop for every change after construction. One inotify instance serves all paths:
  // there are few, and the kernel takes its time to close one. `poll` is for tests.
  FileWatch(EventLoop& loop, std::vector<std::filesystem::path> paths, Callback changed,
            std::chrono::milliseconds poll = kPoll);
  FileWatch(const FileWatch&) = delete; // its event sources hold `this`
  FileWatch& operator=(const FileWatch&) = delete;
  FileWatch(FileWatch&&) = delete;
  FileWatch& operator=(FileWatch&&) = delete;
  ~FileWatch() = default;

private:
  // What differs after a change; all zeros if there is no file.
  struct Look {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed_s = 0;
    std::int64_t changed_ns = 0;

    bool operator==(const Look&) const = default;
  };

  [[nodiscard]] std::vector<Look> look() const;
  [[nodiscard]] static Look look_at(const std::filesystem::path& path);
  void use_inotify();
  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<void> watch_directories();
  void drain();
  void poll();

  EventLoop& loop_;
  std::vector<std::filesystem::path> paths_; // absolute
  Callback changed_;
  std::chrono::milliseconds poll_interval_;
  LoggedState state_{"file watch"};
  UniqueFd inotify_; // none while it polls
  std::map<int, std::set<std::string, std::less<>>>
      watched_; // watch descriptor -> relevant names in that directory
  EventSource readable_;
  std::vector<Look> seen_;
  Timer poll_;
};

} // namespace sfa
