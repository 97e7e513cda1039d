// SPDX-License-Identifier: Apache-2.0
//
// flight_fake_server: the Flight server over fixed tables, for tests of others' drivers (tests/interop/test_flight.py).
// Prints its port and runs until its standard input ends.
#include <cstdio>
#include <iostream>
#include <string>

#include "server/flight/fixed_tables_testing.h"
#include "server/flight/flight_server.h"

int main() {
  k2i::server::flight::FixedTables tables;
  const auto server = k2i::server::flight::FlightServer::Start("127.0.0.1", 0, tables, {.version = "0.0.0-test"});
  if (!server.has_value()) {
    std::fprintf(stderr, "%s\n", server.error().ToString().c_str());
    return 1;
  }
  std::printf("%d\n", (*server)->port());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) tables.AppendNumber();
  return 0;
}
