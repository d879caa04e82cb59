// The classic syntax of hsflowd.conf:
//
//   sflow {
//     polling = 20
//     collector { ip=192.0.2.1 udpport=6343 }   # a comment
//   }
//
// Space, tab, CR, LF, `=` and `;` are all separators. A value in double quotes may contain them; in it, `""`
// is one quote. Case does not matter in keys.
#pragma once

#include "config/tree.hpp"

#include <string_view>

namespace sfa::config {

// The limits of host-sflow, in bytes.
inline constexpr std::size_t kMaxClassicLine = 2047;
inline constexpr std::size_t kMaxClassicToken = 255;

// A missing last `}` is only a warning, because deployed files rely on that.
[[nodiscard]] ParsedTree parse_classic(std::string_view text);

} // namespace sfa::config
