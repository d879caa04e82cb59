// What the option table says, for editors and for people.
#pragma once

#include <string>

namespace sfa::commands {

// A JSON Schema (draft-07, which editors know best) for the YAML syntax.
[[nodiscard]] std::string json_schema();

// The tables in docs/configuration.md: one a section.
[[nodiscard]] std::string markdown_option_table();

} // namespace sfa::commands
