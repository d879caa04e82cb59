// hsflowd convert: prints a configuration in the other syntax.
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>

namespace sfa::commands {

// Converts classic text to YAML, and YAML to classic text. Deprecated names become current names; of a value
// that is set twice, the last one stays; ignored names are kept; comments are lost. The result loads as the
// same Config. The error is the first one of load_config, in its form.
[[nodiscard]] Result<std::string> convert_config(std::string_view text, std::string_view file_name);

} // namespace sfa::commands
