#include "status/status.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sfa::status_test {

using namespace dnssd;
using namespace status;
using namespace std::chrono_literals;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

DaemonStatus example() {
  DaemonStatus status;
  status.version = "1.2.3";
  status.process_id = 4711;
  status.running = 7'384'000ms;
  status.settings.revision = 4;
  status.settings.shared_file = "/run/hsflowd/hsflowd.auto";
  status.settings.origin = "/etc/hsflowd.conf";
  status.settings.sampling = 512;
  status.settings.polling = 30s;
  status.settings.header_bytes = 128;
  status.settings.datagram_bytes = 1400;
  status.last_reload = ReloadStatus{.ago = 12'345ms, .error = {}};
  status.sub_agent_id = 100000;
  status.election = {.address = ip("192.0.2.1"),
                     .device = "eth0",
                     .why = "highest rank (12): IPv4 global",
                     .candidates = {{.at = {.address = ip("192.0.2.1"),
                                            .device = "eth0",
                                            .if_index = 2,
                                            .up = true,
                                            .aliases = {"uplink"}},
                                     .rank = 12,
                                     .reason = "IPv4 global"}}};
  status.collectors = {{.collector = {.address = ip("192.0.2.9")}, .sent = 12, .errors = 0, .last_error = {}},
                       {.collector = {.address = ip("2001:db8::9"),
                                      .port = 6344,
                                      .device = "vrf1",
                                      .network_namespace = "blue",
                                      .source = ip("2001:db8::1"),
                                      .name = "c1.example.com"},
                        .sent = 3,
                        .errors = 9,
                        .last_error = "send: no",
                        .others = {ip("192.0.2.10"), ip("192.0.2.11")}}};
  status.data_sources = {{.name = "host", .count = 1}, {.name = "interfaces", .count = 40}};
  status.sources = {{.name = "host_cpu", .last_run = 2100ms, .cost = 1234us, .present = true, .error = {}},
                    {.name = "host_ip", .last_run = 2100ms, .cost = 5us, .present = false, .error = {}},
                    {.name = "vms", .last_run = {}, .cost = 0us, .present = false, .error = {}},
                    {.name = "host_net_io",
                     .last_run = 2100ms,
                     .cost = 7us,
                     .present = false,
                     .error = "proc/net/dev: torn"}};
  status.next_poll = 27'900ms;
  status.dns_sd =
      DnsSdStatus{.name = "_sflow._udp.example.com",
                  .answered = true,
                  .from_copy = true,
                  .age = 7'384'000ms,
                  .next = 4'500ms,
                  .problem = "_sflow._udp.example.com SRV: Timeout",
                  .sets = {{.option = "sampling", .origin = "DNS record _sflow._udp.example.com TXT"}}};
  status.problems = {"shared file: /run: Read-only file system"};
  return status;
}

} // namespace

TEST_CASE("a status is the same after sending and receiving") {
  CHECK(parse_status(status_json(example())).value() == example());
  CHECK(parse_status(status_json({})).value() == DaemonStatus{});
}

TEST_CASE("the JSON of a status has the names and types that scripts use") {
  const auto json = nlohmann::json::parse(status_json(example()));
  CHECK(json["settings"]["revision"] == 4);
  CHECK(json["settings"]["origin"] == "/etc/hsflowd.conf");
  CHECK(json["agent_address"]["address"] == "192.0.2.1");
  CHECK(json["agent_address"]["candidates"][0]["rank"] == 12);
  CHECK(json["collectors"][1] == nlohmann::json{{"address", "2001:db8::9"},
                                                {"port", 6344},
                                                {"name", "c1.example.com"},
                                                {"device", "vrf1"},
                                                {"namespace", "blue"},
                                                {"source", "2001:db8::1"},
                                                {"other_addresses", {"192.0.2.10", "192.0.2.11"}},
                                                {"saved_addresses_age_seconds", nullptr},
                                                {"datagrams_sent", 3},
                                                {"errors", 9},
                                                {"last_error", "send: no"}});
  CHECK(json["collectors"][0]["last_error"].is_null());
  CHECK(json["sources"][0] == nlohmann::json{{"name", "host_cpu"},
                                             {"last_run_ms_ago", 2100},
                                             {"cost_us", 1234},
                                             {"present", true},
                                             {"error", nullptr}});
  CHECK(json["data_sources"][1] == nlohmann::json{{"name", "interfaces"}, {"count", 40}});
  CHECK(json["sources"][2]["last_run_ms_ago"].is_null());
  CHECK(json["last_reload"] == nlohmann::json{{"ms_ago", 12345}, {"error", nullptr}});
  CHECK(json["next_poll_ms"] == 27900);
  CHECK(json["dns_sd"] ==
        nlohmann::json{
            {"name", "_sflow._udp.example.com"},
            {"answered", true},
            {"from_copy", true},
            {"age_ms", 7384000},
            {"next_ms", 4500},
            {"problem", "_sflow._udp.example.com SRV: Timeout"},
            {"sets", {{{"option", "sampling"}, {"origin", "DNS record _sflow._udp.example.com TXT"}}}}});
}

TEST_CASE("the JSON of a status keeps its layout and the order of its names") {
  DaemonStatus status;
  status.version = "1.2.3";
  status.dns_sd.emplace().next = 4'500ms;
  status.data_sources = {{.name = "host", .count = 1}};
  status.collectors = {{.collector = {.address = ip("192.0.2.9")}, .last_error = {}}};
  auto& candidate = status.election.candidates.emplace_back();
  candidate.at.address = ip("192.0.2.1");
  candidate.at.aliases = {"uplink"};
  candidate.reason = "x";
  status.sources = {{.name = "vms", .last_run = {}, .error = {}}};
  status.problems = {"p"};
  CHECK(status_json(status) == R"({
  "version": "1.2.3",
  "process_id": 0,
  "running_ms": 0,
  "settings": {
    "revision": 0,
    "origin": "",
    "shared_file": "",
    "sampling": 0,
    "polling_seconds": 0,
    "header_bytes": 0,
    "datagram_bytes": 0
  },
  "last_reload": null,
  "dns_sd": {
    "name": null,
    "answered": false,
    "from_copy": false,
    "age_ms": 0,
    "next_ms": 4500,
    "problem": null,
    "sets": []
  },
  "sub_agent_id": 0,
  "agent_address": {
    "address": null,
    "device": null,
    "why": "",
    "candidates": [
      {
        "address": "192.0.2.1",
        "device": "",
        "if_index": 0,
        "up": false,
        "aliases": [
          "uplink"
        ],
        "rank": 0,
        "reason": "x"
      }
    ]
  },
  "collectors": [
    {
      "address": "192.0.2.9",
      "port": 6343,
      "name": null,
      "device": null,
      "namespace": null,
      "source": null,
      "other_addresses": [],
      "saved_addresses_age_seconds": null,
      "datagrams_sent": 0,
      "errors": 0,
      "last_error": null
    }
  ],
  "data_sources": [
    {
      "name": "host",
      "count": 1
    }
  ],
  "sources": [
    {
      "name": "vms",
      "last_run_ms_ago": null,
      "cost_us": 0,
      "present": false,
      "error": null
    }
  ],
  "next_poll_ms": null,
  "problems": [
    "p"
  ]
}
)");
}

TEST_CASE("the line for systemd has the active settings, and the last reload if it was refused") {
  Settings settings;
  settings.agent_ip = ip("192.0.2.1");
  CHECK(service_line(settings, "") ==
        "agent 192.0.2.1, sampling 1 in 400, polling every 30 s, 0 collector(s)");
  CHECK(service_line(settings, "no") == settings_line(settings) + "; the last reload was refused: no");
}

TEST_CASE("a status with text that is not UTF-8 is still valid JSON") {
  auto status = example();
  status.settings.origin = "/etc/\xff.conf";
  CHECK(parse_status(status_json(status)).value().settings.origin == "/etc/\xef\xbf\xbd.conf");
}

TEST_CASE("a document that is truncated at any byte, or that is not a status, is an error") {
  const std::string json = status_json(example());
  for (std::size_t size = 0; size < json.size() - 1; ++size) { // the last byte is the newline
    REQUIRE(!parse_status(std::string_view(json).substr(0, size)));
  }
  for (const auto* text : {"", "null", "[]", "{}", "\"x\"", "\xff"}) {
    CHECK(!parse_status(text));
  }
  auto wrong = nlohmann::json::parse(json);
  wrong["collectors"][0]["address"] = "nowhere";
  CHECK(parse_status(wrong.dump()).error().message == "not a status: 'nowhere' is not an IP address");
}

TEST_CASE("the text of a status lists everything, from top to bottom") {
  CHECK(status_text(example()) ==
        "hsflowd 1.2.3, process 4711, running for 2 h 3 min\n"
        "Settings revision 4 from /etc/hsflowd.conf, published in /run/hsflowd/hsflowd.auto\n"
        "  1 in 512 packets, counters every 30 s, headers of 128 bytes, datagrams of up to 1400 bytes\n"
        "  last reload 12.3 s ago: applied\n"
        "DNS-SD _sflow._udp.example.com: saved answer of 2 h 3 min ago, next query in 4.5 s\n"
        "  the last query failed: _sflow._udp.example.com SRV: Timeout\n"
        "  sampling: DNS record _sflow._udp.example.com TXT\n"
        "Sub-agent 100000, agent address 192.0.2.1 on eth0: highest rank (12): IPv4 global\n"
        "* rank  12  192.0.2.1  eth0  IPv4 global\n"
        "Collectors\n"
        "  192.0.2.9 port 6343: 12 datagrams sent, 0 errors\n"
        "  c1.example.com at 2001:db8::9 port 6344 from 2001:db8::1 through vrf1 in namespace blue "
        "(alternatives: "
        "192.0.2.10 192.0.2.11): 3 datagrams sent, 9 errors (last error: send: no)\n"
        "Polled: 1 host, 40 interfaces\n"
        "Counter sources\n"
        "  host_cpu     2.1 s ago, took 1.234 ms\n"
        "  host_ip      2.1 s ago, took 0.005 ms, not on this host\n"
        "  vms          has not run yet\n"
        "  host_net_io  2.1 s ago, took 0.007 ms, failed: proc/net/dev: torn\n"
        "Next poll in 27.9 s\n"
        "Problem: shared file: /run: Read-only file system\n");
}

TEST_CASE("the text of a status gives the reason of a refused reload") {
  auto status = example();
  status.last_reload->error = "/etc/hsflowd.conf:3:14: no";
  CHECK_THAT(status_text(status),
             Catch::Contains("  last reload 12.3 s ago: refused: /etc/hsflowd.conf:3:14: no\n"));
  status.last_reload.reset();
  CHECK_THAT(status_text(status), !Catch::Contains("reload"));
}

TEST_CASE("the text of a status gives the reason why nothing is exported") {
  auto status = example();
  status.next_poll.reset();
  status.election.address.reset();
  CHECK_THAT(status_text(status), Catch::Contains("Next poll: none, no agent address\n"));
  status.collectors.clear();
  CHECK_THAT(status_text(status), Catch::Contains("Next poll: none, DNS names no reachable collector\n"));
  status.dns_sd.reset();
  CHECK_THAT(status_text(status), Catch::Contains("Next poll: none, no collector\n"));
  CHECK_THAT(status_text(status), Catch::Contains("Collectors: none\n"));
  status.settings.polling = 0s;
  CHECK_THAT(status_text(status), Catch::Contains("Next poll: none, counters are off (polling = 0)\n"));
  CHECK_THAT(status_text(status), Catch::Contains("1 in 512 packets, no counters"));
  status.settings.sampling = 0;
  CHECK_THAT(status_text(status), Catch::Contains("no packet samples, no counters"));
  status.settings.revision = 0;
  CHECK_THAT(status_text(status), Catch::Contains("Settings from /etc/hsflowd.conf, not published yet\n"));
}

TEST_CASE("the text of a status has times in their two largest units") {
  const auto shown = [](std::chrono::milliseconds running) {
    DaemonStatus status;
    status.running = running;
    const std::string text = status_text(status);
    const auto begin = text.find("for ") + 4;
    return text.substr(begin, text.find('\n') - begin);
  };
  CHECK(shown(0ms) == "0.0 s");
  CHECK(shown(59'999ms) == "59.9 s");
  CHECK(shown(60s) == "1 min 0 s");
  CHECK(shown(59min + 59s) == "59 min 59 s");
  CHECK(shown(1h) == "1 h 0 min");
  CHECK(shown(24h) == "1 d 0 h");
  CHECK(shown(100h) == "4 d 4 h");
}

} // namespace sfa::status_test
