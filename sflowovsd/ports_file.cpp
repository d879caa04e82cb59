#include "sflowovsd/ports_file.hpp"

#include "common/file.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>
#include <utility>

namespace sfa::sflowovsd {

namespace {

constexpr std::chrono::seconds kPauseAfterWrite{1};   // from the beginning of one to that of the next
constexpr std::chrono::seconds kPauseAfterFailure{5}; // after one that failed
constexpr mode_t kDirectoryMode = 0755;

constexpr mode_t kFileMode = 0644;

// The service manager makes that of the default path; this is for hosts without it.
void make_default_directory(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path();
  if (path == kPortsFilePath && mkdir(directory.c_str(), kDirectoryMode) == 0) {
    chmod(directory.c_str(), kDirectoryMode); // whatever the umask is
  }
}

// Under systemd, a bind mount goes on showing a directory that was removed. It then has no links, and nothing
// can be created in it. Only a new process gets the new one.
bool was_removed(const std::filesystem::path& directory) {
  struct stat found {};
  return stat(directory.c_str(), &found) == 0 && found.st_nlink == 0;
}

Result<void> replace_if_different(const std::string& path, const std::string& text) {
  const auto present = read_file(path, PortsText::kMaxBytes);
  if (present && *present == text) {
    return {};
  }
  make_default_directory(path);
  auto written = replace_file(path, text, kFileMode, Links::trusted, Durability::not_synced);
  if (!written && was_removed(std::filesystem::path(path).parent_path())) {
    return failure("{}: its directory was removed; restart sflowovsd to use a new one", path);
  }
  return written;
}

} // namespace

PortsFile::PortsFile(EventLoop& loop, std::string path, const PortsSession& ports)
    : path_(std::move(path)), ports_(ports), timer_(loop.timer([this] { update(); })) {}

void PortsFile::update() {
  const auto version = ports_.version();
  if (path_.empty() || !version || version == written_version_) {
    return;
  }
  if (std::chrono::steady_clock::now() >= next_) {
    write();
  }
  if (version != written_version_) {
    timer_.arm_at(next_);
  }
}

void PortsFile::start_over() {
  written_version_.reset();
  next_ = MonotonicTime();
  update();
}

void PortsFile::write() {
  const auto begin = std::chrono::steady_clock::now();
  PortsText text(PortsText::Format::json, last_size_);
  ports_.tables().visit_bridges([&](OvsBridge bridge) { return text.add(std::move(bridge)); });
  const auto counts = text.counts();
  const auto content = text.finish();
  auto pause = kPauseAfterWrite;
  if (!content) {
    state_.failed(content.error());
    written_version_ = ports_.version(); // the same ports would fail again
  } else if (const auto written = replace_if_different(path_, *content); !written) {
    state_.failed(Error{written.error().message + "; trying again every 5 s"});
    pause = kPauseAfterFailure;
  } else {
    state_.ok();
    written_version_ = ports_.version();
    counts_ = counts;
    last_size_ = content->size() + content->size() / 8;
  }
  next_ = begin + pause;
  malloc_trim(0); // the text and the database's updates are most of what was allocated
}

PortsFileStatus PortsFile::status() const {
  const auto unknown = ports_.problem();
  return {path_, counts_, unknown.empty() ? state_.failure_text() : unknown};
}

} // namespace sfa::sflowovsd
