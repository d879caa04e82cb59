// Hosts for the tests of the sources: captured ones from tests/fixtures/hosts, and one that a test writes
// itself.
#pragma once

#include "host/sys_root.hpp"
#include "paths.hpp"
#include "sources/counter_source.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sfa::test {

using namespace host;
using namespace sources;

inline std::filesystem::path hosts_directory() {
  return fixtures_directory() / "hosts";
}

// The directories of all captured hosts.
inline std::vector<std::filesystem::path> captured_hosts() {
  std::vector<std::filesystem::path> hosts;
  for (const auto& entry : std::filesystem::directory_iterator(hosts_directory())) {
    if (entry.is_directory()) {
      hosts.push_back(entry.path());
    }
  }
  REQUIRE(hosts.size() >= 8);
  return hosts;
}

inline SysRoot fixture_host(std::string_view name) {
  const auto directory = hosts_directory() / name;
  REQUIRE(std::filesystem::is_directory(directory));
  return SysRoot(directory);
}

// A host of its own, gone after the test.
class TemporaryHost {
public:
  TemporaryHost() {
    std::string pattern = (std::filesystem::temp_directory_path() / "host-XXXXXX").native();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TemporaryHost(const TemporaryHost&) = delete;
  TemporaryHost& operator=(const TemporaryHost&) = delete;
  TemporaryHost(TemporaryHost&&) = delete;
  TemporaryHost& operator=(TemporaryHost&&) = delete;
  ~TemporaryHost() { std::filesystem::remove_all(path_); }

  void write(std::string_view file, std::string_view content) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << content;
  }
  void remove(std::string_view file) const { std::filesystem::remove_all(path_ / file); }
  [[nodiscard]] SysRoot root() const { return SysRoot(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

// The value of a Result that must have one.
template <class T>
T value_of(const Result<T>& result) {
  INFO((result ? "no error" : result.error().message));
  REQUIRE(result);
  return *result;
}

// What a source reads, when it must be there.
template <class Block>
Block read_block(CounterSource& source, const SysRoot& root) {
  const auto block = source.read(root);
  INFO((block ? "no error" : block.error().message));
  REQUIRE(block);
  REQUIRE(*block);
  REQUIRE(std::holds_alternative<Block>(**block));
  return std::get<Block>(**block);
}

inline bool is_absent(CounterSource& source, const SysRoot& root) {
  const auto block = source.read(root);
  return block && !*block;
}

// Gives `parse` the file `path` of every captured host, cut short at every byte: each time it must return a
// value or an Error that says something. (That it reads nothing beyond its text is for the sanitizers to
// see.)
template <class Parse>
void cut_short_at_every_byte(std::string_view path, Parse parse) {
  std::size_t files = 0;
  for (const auto& host : captured_hosts()) {
    const auto text = SysRoot(host).read(path);
    if (!text || !*text) {
      continue;
    }
    ++files;
    for (std::size_t size = 0; size <= (*text)->size(); ++size) {
      const std::string cut((*text)->data(), size); // on the heap, so that a read past its end is caught
      const auto parsed = parse(std::string_view(cut));
      if (!parsed && parsed.error().message.empty()) {
        FAIL("an error without words at byte " << size);
      }
    }
    CHECK(parse(std::string_view(**text)));
  }
  CHECK(files > 0);
}

} // namespace sfa::test
