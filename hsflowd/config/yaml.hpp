// The same options in YAML:
//
//   polling: 20
//   collectors:
//     - ip: 192.0.2.1
//       UDPPort: 6343
//   dns-sd:
//     domain: .example.com
//
// Refused because no configuration needs them: anchors and aliases (a few lines can expand to gigabytes),
// tags, several documents, and repeated keys.
#pragma once

#include "config/tree.hpp"

#include <string_view>

namespace sfa::config {

[[nodiscard]] ParsedTree parse_yaml(std::string_view text);

// True if the first line that is neither empty nor a comment begins as YAML does: `key:`, `---`, `%`, `-`,
// `?`,
// `{` or `[`. The classic syntax begins with the word `sflow` and a brace, so no text is both.
[[nodiscard]] bool looks_like_yaml(std::string_view text);

} // namespace sfa::config
