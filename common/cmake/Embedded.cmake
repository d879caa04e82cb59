# A shared library costs each process memory, also for functions that the process never calls. So release builds of
# a daemon include the parts of the C++ library, libspdlog and libfmt that it uses, and the linker drops the shared
# libraries because no symbol of them is left to resolve (docs/decisions/0014-memory-of-sflowovsd.md).
# common/embedded/ depends on the versions of libfmt and libspdlog. With other versions they stay shared libraries.
function(embed_cpp_libraries target)
  find_package(fmt QUIET) # for the versions
  find_package(spdlog QUIET)
  if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR NOT fmt_VERSION MATCHES "^9\\." OR NOT spdlog_VERSION MATCHES "^1\\.10\\.")
    return()
  endif()
  set(sources ${CMAKE_SOURCE_DIR}/common/embedded/fmt.cpp ${CMAKE_SOURCE_DIR}/common/embedded/spdlog.cpp)
  target_sources(${target} PRIVATE ${sources})
  set_source_files_properties(${sources} TARGET_DIRECTORY ${target} PROPERTIES COMPILE_OPTIONS -w)
  target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
endfunction()
