# FULL_VERSION and SOURCE_DATE: the version of the programs and packages, and the time of the source in seconds since 1970.
#
#   at the tag v1.2.3           1.2.3
#   4 commits after it          1.2.3+git4.0123456789ab       sorts after 1.2.3 and before 1.2.4, for dpkg and for rpm
#   no tag in the history       0.1.0~git4.0123456789ab       sorts before 0.1.0, which the tag v0.1.0 will name
#   a source without git        PROJECT_VERSION
#
# The time is that of the commit. Without git it is that of CMakeLists.txt, which git-archive(1) sets to that of the commit.

function(ask_git variable)
  # A checkout of another user is read all the same (safe.directory in git-config(1)): its code is about to be built.
  execute_process(COMMAND "${GIT}" -c "safe.directory=${PROJECT_SOURCE_DIR}" ${ARGN} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
                  OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result ERROR_QUIET)
  if(NOT result EQUAL 0)
    set(answer "")
  endif()
  set(${variable} "${answer}" PARENT_SCOPE)
endfunction()

find_program(GIT git)
set(FULL_VERSION "${PROJECT_VERSION}")
file(TIMESTAMP "${PROJECT_SOURCE_DIR}/CMakeLists.txt" SOURCE_DATE "%s" UTC)
# A source without git may be unpacked in a directory of some other repository.
if(GIT AND EXISTS "${PROJECT_SOURCE_DIR}/.git")
  ask_git(date log -1 --format=%ct)
  if(NOT date)
    message(FATAL_ERROR "git cannot read the commit of ${PROJECT_SOURCE_DIR}")
  endif()
  set(SOURCE_DATE "${date}")
  ask_git(hash rev-parse HEAD)
  string(SUBSTRING "${hash}" 0 12 hash) # of the same length in every clone
  ask_git(described describe --tags --long --match "v[0-9]*")
  if(described MATCHES "^v([0-9.]+)-([0-9]+)-g[0-9a-f]+$")
    set(FULL_VERSION "${CMAKE_MATCH_1}")
    if(NOT CMAKE_MATCH_2 EQUAL 0)
      string(APPEND FULL_VERSION "+git${CMAKE_MATCH_2}.${hash}")
    endif()
  elseif(described)
    message(FATAL_ERROR "the tag of ${described} is not a version: expected v1.2.3")
  else()
    ask_git(commits rev-list --count HEAD)
    string(APPEND FULL_VERSION "~git${commits}.${hash}")
  endif()
  # The version changes with the commit and with tags.
  foreach(part logs/HEAD packed-refs refs/tags)
    ask_git(path rev-parse --path-format=absolute --git-path ${part})
    if(EXISTS "${path}")
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
    endif()
  endforeach()
endif()
