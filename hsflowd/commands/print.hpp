// Configurations as text.
#pragma once

#include "common/result.hpp"
#include "config/load.hpp"

#include <string>
#include <string_view>

namespace sfa::commands {

// Every option with its value in force, as YAML that loads as the same configuration; behind each value, as a
// comment, where it came from. Options without a value, and what this build ignores, are comments. Empty when
// there is no Config.
[[nodiscard]] std::string show_config(const config::LoadedConfig& loaded);

// The other syntax: classic becomes YAML, YAML becomes classic. Deprecated names become today's, of values
// that were set twice the last one stays, and what this build ignores is kept; comments are lost. The result
// was loaded again and gave the same Config. The error is the first one of load_config, in its form.
[[nodiscard]] Result<std::string> convert_config(std::string_view text, std::string_view file_name);

// `text` as a YAML scalar: in quotes where a YAML reader would otherwise take it for something else.
// `is_text` says that the option is no number and no boolean.
[[nodiscard]] std::string yaml_scalar(std::string_view text, bool is_text);

} // namespace sfa::commands
