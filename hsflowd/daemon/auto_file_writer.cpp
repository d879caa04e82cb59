#include "daemon/auto_file_writer.hpp"

#include "common/file.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::daemon {

namespace {

constexpr std::chrono::seconds kRetry{5};

} // namespace

AutoFileWriter::AutoFileWriter(EventLoop& loop, std::filesystem::path path, Callback again)
    : path_(std::move(path)), again_(loop, kRetry, std::move(again)) {}

void AutoFileWriter::publish(const Settings& settings) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  const auto old_text = read_file(path_, kMaxBytes);
  const auto old = old_text && *old_text ? parse_auto_file(**old_text) : failure("no file");
  if (old) {
    revision_ = std::max(revision_, old->revision);
    if (format_auto_file({.revision = revision_, .settings = settings}) == **old_text) {
      state_.ok();
      return;
    }
  }
  // 0 is not a revision: after the largest number comes 1.
  const std::uint32_t next = std::max(revision_ + 1, std::uint32_t{1});
  if (const auto written = replace_file(path_, format_auto_file({.revision = next, .settings = settings}));
      written) {
    revision_ = next;
    state_.ok();
    spdlog::debug("{}: revision {} written", path_.native(), next);
  } else {
    state_.failed(written.error());
    again_.trigger();
  }
}

} // namespace sfa::daemon
