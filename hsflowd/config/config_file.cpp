#include "config/config_file.hpp"

#include "common/file.hpp"

#include <cerrno>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <utility>

namespace sfa::config {

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
  if (!text && text.error().number == EACCES) {
    problem += fmt::format("; the user with uid {} must be able to read it", geteuid());
  }
  loaded.diagnostics.push_back(
      {.severity = Diagnostic::Severity::error, .file = path.native(), .place = {}, .message = problem});
  return loaded;
}

Result<FileConfig> load_config_and_log(const std::filesystem::path& path) {
  LoadedConfig loaded = load_config_file(path);
  std::string first_error;
  for (const auto& diagnostic : loaded.diagnostics) {
    const bool error = diagnostic.severity == Diagnostic::Severity::error;
    spdlog::log(error ? spdlog::level::err : spdlog::level::warn, "{}", diagnostic.to_string());
    if (error && first_error.empty()) {
      first_error = diagnostic.to_string();
    }
  }
  if (!loaded.config) {
    return tl::unexpected(Error{std::move(first_error)});
  }
  return FileConfig{.config = *std::move(loaded.config), .origins = std::move(loaded.origins)};
}

} // namespace sfa::config
