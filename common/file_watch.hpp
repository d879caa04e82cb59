// Notices when what a path names may have changed: the file is written, replaced by rename(2), removed, or a
// directory on the way to it appears or goes. No polling: inotify(7) on directories, because a watch on a
// file stays with the old inode when the file is replaced.
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
  // Watches from now on; `changed` is called from the loop. Throws std::system_error when the system has no
  // inotify instance left.
  FileWatch(EventLoop& loop, const std::filesystem::path& path, Callback changed);

private:
  void watch_directories();
  void drain();

  std::filesystem::path path_;
  Callback changed_;
  UniqueFd inotify_;
  std::map<int, std::set<std::string, std::less<>>>
      watched_; // watch descriptor -> the names in it that matter
  EventSource readable_;
};

} // namespace sfa
