// Text as YAML.
#pragma once

#include <string>
#include <string_view>

namespace sfa::commands {

// `text` as a YAML scalar, with quotes if a YAML reader would take it for something else. `is_text` is false
// for numbers and booleans.
[[nodiscard]] std::string yaml_scalar(std::string_view text, bool is_text);

} // namespace sfa::commands
