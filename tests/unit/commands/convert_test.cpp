#include "commands/convert.hpp"

#include <catch2/catch.hpp>

namespace sfa::commands_convert_test {

using namespace commands;

TEST_CASE("classic text becomes YAML with the current names, and back") {
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
jsonPort: "36343"
future: "a \"b\" {"
collectors:
  - ip: 192.0.2.1
  - ip: "::1"
    dev: "0x1"
dns-sd:
  domain: .example.com
docker: {}
)";
  CHECK(convert_config(classic, "f").value() == yaml);
  const std::string again = R"(sflow {
  polling = 20
  sampling = 2000
  agent.cidr = !10.0.0.0/8
  jsonPort = 36343
  future = "a ""b"" {"
  collector {
    ip = 192.0.2.1
  }
  collector {
    ip = ::1
    dev = 0x1
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

TEST_CASE("of an old and a current name, the last one counts in the other syntax, too") {
  CHECK(convert_config("sflow { dns-sd { domain=.a } DNSSD_domain=.b }", "f").value() ==
        "dns-sd:\n  domain: .b\n");
  CHECK(convert_config("sflow { DNSSD_domain=.b dns-sd { domain=.a } }", "f").value() ==
        "dns-sd:\n  domain: .a\n");
  CHECK(convert_config("sflow { dns-sd { } xen { dsk=on } xen.dsk=off }", "f").value() ==
        "dns-sd: {}\nxen:\n  dsk: off\n");
}

TEST_CASE("ignored names are kept as they are") {
  const std::string classic =
      "sflow { dns-sd { } ulogGroup=0x2 ulog { group=1 on=off port { a=1 } } docker { } "
      "pcap { dev=a } pcap { dev=b } xen { vbd=on } }";
  const std::string yaml = R"(ulogGroup: "0x2"
dns-sd: {}
ulog:
  group: "1"
  "on": "off"
  port:
    a: "1"
docker: {}
pcap:
  - dev: a
  - dev: b
xen:
  vbd: "on"
)";
  CHECK(convert_config(classic, "f").value() == yaml);
  CHECK(convert_config(convert_config(yaml, "f").value(), "f").value() == yaml);
  // YAML without a value is an empty section.
  CHECK(convert_config("dns-sd:\ndocker:\n", "f").value() == "sflow {\n  dns-sd { }\n  docker { }\n}\n");
}

TEST_CASE("repeated unknown keys become a list") {
  const std::string classic = "sflow { dns-sd { } a = 1 A = 2 b { c = 3 } b { } b { d { e = 4 } } }";
  const auto yaml = convert_config(classic, "f");
  CHECK(yaml.value() ==
        "a:\n  - \"1\"\n  - \"2\"\ndns-sd: {}\nb:\n  - c: \"3\"\n  - {}\n  - d:\n      e: \"4\"\n");
  CHECK(convert_config(convert_config(*yaml, "f").value(), "f") == yaml);
}

TEST_CASE("a configuration without an equivalent in the other syntax is an error") {
  CHECK(convert_config("sflow { polling = x }", "f").error().message ==
        "f:1:19: polling: found `x`, expected a number from 0 to 300");
  // A word of the classic syntax ends with its line.
  CHECK(convert_config("dns-sd:\nfuture: \"a\\nb\"\n", "f")
            .error()
            .message.starts_with("f: cannot be expressed in the other"));
  CHECK_FALSE(convert_config("dns-sd:\nfuture: " + std::string(300, 'x') + "\n", "f"));
  CHECK_FALSE(convert_config("sflow { dns-sd { } a = 1 a { } }", "f"));
  CHECK(convert_config("sflow { dns-sd { } future = \xC3\xA4 }", "f"));
}

} // namespace sfa::commands_convert_test
