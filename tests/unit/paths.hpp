// Where the tests find files of the source tree: compiled into one file only, so that the objects of the
// others do not depend on the directory that they are built in.
#pragma once

#include <filesystem>

namespace sfa::test {

std::filesystem::path source_directory();

inline std::filesystem::path fixtures_directory() {
  return source_directory() / "tests" / "fixtures";
}

} // namespace sfa::test
