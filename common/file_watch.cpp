#include "common/file_watch.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>
#include <system_error>
#include <utility>
#include <vector>

namespace sfa {

namespace {

// IN_MODIFY as well as IN_CLOSE_WRITE, because host-sflow keeps the file open and rewrites it in place.
constexpr std::uint32_t kEvents = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                  IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

// The directories and the entries in them that `path` depends on: every directory in the path and, for a
// symbolic link, every directory in the path of its target.
std::vector<std::pair<std::filesystem::path, std::string>> deciding_entries(std::filesystem::path path) {
  std::vector<std::pair<std::filesystem::path, std::string>> entries;
  constexpr int kMaxLinks = 8;
  for (int links = 0; links < kMaxLinks; ++links) {
    for (auto p = path; p.has_relative_path(); p = p.parent_path()) {
      entries.emplace_back(p.parent_path(), p.filename());
    }
    std::error_code error;
    const auto target = std::filesystem::read_symlink(path, error);
    if (error) {
      break;
    }
    path = (path.parent_path() / target).lexically_normal();
  }
  return entries;
}

} // namespace

FileWatch::FileWatch(EventLoop& loop, const std::filesystem::path& path, Callback changed)
    : path_(std::filesystem::absolute(path).lexically_normal()), changed_(std::move(changed)),
      inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!inotify_) {
    throw std::system_error(errno, std::generic_category(), "inotify_init1");
  }
  watch_directories();
  readable_ = loop.on_readable(inotify_.get(), [this] { drain(); });
}

void FileWatch::watch_directories() {
  decltype(watched_) now;
  for (const auto& [directory, name] : deciding_entries(path_)) {
    const int watch = inotify_add_watch(inotify_.get(), directory.c_str(), kEvents);
    if (watch >= 0) {
      now[watch].insert(name);
    } else if (errno == ENOSPC) {
      throw std::system_error(errno, std::generic_category(), "inotify_add_watch " + directory.native());
    }
  }
  for (const auto& [watch, names] : watched_) {
    if (!now.contains(watch)) {
      inotify_rm_watch(inotify_.get(), watch);
    }
  }
  watched_ = std::move(now);
}

void FileWatch::drain() {
  bool relevant = false;
  alignas(inotify_event) std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while ((got = read(inotify_.get(), buffer.data(), buffer.size())) > 0) {
    for (const char* at = buffer.data(); at < buffer.data() + got;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const std::string_view name = event.len > 0 ? at + sizeof event : std::string_view{};
      const auto watched = watched_.find(event.wd);
      const bool directory_itself = (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
      relevant = relevant || (event.mask & IN_Q_OVERFLOW) != 0 ||
                 (watched != watched_.end() && (directory_itself || watched->second.contains(name)));
      at += sizeof event + event.len;
    }
  }
  if (relevant) {
    watch_directories();
    changed_();
  }
}

} // namespace sfa
