#include "paths.hpp"

std::filesystem::path sfa::test::source_directory() {
  return SOURCE_DIRECTORY;
}
