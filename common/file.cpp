#include "common/file.hpp"

#include "common/handle.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <span>
#include <unistd.h>

namespace sfa {

namespace {

// Calls read(2), again when a signal interrupts it; -1 if it fails.
ssize_t read_some(int fd, std::span<char> buffer) {
  ssize_t got = 0;
  do {
    got = read(fd, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  return got;
}

// What `content_of` returns for the open file, or nullopt if the file does not exist.
template <class ContentOf>
Result<std::optional<std::string>> read_opened(const std::string& path, ContentOf content_of) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd) {
    return content_of(fd.get());
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return std::nullopt;
  }
  return errno_failure(path);
}

} // namespace

Result<std::optional<std::string>> read_file(const std::string& path, std::size_t max_bytes) {
  return read_opened(path, [&](int fd) -> Result<std::string> {
    // Read to the end, not to st_size, which is 0 for files in /proc.
    std::string content;
    std::size_t size = 0;
    for (;;) {
      constexpr std::size_t kLeast = 4UL * 1024;
      if (content.size() - size < kLeast) {
        content.resize(std::max(2 * content.size(), 2 * kLeast));
      }
      const ssize_t got = read_some(fd, std::span(content).subspan(size));
      if (got < 0) {
        return errno_failure(path);
      }
      size += static_cast<std::size_t>(got);
      if (size > max_bytes) {
        return failure("{}: larger than {} bytes", path, max_bytes);
      }
      if (got == 0) {
        content.resize(size);
        return content;
      }
    }
  });
}

Result<std::optional<std::string>> read_first_lines(const std::string& path, std::size_t max_bytes) {
  return read_opened(path, [&](int fd) -> Result<std::string> {
    std::string content(max_bytes, '\0');
    const ssize_t got = read_some(fd, content);
    if (got < 0) {
      return errno_failure(path);
    }
    content.resize(static_cast<std::size_t>(got));
    content.resize(content.rfind('\n') + 1); // npos + 1 is 0
    return content;
  });
}

Result<void> flush_output() {
  if (std::fflush(stdout) != 0 && errno != EPIPE) {
    return errno_failure("standard output");
  }
  return {};
}

} // namespace sfa
