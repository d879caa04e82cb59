// libfmt.so contains this function, but fmt/format.h instantiates it again in every file that formats: 70 KB
// of code, and half of the time that many of our files took to compile. libfmt 11 no longer contains it.
// clang does not find it in a libfmt that g++ has compiled (https://github.com/fmtlib/fmt/issues/2377).
#pragma once

#include <fmt/format.h>

#if FMT_VERSION < 110000 && !defined(__clang__)
FMT_BEGIN_NAMESPACE
namespace detail {

extern template void vformat_to(buffer<char>&, string_view, basic_format_args<buffer_context<char>>,
                                locale_ref);

} // namespace detail
FMT_END_NAMESPACE
#endif
