// Errors as values. A function that can fail because of the outside world returns Result<T>; each layer may
// add one phrase of context with Error::in, and nobody logs an error that it also returns.
#pragma once

#include <fmt/format.h>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace sfa {

struct Error {
  std::string message;
  int number = 0; // errno(3) of the system call that failed; 0 for every other failure

  // The same error with its place in front: "PLACE: message".
  [[nodiscard]] Error in(std::string_view place) const;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

template <class... Args>
[[nodiscard]] tl::unexpected<Error> failure(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{fmt::format(format, std::forward<Args>(args)...)});
}

// The current errno in words, after what was attempted: "open /etc/x: No such file or directory".
[[nodiscard]] tl::unexpected<Error> errno_failure(std::string_view what);

} // namespace sfa
