# SPDX-License-Identifier: Apache-2.0
# k2i_module(NAME SOURCES… [DEPS…] [TEST_DEPS…]) declares the static library k2i_NAME of the folder it is called in and,
# from every *_test.cc of that folder, the test program NAME_test. Listing tests by glob means none can be left out.
include(GoogleTest)

function(k2i_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;TEST_DEPS" ${ARGN})
  add_library(k2i_${name} STATIC ${ARG_SOURCES})
  target_include_directories(k2i_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(k2i_${name} PUBLIC ${ARG_DEPS})
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE k2i_${name} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
  endif()
endfunction()
