// The classic syntax of hsflowd.conf:
//
//   sflow {
//     polling = 20
//     collector { ip=192.0.2.1 udpport=6343 }   # a comment
//   }
//
// Space, tab, CR, LF, `=` and `;` all just separate. A value in double quotes may contain them, and `""` in
// it stands for one quote. Case does not matter in keys.
#pragma once

#include "config/tree.hpp"

#include <string_view>

namespace sfa::config {

// Limits of the older agent, in bytes.
inline constexpr std::size_t kMaxClassicLine = 2047;
inline constexpr std::size_t kMaxClassicToken = 255;

// Deployed files rely on it that a missing last `}` is forgiven: it costs a warning.
[[nodiscard]] ParsedTree parse_classic(std::string_view text);

} // namespace sfa::config
