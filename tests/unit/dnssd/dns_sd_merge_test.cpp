#include "config/value.hpp"
#include "dnssd/dns_sd_merge.hpp"

#include <catch2/catch.hpp>

namespace sfa::dnssd_dns_sd_merge_test {

using namespace config;
using namespace dns;
using namespace dnssd;

namespace {

const std::string kName = "_sflow._udp.example.com";

LoadedConfig file(const std::string& text) {
  auto loaded = load_config("sflow {\n dns-sd { }\n" + text + "\n}", "f");
  REQUIRE(loaded.config);
  return loaded;
}

MergedConfig merged(const std::string& text, std::vector<std::string> texts,
                    std::vector<DnsSrv> services = {{0, 0, 6343, "c1.example.com"}}) {
  const auto loaded = file(text);
  return merge_dns_sd(*loaded.config, loaded.origins,
                      {.name = kName, .services = std::move(services), .texts = std::move(texts)});
}

std::string origin(const MergedConfig& merged, const std::string& option) {
  const auto found = merged.origins.find(option);
  return found == merged.origins.end() ? "default" : found->second.to_string();
}

std::vector<std::string> problems(const MergedConfig& merged) {
  std::vector<std::string> texts;
  for (const auto& problem : merged.problems) {
    texts.push_back(problem.to_string());
  }
  return texts;
}

} // namespace

TEST_CASE("a value of DNS wins, then the value of the file, then the default") {
  const auto result = merged("polling = 7 sampling = 9 sampling.http = 3 sampling.ftp = 4",
                             {"txtvers=1", "sampling=50", "sampling.http=5"});
  CHECK(result.config.sampling == 50);
  CHECK(result.config.sampling_by_name == std::map<std::string, std::uint32_t>{{"http", 5}, {"ftp", 4}});
  CHECK(result.config.polling == std::chrono::seconds(7));
  CHECK(result.config.header_bytes == 128);
  CHECK(origin(result, "sampling") == "DNS record _sflow._udp.example.com TXT");
  CHECK(origin(result, "sampling.ftp") == "f:3");
  CHECK(origin(result, "polling") == "f:3");
  CHECK(origin(result, "headerBytes") == "default");
  CHECK(problems(result).empty());
}

TEST_CASE("every key that DNS may set changes its option") {
  const auto config = merged("", {"Sampling=1K", "sampling.10g=2", "polling=5", "polling.http=6", "header=64",
                                  "datagram=1000", "agent=eth1", "agentIP=192.0.2.7", "agent.cidr=10.0.0.0/8",
                                  "agent.cidr=fd00::/8", "vms=off"})
                          .config;
  CHECK(config.sampling == 1000);
  CHECK(config.sampling_by_name.at("10G") == 2);
  CHECK(config.polling == std::chrono::seconds(5));
  CHECK(config.polling_by_name.at("http") == 6);
  CHECK(config.header_bytes == 64);
  CHECK(config.datagram_bytes == 1000);
  CHECK(config.agent_device == "eth1");
  CHECK(config.agent_ip == IpAddress::parse("192.0.2.7").value());
  CHECK(config.agent_cidrs.size() == 2);
  CHECK(config.vms == Vms::off);
  CHECK(merged("", {"headerBytes=65", "datagramBytes=1001"}).config.header_bytes == 65);
}

TEST_CASE("an invalid text is reported with its record, and otherwise treated as absent") {
  const auto result = merged("polling = 7", {"polling=301", "sampling", "=1", "colour=red", "uuid=x",
                                             "txtvers=2", "dropLimit=5", std::string("\0\xff=1", 4),
                                             "headerBytes=", "counterPollingInterval=10",
                                             "agent.cidr=!10.0.0.0/8", "sampling.=5", "sampling.a b=5"});
  CHECK(problems(result) ==
        std::vector<std::string>{
            kName + " TXT: polling: found `301`, expected a number from 0 to 300",
            kName + " TXT: found `sampling`, expected `key=value`",
            kName + " TXT: found `=1`, expected `key=value`",
            kName + " TXT: unknown key `colour`, ignored",
            kName + " TXT: unknown key `uuid`, ignored",
            kName + " TXT: txtvers: found `2`, expected `1`; the other keys are taken as those of version 1",
            kName + " TXT: `dropLimit` is not supported by this build, ignored",
            kName + " TXT: unknown key `\\x00\\xff`, ignored",
            kName + " TXT: headerBytes: found nothing, expected a number from 0 to 256",
            kName + " TXT: unknown key `counterPollingInterval`, ignored",
            kName + " TXT: agent.cidr: found `!10.0.0.0/8`, expected `address/prefix length`",
            kName + " TXT: unknown key `sampling.`, ignored",
            kName + " TXT: unknown key `sampling.a b`, ignored",
        });
  auto expected = merged("polling = 7", {}).config;
  CHECK(result.config == expected);
}

TEST_CASE("if a key appears twice, the first valid value is used") {
  const auto result = merged("", {"sampling=bad", "sampling=5", "SAMPLING=6"});
  CHECK(result.config.sampling == 5);
  CHECK(problems(result).back() == kName + " TXT: SAMPLING: appears more than once; the first one counts");
}

TEST_CASE("SRV targets replace the collectors of the file") {
  const auto result = merged("collector { ip = 192.0.2.1 udpport = 7 } collector { ip = 192.0.2.2 }", {},
                             {{0, 0, 6343, "c1.example.com"}, {5, 0, 6344, "192.0.2.9"}});
  CHECK(result.config.collectors ==
        std::vector<CollectorConfig>{{.host = "c1.example.com."}, {.host = "192.0.2.9", .port = 6344}});
  CHECK(origin(result, "collector[0].ip") == "DNS record _sflow._udp.example.com SRV");
  CHECK(origin(result, "collector[1].UDPPort") == "DNS record _sflow._udp.example.com SRV");
  CHECK(merged("collector { ip = 192.0.2.1 }", {}, {}).config.collectors.empty());
}

TEST_CASE("an unusable SRV target is reported and left out") {
  const auto result = merged(
      "", {}, {{0, 0, 0, "c1"}, {0, 0, 1, "a\\046b"}, {0, 0, 1, "c2"}, {5, 0, 1, "c2"}, {5, 0, 1, "1.2.3"}});
  CHECK(result.config.collectors == std::vector<CollectorConfig>{{.host = "c2.", .port = 1}});
  CHECK(result.problems.size() == 4);
}

TEST_CASE("TXT may also name collectors, with a device and a namespace") {
  const auto result =
      merged("", {"collector=192.0.2.1", "collector=c9/7/vrf0/blue", "collector=::1//vrf0",
                  "collector=1/2/3/4/5", "collector=", "collector=c1/0", "collector=c1/1/a/.."});
  CHECK(result.config.collectors ==
        std::vector<CollectorConfig>{
            {.host = "c1.example.com."},
            {.host = "192.0.2.1"},
            {.host = "c9", .port = 7, .network_namespace = "blue", .device = "vrf0"},
            {.host = "::1", .device = "vrf0"},
        });
  CHECK(origin(result, "collector[2].ip") == "DNS record _sflow._udp.example.com TXT");
  CHECK(result.problems.size() == 4);
}

TEST_CASE("if SRV states that there is no service, a collector in TXT has no effect") {
  const auto result = merged("collector { ip = 192.0.2.1 }", {"collector=192.0.2.2", "sampling=5"}, {});
  CHECK(result.config.collectors.empty());
  CHECK(origin(result, "collector[0].ip") == "default");
  CHECK(result.config.sampling == 5);
}

TEST_CASE("prefixes of DNS replace those of the file, but excluded prefixes stay excluded") {
  const auto cidrs = [](const MergedConfig& merged) {
    std::string text;
    for (std::size_t i = 0; i < merged.config.agent_cidrs.size(); ++i) {
      text += format_cidr(merged.config.agent_cidrs[i]) + " " +
              origin(merged, fmt::format("agent.cidr[{}]", i)) + "\n";
    }
    return text;
  };
  const std::string in_file = "agent.cidr = 10.0.0.0/8\nagent.cidr = !10.1.0.0/16";
  CHECK(cidrs(merged(in_file, {})) == "10.0.0.0/8 f:3\n!10.1.0.0/16 f:4\n");
  const std::string dns = "DNS record _sflow._udp.example.com TXT\n";
  CHECK(cidrs(merged(in_file, {"agent.cidr=10.0.0.0/7", "agent.cidr=fd00::/8"})) ==
        "!10.1.0.0/16 f:4\n10.0.0.0/7 " + dns + "fd00::/8 " + dns);
}

TEST_CASE("what DNS replaces keeps no origin in the file") {
  const auto result = merged("collector { ip = 192.0.2.1 } collector { ip = 192.0.2.2 }\n"
                             "agent.cidr = 10.0.0.0/8\nagent.cidr = 10.1.0.0/16",
                             {"agent.cidr=fd00::/8"});
  CHECK(origin(result, "collector[0].ip") == "DNS record _sflow._udp.example.com SRV");
  CHECK(origin(result, "collector[1].ip") == "default");
  CHECK(origin(result, "agent.cidr[0]") == "DNS record _sflow._udp.example.com TXT");
  CHECK(origin(result, "agent.cidr[1]") == "default");
}

TEST_CASE("the keys of DNS are recognized in any case") {
  const auto result = merged("", {"TxtVers=1", "HEADER=64", "Datagram=1000", "Collector=192.0.2.2"});
  CHECK(problems(result).empty());
  CHECK(result.config.header_bytes == 64);
  CHECK(result.config.datagram_bytes == 1000);
  CHECK(result.config.collectors.size() == 2);
}

TEST_CASE("a collector in TXT has at most four parts") {
  const auto result = merged("", {"collector=192.0.2.2/1/vrf0/blue/more"});
  CHECK(result.config.collectors.size() == 1);
  CHECK(problems(result) ==
        std::vector<std::string>{
            kName + " TXT: collector: found more than four parts, expected `ip/port/device/namespace`"});
}

} // namespace sfa::dnssd_dns_sd_merge_test
