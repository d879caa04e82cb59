#include "commands/show.hpp"

#include <catch2/catch.hpp>

namespace sfa::commands_show_test {

using namespace commands;
using namespace config;

TEST_CASE("`show` names the origin of every value") {
  LoadedConfig loaded = load_config(
      "sflow { polling = 20 collector { ip=::1 } xen { dsk = on vbd = x } pcap { dev=a } pcap { } }", "f");
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
vms: auto # default
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
# proxmox: not set
# ignored, not supported by this build:
#   xen.vbd # f:1
#   pcap # f:1
#   pcap # f:1
)");
}

} // namespace sfa::commands_show_test
