#include "common/file_watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

namespace sfa {

namespace {

constexpr const char* kAnyEntry = "*";

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

FileWatch::FileWatch(EventLoop& loop, std::vector<std::filesystem::path> paths, Callback changed,
                     std::chrono::milliseconds poll)
    : loop_(loop), paths_(std::move(paths)), changed_(std::move(changed)), poll_interval_(poll),
      poll_(loop.timer([this] { this->poll(); })) {
  for (auto& path : paths_) {
    path = std::filesystem::absolute(path).lexically_normal();
  }
  use_inotify();
}

// Or else polls.
void FileWatch::use_inotify() {
  const auto started = start();
  if (started) {
    state_.ok();
    return;
  }
  state_.failed(Error{fmt::format("{}; looking at {} every second instead", started.error().message,
                                  paths_.empty() ? "" : paths_.front().native())});
  readable_ = {};
  inotify_ = {};
  watched_.clear();
  seen_ = look();
  poll_.arm_at(std::chrono::steady_clock::now() + poll_interval_);
}

Result<void> FileWatch::start() {
  inotify_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_) {
    auto failed = errno_failure("inotify_init1");
    const UniqueFd free(eventfd(0, EFD_CLOEXEC)); // inotify_init1(2): EMFILE has two meanings
    return free && failed.value().number == EMFILE
               ? failure("{}: the limit is fs.inotify.max_user_instances (sysctl(8))", failed.value().message)
               : Result<void>(failed);
  }
  return watch_directories().map(
      [this] { readable_ = loop_.on_readable(inotify_.get(), [this] { drain(); }); });
}

Result<void> FileWatch::watch_directories() {
  decltype(watched_) now;
  for (const auto& path : paths_) {
    for (const auto& [directory, name] : deciding_entries(path)) {
      const int watch = inotify_add_watch(inotify_.get(), directory.c_str(), kEvents);
      if (watch >= 0) {
        now[watch].insert(name);
      } else if (errno == ENOSPC) {
        return failure("inotify_add_watch {}: {}: the limit is fs.inotify.max_user_watches (sysctl(8))",
                       directory.native(), std::generic_category().message(ENOSPC));
      }
    }
  }
  for (const auto& [watch, names] : watched_) {
    if (!now.contains(watch)) {
      inotify_rm_watch(inotify_.get(), watch);
    }
  }
  watched_ = std::move(now);
  return {};
}

std::vector<FileWatch::Look> FileWatch::look() const {
  std::vector<Look> looks;
  std::ranges::transform(paths_, std::back_inserter(looks), look_at);
  return looks;
}

FileWatch::Look FileWatch::look_at(const std::filesystem::path& path) {
  struct stat found {};
  const auto& real = path.filename() == kAnyEntry ? path.parent_path() : path;
  if (stat(real.c_str(), &found) != 0) {
    return {};
  }
  return {.device = found.st_dev,
          .inode = found.st_ino,
          .size = found.st_size,
          .changed_s = found.st_ctim.tv_sec,
          .changed_ns = found.st_ctim.tv_nsec};
}

void FileWatch::poll() {
  const auto before = seen_;
  use_inotify();
  if (look() != before) {
    changed_();
  }
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
                 (watched != watched_.end() && (directory_itself || watched->second.contains(name) ||
                                                watched->second.contains(std::string_view(kAnyEntry))));
      at += sizeof event + event.len;
    }
  }
  if (relevant) {
    if (const auto watched = watch_directories(); !watched) {
      use_inotify(); // anew, and polls if that fails, too
    }
    changed_();
  }
}

} // namespace sfa
