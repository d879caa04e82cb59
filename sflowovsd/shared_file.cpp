#include "sflowovsd/shared_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// host-sflow rewrites the file in place. An incomplete file is reported only if it stays incomplete for this
// long.
constexpr std::chrono::milliseconds kWriting{200};
constexpr std::chrono::seconds kRetry{1};

} // namespace

// The watch is created before the first read, so that no change is missed between the two.
SharedFile::SharedFile(EventLoop& loop, std::filesystem::path path, Apply apply)
    : path_(std::move(path)), apply_(std::move(apply)), settled_(loop, kWriting, [this] { read(); }),
      retry_(loop.timer([this] { read(); })), watch_(loop, {path_}, [this] { read_changed(); }) {
  read();
}

void SharedFile::read() {
  settled_.cancel();
  if (!try_read()) {
    state_.failed(Error{error_.message +
                        (content_ ? "; keeping the last good settings" : "; Open vSwitch is not changed")});
    if (error_.number != 0) { // the system refused, and may do otherwise without any change of the file
      retry_.arm_at(std::chrono::steady_clock::now() + kRetry);
    }
  }
}

void SharedFile::read_changed() {
  if (try_read()) {
    settled_.cancel();
  } else {
    settled_.trigger();
  }
}

// True if the file is good or does not exist.
bool SharedFile::try_read() {
  auto file = read_auto_file(path_);
  if (!file) {
    error_ = file.error();
    return false;
  }
  state_.ok();
  if (*file == content_) {
    return true;
  }
  content_ = *std::move(file);
  if (revision_lines_.admits()) {
    spdlog::info("{}: {}", path_.native(),
                 content_ ? fmt::format("revision {}", content_->revision)
                          : "removed; Open vSwitch is not changed");
  }
  apply_(content_ ? std::optional(content_->settings) : std::nullopt);
  return true;
}

SharedFileStatus SharedFile::status() const {
  return {.path = path_.native(),
          .revision = content_ ? std::optional(content_->revision) : std::nullopt,
          .problem = state_.failure_text()};
}

} // namespace sfa::sflowovsd
