#include "sflowovsd/shared_file.hpp"

#include <spdlog/spdlog.h>
#include <utility>

namespace sfa {

// The watch is made before the first read, so that no change can fall between the two.
SharedFile::SharedFile(EventLoop& loop, std::filesystem::path path, Apply apply)
    : path_(std::move(path)), apply_(std::move(apply)), watch_(loop, path_, [this] { read(); }) {
  read();
}

void SharedFile::read() {
  auto file = read_auto_file(path_);
  if (!file) {
    state_.failed(Error{file.error().message + "; the last good settings stay in force"});
    return;
  }
  state_.ok();
  if (*file == content_) {
    return;
  }
  content_ = *std::move(file);
  if (content_) {
    spdlog::info("{}: revision {}", path_.native(), content_->revision);
  } else {
    spdlog::info("{}: gone; Open vSwitch is left as it is", path_.native());
  }
  apply_(content_ ? std::optional(content_->settings) : std::nullopt);
}

} // namespace sfa
