# SPDX-License-Identifier: Apache-2.0
# Third-party libraries: from the system where it has them new enough, else from .deps (./dev setup puts them there).
set(K2I_DEPS "$ENV{K2I_DEPS}" CACHE PATH "Folder filled by ./dev setup")
if(NOT K2I_DEPS)
  set(K2I_DEPS ${PROJECT_SOURCE_DIR}/.deps)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

# The wheel's libparquet exports OpenSSL symbols of its own. Whichever library comes first in a program's list of needed
# libraries wins, so ssl and crypto are named before everything else (tests/openssl_order_test.cc holds this).
add_link_options("LINKER:--push-state,--no-as-needed" -lssl -lcrypto "LINKER:--pop-state")

function(k2i_wheel_library name)
  add_library(${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${K2I_DEPS}/arrow/lib/lib${name}.so
                                           INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${K2I_DEPS}/arrow/include)
  target_include_directories(${name} SYSTEM INTERFACE ${K2I_DEPS}/arrow/include)
endfunction()

# k2i::arrow, k2i::parquet and k2i::arrow_s3
find_package(Arrow 25 QUIET)
find_package(Parquet 25 QUIET)
if(Arrow_FOUND AND Parquet_FOUND)
  add_library(k2i::arrow ALIAS Arrow::arrow_shared)
  add_library(k2i::parquet ALIAS Parquet::parquet_shared)
  add_library(k2i_arrow_s3 INTERFACE)
  target_link_libraries(k2i_arrow_s3 INTERFACE Arrow::arrow_shared)
  add_library(k2i::arrow_s3 ALIAS k2i_arrow_s3)
else()
  foreach(library arrow arrow_compute parquet arrow_s3)
    k2i_wheel_library(${library})
  endforeach()
  target_link_libraries(arrow_compute INTERFACE arrow)
  target_link_libraries(parquet INTERFACE arrow arrow_compute)
  target_link_libraries(arrow_s3 INTERFACE arrow)
  foreach(library arrow parquet arrow_s3)
    add_library(k2i::${library} ALIAS ${library})
  endforeach()
  list(APPEND CMAKE_BUILD_RPATH ${K2I_DEPS}/arrow/lib)
endif()

# k2i::rdkafka
pkg_check_modules(RDKAFKA QUIET IMPORTED_TARGET "rdkafka>=2.6")
if(RDKAFKA_FOUND)
  add_library(k2i::rdkafka ALIAS PkgConfig::RDKAFKA)
else()
  add_library(rdkafka SHARED IMPORTED GLOBAL)
  set_target_properties(rdkafka PROPERTIES IMPORTED_LOCATION ${K2I_DEPS}/librdkafka/lib/librdkafka.so.1)
  target_include_directories(rdkafka SYSTEM INTERFACE ${K2I_DEPS}/librdkafka/include)
  add_library(k2i::rdkafka ALIAS rdkafka)
  list(APPEND CMAKE_BUILD_RPATH ${K2I_DEPS}/librdkafka/lib)
endif()

# cpp-httplib is one header with a system library in Debian; either serves.
find_path(HTTPLIB_INCLUDE_DIR httplib.h REQUIRED)
find_library(HTTPLIB_LIBRARY cpp-httplib)
