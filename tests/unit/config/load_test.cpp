#include "config/load.hpp"

#include "config/options.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace sfa;
using namespace sfa::config;

namespace {

constexpr std::string_view kCollector = " collector { ip=192.0.2.1 }";

Config good(std::string_view body) {
  const auto loaded = load_config(fmt::format("sflow {{{}{}\n}}", body, kCollector), "f");
  INFO(fmt::format("{}", loaded.diagnostics.empty() ? "" : loaded.diagnostics[0].to_string()));
  REQUIRE(loaded.diagnostics.empty());
  REQUIRE(loaded.config);
  return *loaded.config;
}

std::string complaint(const std::string& text, Diagnostic::Severity severity) {
  const auto loaded = load_config(text, "f");
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].severity == severity);
  CHECK(loaded.config.has_value() == (severity == Diagnostic::Severity::warning));
  return loaded.diagnostics[0].to_string();
}

std::string warning(std::string_view body) {
  return complaint(fmt::format("sflow {{\n{}\n{} }}", body, kCollector), Diagnostic::Severity::warning);
}

std::string error(std::string_view body) {
  return complaint(fmt::format("sflow {{\n{}\n{} }}", body, kCollector), Diagnostic::Severity::error);
}

} // namespace

TEST_CASE("a file with nothing but a collector has all defaults") {
  Config expected;
  expected.collectors = {{.host = "192.0.2.1"}};
  CHECK(good("") == expected);
}

TEST_CASE("every option of the top is read") {
  const auto config = good(R"(
    polling = 20 sampling=512 sampling.http = 50 sampling.1G=1000 polling.http=10
    agentIP = 2001:db8::1
    agent = eth0
    agent.cidr = !10.0.0.0/8
    agent.cidr = 192.168.1.7/255.255.0.0
    subAgentId = 7
    uuid = 00112233445566778899AABBCCDDEEFF
    headerBytes = 64
    datagramBytes = 8K
    ovs { takeover = on }
  )");
  CHECK(config.polling == std::chrono::seconds(20));
  CHECK(config.sampling == 512);
  CHECK(config.sampling_by_name == std::map<std::string, std::uint32_t>{{"http", 50}, {"1G", 1000}});
  CHECK(config.polling_by_name == std::map<std::string, std::uint32_t>{{"http", 10}});
  CHECK(config.agent_ip == IpAddress::parse("2001:db8::1").value());
  CHECK(config.agent_device == "eth0");
  CHECK(config.agent_cidrs == std::vector{AgentCidr{IpAddress::parse("10.0.0.0").value(), 8, true},
                                          AgentCidr{IpAddress::parse("192.168.0.0").value(), 16, false}});
  CHECK(config.sub_agent_id == 7);
  CHECK(config.uuid == "00112233-4455-6677-8899-aabbccddeeff");
  CHECK(config.header_bytes == 64);
  CHECK(config.datagram_bytes == 8000);
  CHECK(config.ovs_takeover);
}

TEST_CASE("collectors are kept in order with all that they have") {
  const auto loaded =
      load_config("SFLOW { Collector { IP=::1 UDPPORT=0x18C7 } collector { ip = a.example.com "
                  "namespace=mgmt dev=vrf-red } }",
                  "f");
  REQUIRE(loaded.config);
  CHECK(loaded.config->collectors == std::vector{CollectorConfig{"::1", 6343, "", ""},
                                                 CollectorConfig{"a.example.com", 6343, "mgmt", "vrf-red"}});
}

TEST_CASE("DNS-SD may be switched on by section or by the deprecated keys") {
  const auto section = load_config("sflow { dns-sd { domain = .example.com } }", "f");
  REQUIRE(section.config);
  CHECK(section.config->dns_sd.on);
  CHECK(section.config->dns_sd.domain == ".example.com");

  const auto deprecated = load_config("sflow { DNSSD = on DNSSD_domain = .example.com }", "f");
  CHECK(deprecated.config == section.config);
  CHECK(deprecated.diagnostics.size() == 2);

  const auto off = load_config("sflow { DNSSD = off DNSSD_domain = .x collector { ip=192.0.2.1 } }", "f");
  REQUIRE(off.config);
  CHECK(*off.config == good(""));
}

TEST_CASE("what this build does not support costs one warning and no more") {
  CHECK(warning("docker { markTraffic = on future = 1 }") ==
        "f:2:1: section `docker` is not supported by this build, ignored");
  CHECK(warning("os10 { port { dev=eth0 } }") ==
        "f:2:1: section `os10` is not supported by this build, ignored");
  CHECK(warning("refreshAdaptors = 60") ==
        "f:2:1: `refreshAdaptors` is not supported by this build, ignored");
  CHECK(warning("jsonPort = 36343") == "f:2:1: `jsonPort` is not supported by this build, ignored");
}

TEST_CASE("a wrong value in what is not supported does not stop the start") {
  const auto loaded = load_config("sflow { psample { group = 33 } collector { ip=192.0.2.1 } }", "f");
  REQUIRE(loaded.diagnostics.size() == 2);
  CHECK(loaded.diagnostics[1].to_string() ==
        "f:1:27: group: found `33`, expected a number from 1 to 32; ignored");
  CHECK(loaded.config);
}

TEST_CASE("what is ignored is not said to count when it stands there again") {
  const auto loaded = load_config("sflow { docker { } docker { } collector { ip=192.0.2.1 } }", "f");
  CHECK(std::ranges::none_of(loaded.diagnostics, [](const Diagnostic& diagnostic) {
    return diagnostic.message.find("both count") != std::string::npos;
  }));
}

TEST_CASE("an unknown key is a warning with the nearest known one") {
  CHECK(warning("poling = 20") ==
        "f:2:1: unknown key `poling` at the top of the configuration, ignored; did you mean "
        "`polling`?");
  CHECK(warning("collector { ip=192.0.2.2 udppport=1 }") ==
        "f:2:26: unknown key `udppport` in section `collector`, ignored; did you mean `UDPPort`?");
  CHECK(warning("dokcer { a { b=1 } }") ==
        "f:2:1: unknown key `dokcer` at the top of the configuration, ignored; did you mean `docker`?");
  CHECK(warning("somethingElse = 1") ==
        "f:2:1: unknown key `somethingElse` at the top of the configuration, ignored");
}

TEST_CASE("a deprecated name works and is said to be one") {
  CHECK(warning("counterPollingInterval = 10") ==
        "f:2:1: `counterPollingInterval` is deprecated, use `polling`");
}

TEST_CASE("the last of two values counts, with a warning") {
  CHECK(warning("polling = 10\npolling=20") ==
        "f:3:1: `polling` was already set in line 2, the last one counts");
}

TEST_CASE("a wrong value is an error that says what was expected") {
  CHECK(error("polling = 301") == "f:2:11: polling: found `301`, expected a number from 0 to 300");
  CHECK(error("polling = fast") == "f:2:11: polling: found `fast`, expected a number from 0 to 300");
  CHECK(error("sampling = 18446744073709551616") ==
        "f:2:12: sampling: found `18446744073709551616`, expected a number from 0 to 10000000");
  CHECK(error("sampling = 18446744074G") ==
        "f:2:12: sampling: found `18446744074G`, expected a number from 0 to 10000000");
  CHECK(error("agentIP = 10.0.0") ==
        "f:2:11: agentIP: found `10.0.0`, expected an IP address or a host name");
  CHECK(error("collector { ip=10.0.0.300 }") ==
        "f:2:16: ip: found `10.0.0.300`, expected an IP address or a host name");
  CHECK(error("polling { x=1 }") == "f:2:1: polling: found a section, expected a value");
  CHECK(error("collector = 10.0.0.1") == "f:2:13: collector: found `10.0.0.1`, expected a section");
}

TEST_CASE("a known key in the wrong section is an error") {
  CHECK(error("ip = 10.0.0.1") ==
        "f:2:1: found `ip` at the top of the configuration, expected it in section `collector`");
  CHECK(error("collector { ip=10.0.0.1 polling=20 }") ==
        "f:2:25: found `polling` in section `collector`, expected it at the top of the configuration");
  // Newer versions may know it there; the host has to start.
  CHECK(load_config("sflow { collector { ip=::1 } k8s { forgetVMs = 180 sampling = 3 } }", "f").config);
  const auto missing_brace = load_config("sflow { docker { collector { ip=10.0.0.1 } }", "f");
  REQUIRE(missing_brace.diagnostics.size() == 3);
  CHECK(missing_brace.diagnostics[1].to_string() ==
        "f:1:18: found `collector` in section `docker`, expected it at the top of the configuration");
}

TEST_CASE("what a configuration needs as a whole is checked") {
  using enum Diagnostic::Severity;
  CHECK(complaint("sflow { }", error) ==
        "f:1:1: found no `collector`, expected one at least, or the section `dns-sd`");
  CHECK(complaint("\nsflow { collector { udpport=1 } }", error) ==
        "f:2:9: found a `collector` without `ip`, expected its address or host name");
}

TEST_CASE("every value knows the line that it came from") {
  const auto loaded =
      load_config("sflow {\n polling=20\n sampling.http=1\n agent.cidr=10.0.0.0/8\n"
                  " agent.cidr=::/0\n collector {\n ip=::1 }\n DNSSD_domain=.x\n docker {}\n}",
                  "f");
  const auto line = [&](const char* path) {
    REQUIRE(loaded.origins.contains(path));
    return loaded.origins.at(path).to_string();
  };
  CHECK(line("polling") == "f:2");
  CHECK(line("sampling.http") == "f:3");
  CHECK(line("agent.cidr[0]") == "f:4");
  CHECK(line("agent.cidr[1]") == "f:5");
  CHECK(line("collector[0]") == "f:6");
  CHECK(line("collector[0].ip") == "f:7");
  CHECK(line("dns-sd.domain") == "f:8");
  CHECK(line("docker") == "f:9");
  CHECK_FALSE(loaded.origins.at("docker").in_force);
  CHECK_FALSE(loaded.origins.contains("sampling"));
}

TEST_CASE("an origin outside the file is shown in words") {
  CHECK(Origin{.kind = Origin::Kind::dns, .text = "_sflow._udp.x TXT"}.to_string() ==
        "DNS record _sflow._udp.x TXT");
  CHECK(Origin{.kind = Origin::Kind::command_line, .text = "--uuid"}.to_string() == "command line --uuid");
}

TEST_CASE("a file that is far too long is refused before it is parsed") {
  const auto loaded = load_config(std::string(kMaxConfigBytes + 1, ' '), "f");
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].to_string() == "f: found 262145 bytes, expected no more than 262144");
}
