#include "config/config_file.hpp"

#include "common/file.hpp"

namespace sfa {

LoadedConfig load_config_file(const std::filesystem::path& path) {
  const auto text = read_file(path, kMaxConfigBytes);
  if (text && *text) {
    return load_config(**text, path.native());
  }
  LoadedConfig loaded;
  const std::string problem = text ? "no such file" : text.error().message;
  loaded.diagnostics.push_back(
      {.severity = Diagnostic::Severity::error, .file = path.native(), .place = {}, .message = problem});
  return loaded;
}

} // namespace sfa
