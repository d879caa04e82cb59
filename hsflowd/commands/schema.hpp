// The option table, for editors and for people.
#pragma once

#include <string>

namespace sfa::commands {

// A JSON Schema (draft-07, which most editors support) of the YAML syntax.
[[nodiscard]] std::string json_schema();

// The tables in docs/configuration.md, one per section.
[[nodiscard]] std::string markdown_option_table();

} // namespace sfa::commands
