// Any text as a YAML configuration file, and what follows from one that is good.

#include "config_properties.hpp"

#include "config/yaml.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(sfa::config::parse_yaml(text));
  if (sfa::config::looks_like_yaml(text)) {
    sfa::check_config_properties(text);
  }
  return 0;
}
