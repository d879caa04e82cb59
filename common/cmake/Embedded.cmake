# A shared library costs each process memory, also for functions that the process never calls. So release builds of
# a daemon include the parts of the C++ library, libspdlog and libfmt that it uses, and the linker drops the shared
# libraries because no symbol of them is left to resolve (docs/decisions/0014-memory-of-sflowovsd.md).
# common/embedded/ depends on the versions of libfmt and libspdlog. With other versions they stay shared libraries.
find_package(fmt QUIET) # for the versions
find_package(spdlog QUIET)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND fmt_VERSION MATCHES "^9\\." AND spdlog_VERSION MATCHES "^1\\.10\\.")
  add_library(embedded_cpp_libraries OBJECT ${CMAKE_SOURCE_DIR}/common/embedded/fmt.cpp ${CMAKE_SOURCE_DIR}/common/embedded/spdlog.cpp)
  target_link_libraries(embedded_cpp_libraries PRIVATE fmt::fmt spdlog::spdlog)
  target_include_directories(embedded_cpp_libraries PRIVATE ${CMAKE_BINARY_DIR}/include/common)
  target_compile_options(embedded_cpp_libraries PRIVATE -w)
  set_target_properties(embedded_cpp_libraries PROPERTIES UNITY_BUILD OFF)
endif()

function(embed_cpp_libraries target)
  if(TARGET embedded_cpp_libraries)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:embedded_cpp_libraries>)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
endfunction()
