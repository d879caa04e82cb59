// JSON text. nlohmann's parser and writer are compiled here only: each costs seconds in every file that uses
// it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace sfa {

using Json = nlohmann::ordered_json;

// Throws what nlohmann::json::parse() throws, a std::exception.
[[nodiscard]] Json parse_json(std::string_view text);

// With a line for each member, indented by two spaces, and a newline at the end. Bytes that are not UTF-8 are
// replaced by U+FFFD.
[[nodiscard]] std::string format_json(const Json& json);

// The same in one line, without a newline.
[[nodiscard]] std::string format_json_line(const Json& json);

} // namespace sfa
