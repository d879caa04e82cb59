#pragma once

namespace sfa {

// The version of the packages, such as "1.2.3" or "1.2.3+git4.0123456789ab" (common/cmake/Version.cmake). Not
// a macro: with each commit a single file is compiled again.
extern const char kVersion[]; // NOLINT(cppcoreguidelines-avoid-c-arrays,modernize-avoid-c-arrays): a constant
                              // address, for modules

} // namespace sfa
