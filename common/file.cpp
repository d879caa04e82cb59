#include "common/file.hpp"

#include "common/handle.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace sfa {

namespace {

Result<void> write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return errno_failure("write");
    }
    content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return {};
}

Result<void> write_synced(const std::string& path, std::string_view content, unsigned mode) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd || fchmod(fd.get(), mode) != 0) {
    return errno_failure(path);
  }
  return write_all(fd.get(), content).and_then([&]() -> Result<void> {
    return fsync(fd.get()) == 0 ? Result<void>{} : errno_failure("fsync");
  });
}

} // namespace

Result<std::optional<std::string>> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::nullopt;
    }
    return errno_failure(path.native());
  }
  // Read to the end, not to st_size, which is 0 for files in /proc.
  std::string content;
  for (;;) {
    constexpr std::size_t kChunk = 16UL * 1024;
    const std::size_t before = content.size();
    content.resize(before + kChunk);
    const ssize_t got = read(fd.get(), content.data() + before, kChunk);
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) {
      return errno_failure(path.native());
    }
    if (got == 0) {
      return content;
    }
    if (content.size() > max_bytes) {
      return failure("{}: larger than {} bytes", path.native(), max_bytes);
    }
  }
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  std::error_code error;
  auto target = std::filesystem::weakly_canonical(path, error);
  if (error) {
    target = path;
  }
  const std::string temporary = target.parent_path() / ("." + target.filename().native() + ".new");
  if (const auto written = write_synced(temporary, content, mode); !written) {
    unlink(temporary.c_str());
    return error_of(written);
  }
  if (rename(temporary.c_str(), target.c_str()) != 0) {
    auto failed = errno_failure(target.native());
    unlink(temporary.c_str());
    return failed;
  }
  return {};
}

Result<void> flush_output() {
  if (std::fflush(stdout) != 0 && errno != EPIPE) {
    return errno_failure("standard output");
  }
  return {};
}

} // namespace sfa
