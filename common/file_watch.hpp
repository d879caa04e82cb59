// Reports that a file may have changed: it was written, replaced by rename(2) or removed, or a directory in
// its path appeared or disappeared. It watches directories with inotify(7), because a watch on the file
// itself would stay with the old inode when the file is replaced.
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace sfa {

class FileWatch {
public:
  // Calls `changed` from the loop for every change after construction. Throws std::system_error if the system
  // has no inotify instance left.
  FileWatch(EventLoop& loop, const std::filesystem::path& path, Callback changed);

private:
  void watch_directories();
  void drain();

  std::filesystem::path path_;
  Callback changed_;
  UniqueFd inotify_;
  std::map<int, std::set<std::string, std::less<>>>
      watched_; // watch descriptor -> relevant names in that directory
  EventSource readable_;
};

} // namespace sfa
