# Warnings, hardening and sanitizers for every target of the project.

add_compile_options(-Wall -Wextra -Winvalid-pch -Wconversion -Wshadow -Wnon-virtual-dtor -fstack-protector-strong)
# Two builds of one commit are identical, whatever their directories. Of several maps that fit, g++ takes the last.
foreach(tree "${CMAKE_SOURCE_DIR}=." "${CMAKE_BINARY_DIR}=build")
  add_compile_options("-ffile-prefix-map=${tree}")
endforeach()
if(WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wunused-const-variable=1)
  # Up to 1 GB for a compiler process before it looks for garbage, which is a tenth of its time.
  add_compile_options(--param=ggc-min-heapsize=1000000)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # An index past the end or an empty optional aborts. Otherwise a test that reads one may still pass.
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
else()
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()
add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed)

if(BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SANITIZE)
  add_compile_options(-fsanitize=${SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SANITIZE})
endif()

# The headers that nearly every file includes are compiled once, for `common`, and serve all of C++ that is compiled
# with the same options.
set(PRECOMPILED_HEADERS <algorithm> <chrono> <filesystem> <fmt/format.h> <functional> <map> <memory> <optional> <random> <set>
    <span> <spdlog/spdlog.h> <string> <string_view> <tl/expected.hpp> <vector>)
function(reuse_precompiled_headers target)
  if(target STREQUAL "common")
    target_precompile_headers(common PRIVATE ${PRECOMPILED_HEADERS})
  else()
    target_precompile_headers(${target} REUSE_FROM common)
  endif()
endfunction()

# For a room whose code runs once at each start, reload or question: -O1 instead of -O2 saves a fifth of the time to compile it.
function(optimize_less room)
  target_compile_options(${room} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
endfunction()

# The program NAME. main.cpp is compiled with -fPIC like a library, because the precompiled headers do not fit -fPIE.
function(add_daemon name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_library(${name}_main OBJECT main.cpp)
  target_link_libraries(${name}_main PUBLIC ${ARG_LINKS})
  reuse_precompiled_headers(${name}_main)
  add_executable(${name}_daemon $<TARGET_OBJECTS:${name}_main>)
  set_target_properties(${name}_daemon PROPERTIES OUTPUT_NAME ${name})
  target_link_libraries(${name}_daemon PRIVATE ${ARG_LINKS})
endfunction()

# A room: one directory, one static library. Its headers are included as "room/header.hpp", and only by what
# links it: each library's include path holds nothing but a link to its own directory, so an include against the
# direction of the dependencies does not build.
function(add_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(include_dir "${CMAKE_BINARY_DIR}/include/${name}")
  file(MAKE_DIRECTORY "${include_dir}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${include_dir}/${name}" SYMBOLIC)
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC "${include_dir}")
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  reuse_precompiled_headers(${name})
endfunction()
