#include "commands/print.hpp"

#include <catch2/catch.hpp>

using namespace sfa;
using namespace sfa::commands;
using namespace sfa::config;

TEST_CASE("classic text becomes YAML with today's names, and back") {
  const std::string classic = R"(
sflow {
  # comments are lost
  counterPollingInterval = 0x14
  sampling = 1K   sampling = 2K
  agent.cidr = !10.1.2.3/8
  collector { ip=192.0.2.1 } collector { ip=::1 dev=0x1 }
  jsonPort = 36343
  DNSSD = on DNSSD_domain = .example.com
  future = "a ""b"" {"
  docker { }
)";
  const std::string yaml = R"(polling: 20
sampling: 2000
agent.cidr:
  - "!10.0.0.0/8"
future: "a \"b\" {"
collectors:
  - ip: 192.0.2.1
  - ip: "::1"
    dev: "0x1"
json:
  UDPPort: 36343
dns-sd:
  domain: .example.com
docker: {}
)";
  CHECK(convert_config(classic, "f").value() == yaml);
  const std::string again = R"(sflow {
  polling = 20
  sampling = 2000
  agent.cidr = !10.0.0.0/8
  future = "a ""b"" {"
  collector {
    ip = 192.0.2.1
  }
  collector {
    ip = ::1
    dev = 0x1
  }
  json {
    UDPPort = 36343
  }
  dns-sd {
    domain = .example.com
  }
  docker { }
}
)";
  CHECK(convert_config(yaml, "f").value() == again);
  CHECK(convert_config(again, "f").value() == yaml);
}

TEST_CASE("a deprecated switch becomes the section, or nothing") {
  CHECK(convert_config("sflow { DNSSD = on }", "f").value() == "dns-sd: {}\n");
  CHECK(convert_config("dns-sd:\n", "f").value() == "sflow {\n  dns-sd { }\n}\n");
  CHECK(convert_config("sflow { dns-sd { domain=.x } DNSSD=off collector { ip=::1 } }", "f").value() ==
        "collectors:\n  - ip: \"::1\"\n");
}

TEST_CASE("of an old name and today's, the last one counts in the other syntax too") {
  CHECK(convert_config("sflow { dns-sd { domain=.a } DNSSD_domain=.b }", "f").value() ==
        "dns-sd:\n  domain: .b\n");
  CHECK(convert_config("sflow { DNSSD_domain=.b dns-sd { domain=.a } }", "f").value() ==
        "dns-sd:\n  domain: .a\n");
  CHECK(convert_config("sflow { dns-sd { } ulog { group=1 } ulogGroup=2 }", "f").value() ==
        "dns-sd: {}\nulog:\n  group: 2\n");
}

TEST_CASE("unknown keys that stand several times stay together") {
  const std::string classic = "sflow { dns-sd { } a = 1 A = 2 b { c = 3 } b { } b { d { e = 4 } } }";
  const auto yaml = convert_config(classic, "f");
  CHECK(yaml.value() ==
        "a:\n  - \"1\"\n  - \"2\"\ndns-sd: {}\nb:\n  - c: \"3\"\n  - {}\n  - d:\n      e: \"4\"\n");
  CHECK(convert_config(convert_config(*yaml, "f").value(), "f") == yaml);
}

TEST_CASE("what cannot be converted is an error, never another configuration") {
  CHECK(convert_config("sflow { polling = x }", "f").error().message ==
        "f:1:19: polling: found `x`, expected a number from 0 to 300");
  // A word of the classic syntax ends with its line.
  CHECK(convert_config("dns-sd:\nfuture: \"a\\nb\"\n", "f")
            .error()
            .message.starts_with("f: cannot be said in the other"));
  CHECK_FALSE(convert_config("dns-sd:\nfuture: " + std::string(300, 'x') + "\n", "f"));
  CHECK_FALSE(convert_config("sflow { dns-sd { } a = 1 a { } }", "f"));
  CHECK(convert_config("sflow { dns-sd { } future = \xC3\xA4 }", "f"));
}

TEST_CASE("what is shown names the origin of every value, whatever it is") {
  LoadedConfig loaded =
      load_config("sflow { polling = 20 collector { ip=::1 } xen { dsk = on vbd = x } }", "f");
  loaded.origins["sampling"] = {.kind = Origin::Kind::dns, .text = "_sflow._udp.x TXT"};
  loaded.origins["uuid"] = {.kind = Origin::Kind::command_line, .text = "--uuid"};
  loaded.config->uuid = "4c4c4544-0051-3510-8052-b4c04f4a4231";
  CHECK(show_config(loaded) == R"(polling: 20 # f:1
sampling: 400 # DNS record _sflow._udp.x TXT
# polling.NAME: not set
# sampling.NAME: not set
# agentIP: not set
# agent: not set
# agent.cidr: not set
subAgentId: 100000 # default
uuid: "4c4c4544-0051-3510-8052-b4c04f4a4231" # command line --uuid
headerBytes: 128 # default
datagramBytes: 1400 # default
vms: configured # default
refreshVMs: 60 # default
forgetVMs: 180 # default
# modules: not set
collectors:
  - ip: "::1" # f:1
    UDPPort: 6343 # default
    # namespace: not set
    # dev: not set
    # source: not set
# dns-sd: not set
ovs:
  # bridges: not set
  # exclude: not set
  takeover: off # default
interfaces:
  # include: not set
  # exclude: not set
# kvm: not set
xen: # f:1
  update.dominfo: off # default
  dsk: on # f:1
# ignored, not supported by this build:
#   xen.vbd # f:1
)");
}
