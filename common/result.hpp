// Errors as values. A function that can fail because of the outside world returns Result<T>. Each layer may
// add one phrase of context. No function both logs and returns an error.
#pragma once

#include "common/extern_templates.hpp"

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace sfa {

struct Error {
  std::string message;
  int number = 0; // errno(3) of a failed system call, otherwise 0

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

// The error of a Result that failed, to return it as the error of another: `return error_of(text);`. With
// `place`, "PLACE: message".
template <class T>
[[nodiscard]] tl::unexpected<Error> error_of(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}
template <class T>
[[nodiscard]] tl::unexpected<Error> error_of(const Result<T>& failed, std::string_view place) {
  return tl::unexpected<Error>(failed.error().in(place));
}

// The text of the current errno after what was attempted: "open /etc/x: No such file or directory".
[[nodiscard]] tl::unexpected<Error> errno_failure(std::string_view what);

} // namespace sfa
