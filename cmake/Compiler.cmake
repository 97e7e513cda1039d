# SPDX-License-Identifier: Apache-2.0
# Language level, warnings as errors, sanitizers, ccache and a fast linker where they are there.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  # libstdc++ hides std::expected from compilers that claim less of concepts than they have.
  add_compile_options(-Wno-macro-redefined $<$<COMPILE_LANGUAGE:CXX>:-D__cpp_concepts=202002L>)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  string(REPLACE "-O2 -g -DNDEBUG" "-O2 -g1 -DNDEBUG" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
endif()

option(K2I_FUZZ "Count coverage for libFuzzer and build the targets of tests/fuzz; Clang only" OFF)
set(K2I_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
if(K2I_SANITIZE)
  # Optimizing what is instrumented takes the compiler twice as long as all else, for tests that run once; fuzz targets run for long.
  set(K2I_OPTIMIZE $<IF:$<BOOL:${K2I_FUZZ}>,-O1,-O0>)
  add_compile_options(-fsanitize=${K2I_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined -g1 ${K2I_OPTIMIZE})
  add_link_options(-fsanitize=${K2I_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's documentation: sanitizers make this warning fire where nothing is wrong.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(K2I_SANITIZE MATCHES undefined)
    # Arrow's headers cast between classes of libraries that carry no type information for ubsan.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()

if(K2I_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
