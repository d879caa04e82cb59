// Checks each file of tests/fixtures/config: good ones against the values that they resolve to, bad ones
// against their exact errors and warnings. UPDATE_EXPECTED=1 in the environment rewrites the expected files,
// for review.
#include "commands/convert.hpp"
#include "commands/show.hpp"
#include "common/text.hpp"
#include "config/load.hpp"
#include "paths.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace sfa::config_fixtures_test {

using namespace commands;
using namespace config;

namespace {

const std::filesystem::path kDirectory = test::fixtures_directory() / "config";

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// At least 60 of them: a directory that was moved must not pass for one without a mistake.
std::vector<std::filesystem::path> files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".expected") {
      found.push_back(entry.path());
    }
  }
  REQUIRE(found.size() >= 60);
  return found;
}

std::string reported(const LoadedConfig& loaded) {
  std::string text;
  for (const auto& diagnostic : loaded.diagnostics) {
    const bool is_error = diagnostic.severity == Diagnostic::Severity::error;
    text += fmt::format("# {}: {}\n", is_error ? "error" : "warning", diagnostic.to_string());
  }
  return text;
}

// The output of `show` without the options that the file does not set: they are in show_test.cpp, so that a
// new option changes one expected text and not all of these.
std::string set_values(const LoadedConfig& loaded) {
  const std::string shown = show_config(loaded);
  std::string text;
  std::string heading; // of a section, for its first value
  for (const auto line : lines(shown)) {
    if (line.ends_with(": not set") || line.ends_with("# default")) {
      continue;
    }
    if (line.ends_with(':') && !line.starts_with(' ') && !line.starts_with('#')) {
      heading = fmt::format("{}\n", line);
      continue;
    }
    text += line.starts_with(' ') ? std::exchange(heading, "") : "";
    text += fmt::format("{}\n", line);
  }
  return text;
}

void check_expected(const std::filesystem::path& file, const std::string& actual) {
  const std::filesystem::path expected = file.native() + ".expected";
  if (std::getenv("UPDATE_EXPECTED") != nullptr) {
    std::ofstream(expected, std::ios::binary) << actual;
  }
  CHECK(actual == content(expected));
}

LoadedConfig load(const std::filesystem::path& file) {
  return load_config(content(file), file.filename().native());
}

} // namespace

TEST_CASE("every good configuration resolves to the expected values and origins") {
  for (const auto& file : files(kDirectory / "good")) {
    INFO(file);
    const auto loaded = load(file);
    CHECK(loaded.config);
    check_expected(file, set_values(loaded) + reported(loaded));
  }
}

TEST_CASE("every bad configuration is refused with exactly the expected messages") {
  for (const auto& file : files(kDirectory / "bad")) {
    INFO(file);
    const auto loaded = load(file);
    CHECK_FALSE(loaded.config);
    CHECK(show_config(loaded).empty());
    check_expected(file, reported(loaded));
  }
}

TEST_CASE("a good configuration survives a conversion to the other syntax and back") {
  for (const auto& file : files(kDirectory / "good")) {
    INFO(file);
    const auto loaded = load(file);
    REQUIRE(loaded.config);
    const auto once = convert_config(content(file), "f");
    REQUIRE(once);
    const auto twice = convert_config(*once, "f");
    REQUIRE(twice);
    CHECK(convert_config(*twice, "f") == once);
    CHECK(load_config(*once, "f").config == loaded.config);
    CHECK(load_config(*twice, "f").config == loaded.config);
  }
}

TEST_CASE("the output of `show` loads as the same configuration") {
  for (const auto& file : files(kDirectory / "good")) {
    INFO(file);
    const auto loaded = load(file);
    REQUIRE(loaded.config);
    if (loaded.config->collectors.empty() && !loaded.config->dns_sd.on) {
      continue; // valid only because of an ignored section, which is shown as a comment
    }
    const auto again = load_config(show_config(loaded), "f");
    CHECK(again.config == loaded.config);
    CHECK(reported(again).find("unknown") == std::string::npos);
  }
}

TEST_CASE("a configuration cut off at any byte is either loaded or refused") {
  for (const auto* directory : {"good", "bad"}) {
    for (const auto& file : files(kDirectory / directory)) {
      INFO(file);
      const std::string text =
          content(file).substr(0, 600); // the rest of the longest is one line of one character
      for (std::size_t length = 0; length < text.size(); ++length) {
        const auto loaded = load_config(text.substr(0, length), "f");
        CHECK(loaded.config.has_value() != has_error(loaded.diagnostics));
      }
    }
  }
}

TEST_CASE("the two sample configurations are equivalent") {
  const std::filesystem::path samples = test::source_directory() / "conf";
  const auto classic = load(samples / "hsflowd.conf");
  const auto yaml = load(samples / "hsflowd.yaml");
  REQUIRE(classic.config);
  CHECK(classic.config == yaml.config);
  CHECK(classic.diagnostics.empty());
  CHECK(yaml.diagnostics.empty());
}

} // namespace sfa::config_fixtures_test
