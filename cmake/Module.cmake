# SPDX-License-Identifier: Apache-2.0
# k2i_module(NAME SOURCES… [DEPS…] [TEST_DEPS…]) declares the static library k2i_NAME of the folder it is called in and,
# from every *_test.cc of that folder, the test program NAME_test. Listing tests by glob means none can be left out.
include(GoogleTest)

# k2i_register_tests(PROGRAM TIMEOUT) has ctest run each test by itself. Not so with sanitizers, with which a process takes a third of a
# second to begin: there it runs the whole program, in three parts so that no long one is left for one processor at the end. Keeping
# 30 frames of each allocation, as they do, takes a sixth of such a test's time; 8 tell enough.
function(k2i_register_tests program timeout)
  if(NOT K2I_SANITIZE)
    gtest_discover_tests(${program} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${timeout})
    return()
  endif()
  foreach(part IN ITEMS 0 1 2)
    add_test(NAME ${program}/${part} COMMAND ${program})
    set_tests_properties(${program}/${part} PROPERTIES TIMEOUT 600 ENVIRONMENT "ASAN_OPTIONS=malloc_context_size=8;GTEST_TOTAL_SHARDS=3;GTEST_SHARD_INDEX=${part}")
  endforeach()
endfunction()

function(k2i_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;TEST_DEPS" ${ARGN})
  add_library(k2i_${name} STATIC ${ARG_SOURCES})
  target_include_directories(k2i_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(k2i_${name} PUBLIC ${ARG_DEPS})
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE k2i_${name} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    k2i_register_tests(${name}_test 120)
  endif()
endfunction()
