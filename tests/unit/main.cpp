#define CATCH_CONFIG_MAIN
#include "paths.hpp"

#include <catch2/catch.hpp>

std::filesystem::path sfa::test::source_directory() {
  return SOURCE_DIRECTORY;
}
