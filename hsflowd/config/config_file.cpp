#include "config/config_file.hpp"

#include "common/file.hpp"

namespace sfa {

LoadedConfig load_config_file(const std::filesystem::path& path) {
  const auto text = read_file(path, kMaxConfigBytes);
  if (text && *text) {
    return load_config(**text, path.native());
  }
  LoadedConfig loaded;
  std::string problem = text ? "no such file" : text.error().message;
  if (const std::string place = path.native() + ": "; problem.starts_with(place)) {
    problem.erase(0, place.size()); // the diagnostic names the file itself
  }
  loaded.diagnostics.push_back(
      {.severity = Diagnostic::Severity::error, .file = path.native(), .place = {}, .message = problem});
  return loaded;
}

} // namespace sfa
