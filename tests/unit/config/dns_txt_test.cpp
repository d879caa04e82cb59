#include "config/dns_txt.hpp"

#include <catch2/catch.hpp>

using namespace sfa;

TEST_CASE("a DNS TXT key sets what the table allows, and the origin says so") {
  Config config;
  Origins origins;
  const auto set = [&](std::string_view key, std::string_view value) {
    return set_from_dns_txt(config, origins, key, value, "TXT _sflow._udp.x");
  };
  CHECK(set("SAMPLING", "1K"));
  CHECK(set("polling.http", "5"));
  CHECK(set("agent.cidr", "10.0.0.0/8"));
  CHECK(set("agent.cidr", "fd00::/8"));
  CHECK(config.sampling == 1000);
  CHECK(config.polling_by_name.at("http") == 5);
  CHECK(config.agent_cidrs.size() == 2);
  CHECK(origins.at("sampling").to_string() == "DNS TXT _sflow._udp.x");
  CHECK(origins.contains("agent.cidr[1]"));
}

TEST_CASE("a DNS TXT key that is unknown, forbidden or wrong changes nothing") {
  Config config;
  Origins origins;
  const auto error = [&](std::string_view key, std::string_view value) {
    return set_from_dns_txt(config, origins, key, value, "TXT").error().message;
  };
  CHECK(error("header", "128") == "found the key `header`, expected one that DNS may set");
  CHECK(error("uuid", "x") == "found the key `uuid`, expected one that DNS may set");
  CHECK(error("counterPollingInterval", "10") ==
        "found the key `counterPollingInterval`, expected one that DNS may set");
  CHECK(error("headerBytes", "257") == "headerBytes: found `257`, expected a number from 0 to 256");
  CHECK(error("agent.cidr", "!10.0.0.0/8") ==
        "agent.cidr: found `!10.0.0.0/8`, expected `address/prefix length`");
  CHECK(config == Config{});
  CHECK(origins.empty());
}
