// Properties of every text in a configuration file.
#pragma once

#include "commands/convert.hpp"
#include "commands/show.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace sfa {

using namespace commands;
using namespace config;

inline void require_property(bool holds, const char* property) {
  if (!holds) {
    std::fprintf(stderr, "violated: %s\n", property);
    std::abort();
  }
}

inline void check_config_properties(std::string_view text) {
  const LoadedConfig loaded = load_config(text, "f");
  require_property(loaded.config.has_value() != has_error(loaded.diagnostics), "a configuration or an error");
  if (!loaded.config) {
    return;
  }
  if (!loaded.config->collectors.empty() || loaded.config->dns_sd.on) {
    require_property(load_config(show_config(loaded), "f").config == loaded.config,
                     "the output of `show` loads as the same");
  }
  const auto once = convert_config(text, "f");
  const auto twice = once ? convert_config(*once, "f") : once;
  if (!twice) {
    return; // unknown keys may not fit into the other syntax
  }
  require_property(load_config(*twice, "f").config == loaded.config,
                   "there and back is the same configuration");
  require_property(convert_config(*twice, "f") == once, "converted again is the same text");
}

} // namespace sfa
