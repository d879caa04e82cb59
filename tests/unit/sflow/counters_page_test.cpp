#include "sflow/counters.hpp"

#include "paths.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace sfa::sflow_counters_page_test {

using namespace sflow;

namespace {

using Fields = std::vector<std::string>;

// Heading "NAME (FORMAT)" -> the names in the first column of the table below it.
std::map<std::string, Fields> page() {
  std::ifstream file(test::source_directory() / "docs" / "counters.md");
  std::map<std::string, Fields> sections;
  std::string heading;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("### ")) {
      heading = line.substr(4);
    } else if (line.starts_with("| `")) {
      sections[heading].push_back(line.substr(3, line.find('`', 3) - 3));
    }
  }
  return sections;
}

struct Names {
  Fields& names;
  void operator()(const char* name, const auto&...) { names.emplace_back(name); }
};

template <class... Blocks>
std::map<std::string, Fields> code(std::variant<Blocks...>*) {
  std::map<std::string, Fields> sections;
  const auto add = [&]<class T>(const T& block) {
    T::fields(block, Names{sections[fmt::format("{} ({})", T::kName, T::kFormat)]});
  };
  (add(Blocks{}), ...);
  return sections;
}

} // namespace

TEST_CASE("the page of counters has every structure with its format, and every field in its order") {
  CHECK(page() == code(static_cast<CounterBlock*>(nullptr)));
}

} // namespace sfa::sflow_counters_page_test
