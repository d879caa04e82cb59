// The commands about configuration files: hsflowd check, show and convert. Each prints what is wrong with a
// file to stderr and returns the exit status: 0, or 78 (EX_CONFIG) when the file has an error.
#pragma once

#include <filesystem>
#include <string>

namespace sfa::commands {

[[nodiscard]] int check_command(const std::filesystem::path& file);
struct ShowOptions {
  std::string uuid; // of the command line, or empty
  std::filesystem::path state_dir;
};
// What the file resolves to, each value with where it came from. With DNS-SD that takes in the daemon's copy
// of the last answer; nothing is asked.
[[nodiscard]] int show_command(const std::filesystem::path& file, const ShowOptions& options);
// The same configuration in the other syntax.
[[nodiscard]] int convert_command(const std::filesystem::path& file);

} // namespace sfa::commands
