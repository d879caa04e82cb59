#include "sflowovsd/connection.hpp"

#include <catch2/catch.hpp>

namespace sfa::sflowovsd_connection_test {

using sfa::sflowovsd::Connection;

TEST_CASE("a connection has data once the sequence number changes, even in the run that connected") {
  Connection connection;
  CHECK(!connection.is_connected());
  connection.update(true, 0);
  CHECK(connection.is_connected());
  CHECK(!connection.has_data());
  connection.update(true, 1);
  CHECK(connection.has_data());
  connection.update(false, 1);
  connection.update(true, 1);
  CHECK(!connection.has_data());
  connection.update(false, 1);
  connection.update(true, 2);
  CHECK(connection.has_data());
}

TEST_CASE("connections that close without data are counted until one brings data") {
  Connection connection;
  for (unsigned closed = 1; closed <= 3; ++closed) {
    connection.update(true, 0);
    connection.update(false, 0);
    CHECK(connection.closed_without_data() == closed);
  }
  connection.update(true, 1);
  CHECK(connection.closed_without_data() == 0);
  connection.update(false, 1);
  CHECK(connection.closed_without_data() == 0);
}

} // namespace sfa::sflowovsd_connection_test
