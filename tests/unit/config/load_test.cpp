#include "config/load.hpp"

#include "config/options.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace sfa::config_load_test {

using namespace config;

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

TEST_CASE("every option at the top is read") {
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

TEST_CASE("collectors keep their order and all their options") {
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

TEST_CASE("an ignored name costs one warning, whatever its content") {
  CHECK(warning("docker { markTraffic = on future = 1 }") ==
        "f:2:1: section `docker` is not supported by this build, ignored");
  CHECK(warning("pcap { speed = 100M- }") == "f:2:1: section `pcap` is not supported by this build, ignored");
  CHECK(warning("os10 { port { dev=eth0 } }") ==
        "f:2:1: section `os10` is not supported by this build, ignored");
  CHECK(warning("psample { group = 33 }") ==
        "f:2:1: section `psample` is not supported by this build, ignored");
  CHECK(warning("refreshAdaptors = never") ==
        "f:2:1: `refreshAdaptors` is not supported by this build, ignored");
  CHECK(warning("jsonPort = 36343") == "f:2:1: `jsonPort` is not supported by this build, ignored");
  CHECK(warning("xen { vbd = x }") == "f:2:7: `vbd` is not supported by this build, ignored");
}

TEST_CASE("each ignored name is accepted in both syntaxes") {
  for (const auto& name : all_ignored_names()) {
    const std::string value = name.is_section ? "{ a = 1 }" : "= 1";
    const std::string entry = fmt::format("{} {}", name.name, value);
    const std::string expected = fmt::format("{}`{}` is not supported by this build, ignored",
                                             name.is_section ? "section " : "", name.name);
    const auto classic =
        warning(name.section.empty() ? entry : fmt::format("{} {{ {} }}", name.section, entry));
    CHECK(classic.ends_with(expected));
    const std::string yaml_entry = fmt::format("{}: {}", name.name, name.is_section ? "{a: 1}" : "1");
    const std::string yaml =
        name.section.empty() ? yaml_entry : fmt::format("{}: {{{}}}", name.section, yaml_entry);
    CHECK(complaint("collector: {ip: \"::1\"}\n" + yaml + "\n", Diagnostic::Severity::warning)
              .ends_with(expected));
  }
}

TEST_CASE("a syntax error in an ignored section is an error with its place") {
  CHECK(error("docker { hostname }").starts_with("f:2:19: found `}`, expected a value for `hostname`"));
  CHECK(complaint("collectors: [{ip: \"::1\"}]\ndocker: {a: &b 1}\n", Diagnostic::Severity::error) ==
        "f:2:13: found an anchor, expected a value");
  CHECK(error("docker = on") == "f:2:10: docker: found `on`, expected a section");
  CHECK(error("loopback { }") == "f:2:1: loopback: found a section, expected a value");
}

TEST_CASE("a repeated ignored section is not reported as merged") {
  const auto loaded = load_config("sflow { docker { } docker { } collector { ip=192.0.2.1 } }", "f");
  CHECK(std::ranges::none_of(loaded.diagnostics, [](const Diagnostic& diagnostic) {
    return diagnostic.message.find("merged") != std::string::npos;
  }));
}

TEST_CASE("a repeated section is merged, with a warning") {
  CHECK(warning("ovs { takeover=on } ovs { bridges=br0 }") ==
        "f:2:21: section `ovs` appears more than once; entries are merged");
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

TEST_CASE("a deprecated name works, with a warning") {
  CHECK(warning("counterPollingInterval = 10") ==
        "f:2:1: `counterPollingInterval` is deprecated, use `polling`");
}

TEST_CASE("the last of two values counts, with a warning") {
  CHECK(warning("polling = 10\npolling=20") ==
        "f:3:1: `polling` was already set in line 2; the last value counts");
}

TEST_CASE("a wrong value is an error that names the expected values") {
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
}

TEST_CASE("settings that an ignored section swallowed because a brace is missing are errors") {
  const auto missing_brace = load_config("sflow { docker { collector { ip=10.0.0.1 } }", "f");
  REQUIRE(missing_brace.diagnostics.size() == 3);
  CHECK(missing_brace.diagnostics[1].to_string() ==
        "f:1:18: found `collector` in section `docker`, expected it at the top of the configuration");
  CHECK_FALSE(load_config("sflow { collector { ip=::1 } os10 { port { dev=a } polling=1 }", "f").config);
  CHECK_FALSE(load_config("sflow { collector { ip=::1 } os10 { port { dev=a polling=1 }", "f").config);
  // Only the last brace is missing: these options belong where they are.
  CHECK(load_config("sflow { collector { ip=::1 } docker { refreshVMs=60 forgetvms=60 }", "f").config);
  CHECK(load_config("sflow { collector { ip=::1 } pcap { dev=eth0 sampling=10 }", "f").config);
}

TEST_CASE("a configuration without a required section or option is refused") {
  using enum Diagnostic::Severity;
  CHECK(complaint("sflow { }", error) ==
        "f:1:1: found no section `collector` or `dns-sd`, expected at least one");
  CHECK(complaint("\nsflow { collector { udpport=1 } }", error) ==
        "f:2:9: found a `collector` without `ip`, expected an IP address or a host name");
}

TEST_CASE("more collectors than descriptors allow are refused, with the line of the first that is too many") {
  std::string text = "sflow {\n";
  for (int i = 1; i <= 128; ++i) {
    text += fmt::format("collector {{ ip=192.0.2.{} }}\n", i);
  }
  CHECK(load_config(text + "}", "f").config.value().collectors.size() == 128);
  text += "collector { ip=::1 }\ncollector { ip=::2 }\n";
  CHECK(complaint(text + "}", Diagnostic::Severity::error) ==
        "f:130:1: found more than 128 sections `collector`, expected at most 128");
}

TEST_CASE("every value has the line of its origin") {
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
  REQUIRE(loaded.ignored.size() == 1);
  CHECK(loaded.ignored[0].path == "docker");
  CHECK(loaded.ignored[0].origin.to_string() == "f:9");
  CHECK_FALSE(loaded.origins.contains("docker"));
  CHECK_FALSE(loaded.origins.contains("sampling"));
}

TEST_CASE("an origin outside the file is shown in words") {
  CHECK(Origin{.kind = Origin::Kind::dns, .text = "_sflow._udp.x TXT"}.to_string() ==
        "DNS record _sflow._udp.x TXT");
  CHECK(Origin{.kind = Origin::Kind::command_line, .text = "--uuid"}.to_string() == "command line --uuid");
}

TEST_CASE("a file that is too long is refused before it is parsed") {
  const auto loaded = load_config(std::string(kMaxConfigBytes + 1, ' '), "f");
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].to_string() == "f: found 262145 bytes, expected no more than 262144");
}

TEST_CASE(
    "guests of every hypervisor are counted unless `vms` says otherwise, and a section demands its own") {
  CHECK(load_config("sflow { collector { ip=::1 } }", "f").config->vms == Vms::automatic);
  CHECK(load_config("sflow { collector { ip=::1 } vms=auto }", "f").config->vms == Vms::automatic);
  CHECK(load_config("sflow { collector { ip=::1 } vms=OFF }", "f").config->vms == Vms::off);
  const auto demanded =
      load_config("sflow { collector { ip=::1 } vms=configured kvm { } proxmox { } }", "f").config;
  REQUIRE(demanded);
  CHECK(demanded->vms == Vms::configured);
  CHECK(demanded->kvm);
  CHECK(demanded->proxmox);
  CHECK_FALSE(demanded->xen);
  CHECK_FALSE(load_config("sflow { collector { ip=::1 } vms=some }", "f").config);
}

} // namespace sfa::config_load_test
