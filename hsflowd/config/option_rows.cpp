// The rows of the option table.
#include "config/options.hpp"

#include <array>
#include <limits>

namespace sfa::config {

namespace {

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kDns = Option::kDnsTxt;
constexpr unsigned kMany = Option::kRepeatable;

constexpr Type number(std::uint64_t min, std::uint64_t max) {
  return {.kind = Kind::number, .min = min, .max = max};
}
constexpr Type choice(std::string_view choices) {
  return {.kind = Kind::choice, .choices = choices};
}
constexpr Type kBoolean{.kind = Kind::boolean};
constexpr Type kProbability{.kind = Kind::probability};
constexpr Type kText{.kind = Kind::text};
constexpr Type kDevice{.kind = Kind::device};
constexpr Type kPort = number(0, 65535);
constexpr Type kGroup = number(1, 32);

void assign(bool& to, const Value& value) {
  to = std::get<bool>(value);
}
void assign(std::string& to, const Value& value) {
  to = std::get<std::string>(value);
}
// Kind::address
void assign(std::optional<IpAddress>& to, const Value& value) {
  to = *IpAddress::parse(std::get<std::string>(value));
}
void assign(std::chrono::seconds& to, const Value& value) {
  to = std::chrono::seconds(std::get<std::uint64_t>(value));
}
// The row's range was checked before, and fits the field: a test sets every row to its largest value.
template <std::unsigned_integral T>
void assign(T& to, const Value& value) {
  to = static_cast<T>(std::get<std::uint64_t>(value));
}

std::optional<Value> value_of(bool from) {
  return from;
}
std::optional<Value> value_of(const std::string& from) {
  return from.empty() ? std::nullopt : std::optional<Value>(from);
}
std::optional<Value> value_of(const std::optional<IpAddress>& from) {
  return from ? std::optional<Value>(from->to_string()) : std::nullopt;
}
std::optional<Value> value_of(std::chrono::seconds from) {
  return static_cast<std::uint64_t>(from.count());
}
template <std::unsigned_integral T>
std::optional<Value> value_of(T from) {
  return static_cast<std::uint64_t>(from);
}

std::vector<NamedValue> one_or_none(const std::optional<Value>& value) {
  return value ? std::vector{NamedValue{"", *value}} : std::vector<NamedValue>{};
}

template <auto Member>
constexpr Access kPlain{
    [](Config& config, const Value& value, std::string_view) { assign(config.*Member, value); },
    [](const Config& config, std::size_t) { return one_or_none(value_of(config.*Member)); }};

template <auto Member>
constexpr Access kFamily{[](Config& config, const Value& value, std::string_view name) {
                           assign((config.*Member)[std::string(name)], value);
                         },
                         [](const Config& config, std::size_t) {
                           std::vector<NamedValue> values;
                           for (const auto& [name, number] : config.*Member) {
                             values.push_back({name, *value_of(number)});
                           }
                           return values;
                         }};

template <auto Member>
constexpr Access kOfCollector{[](Config& config, const Value& value, std::string_view) {
                                assign(config.collectors.back().*Member, value);
                              },
                              [](const Config& config, std::size_t index) {
                                return one_or_none(value_of(config.collectors.at(index).*Member));
                              }};

template <auto Member>
constexpr Access kOfDnsSd{
    [](Config& config, const Value& value, std::string_view) { assign(config.dns_sd.*Member, value); },
    [](const Config& config, std::size_t) { return one_or_none(value_of(config.dns_sd.*Member)); }};

// An address or, rarely, a host name: the last one given counts.
constexpr Access kAgentIp{[](Config& config, const Value& value, std::string_view) {
                            const auto& text = std::get<std::string>(value);
                            const auto address = IpAddress::parse(text);
                            config.agent_ip = address ? std::optional(*address) : std::nullopt;
                            config.agent_host = address ? "" : text;
                          },
                          [](const Config& config, std::size_t) {
                            return one_or_none(config.agent_ip ? Value(config.agent_ip->to_string())
                                                               : value_of(config.agent_host));
                          }};

constexpr Access kVms{[](Config& config, const Value& value, std::string_view) {
                        config.vms_automatic = std::get<std::string>(value) == "auto";
                      },
                      [](const Config& config, std::size_t) {
                        return one_or_none(std::string(config.vms_automatic ? "auto" : "configured"));
                      }};

// Their old form at the top comes from builds that always had Xen.
template <auto Member>
constexpr Access kOfXen{
    [](Config& config, const Value& value, std::string_view) {
      config.xen = true;
      assign(config.*Member, value);
    },
    [](const Config& config, std::size_t) { return one_or_none(value_of(config.*Member)); }};

constexpr Access kCidrs{[](Config& config, const Value& value, std::string_view) {
                          config.agent_cidrs.push_back(std::get<AgentCidr>(value));
                        },
                        [](const Config& config, std::size_t) {
                          std::vector<NamedValue> values;
                          for (const auto& cidr : config.agent_cidrs) {
                            values.push_back({"", cidr});
                          }
                          return values;
                        }};

template <auto Member>
constexpr Access kTexts{[](Config& config, const Value& value, std::string_view) {
                          (config.*Member).push_back(std::get<std::string>(value));
                        },
                        [](const Config& config, std::size_t) {
                          std::vector<NamedValue> values;
                          for (const auto& text : config.*Member) {
                            values.push_back({"", text});
                          }
                          return values;
                        }};

// One row a line, however long.
// clang-format off
constexpr std::array kOptions{
    Option{"", "polling", number(0, kMaxPolling), "30", "Seconds between counter samples; 0 switches counters off.", kDns, kPlain<&Config::polling>},
    Option{"", "sampling", number(0, kMaxSampling), "400", "One packet in so many is sampled; 0 switches packet samples off.", kDns, kPlain<&Config::sampling>},
    Option{"", "polling.NAME", number(0, kMaxPolling), "", "`polling` for the application NAME; the longest dotted prefix of its name wins.", kDns, kFamily<&Config::polling_by_name>},
    Option{"", "sampling.NAME", number(0, kMaxSampling), "", "`sampling` for an application, for interfaces of a speed (`100M`, `1G`, `10G`, ...), or `bps_ratio`: the speed in bit/s divided by it (0 = off).", kDns, kFamily<&Config::sampling_by_name>},
    Option{"", "agentIP", {.kind = Kind::host}, "", "The address that names this agent, even if no interface has it.", kDns, kAgentIp},
    Option{"", "agent", kText, "", "Device whose addresses are preferred as the agent's address.", kDns, kPlain<&Config::agent_device>},
    Option{"", "agent.cidr", {.kind = Kind::cidr}, "", "Prefix whose addresses are preferred as the agent's address, the first listed most; `!` in front excludes them.", kDns | kMany, kCidrs},
    Option{"", "subAgentId", number(0, 199'999), "100000", "Tells this agent's datagrams from those of others with the same address, such as ovs-vswitchd's.", 0, kPlain<&Config::sub_agent_id>},
    Option{"", "uuid", {.kind = Kind::uuid}, "", "Identity of the host; without it the system's own is taken.", 0, kPlain<&Config::uuid>},
    Option{"", "headerBytes", number(0, kMaxHeaderBytes), "128", "Bytes of each sampled packet that are exported.", kDns, kPlain<&Config::header_bytes>},
    Option{"", "datagramBytes", number(kMinDatagramBytes, kMaxDatagramBytes), "1400", "Largest sFlow datagram (UDP payload) in bytes.", kDns, kPlain<&Config::datagram_bytes>},
    Option{"", "DNSSD", kBoolean, "off", "Switches DNS-SD on.", 0, kOfDnsSd<&DnsSdConfig::on>, "dns-sd"},
    Option{"", "refreshAdaptors", number(60, 3600), "180", "Seconds between full readings of the interfaces."},
    Option{"", "checkAdaptors", number(1, 3600), "10", "Seconds between checks for new interfaces."},
    Option{"", "vms", choice("auto|configured"), "configured", "Whose VMs have counters: those of the hypervisors that are there, or only of `kvm` and `xen` sections.", 0, kVms},
    Option{"", "refreshVMs", number(60, 3600), "60", "Seconds between readings of the list of VMs, in case an event was lost.", 0, kPlain<&Config::refresh_vms>},
    Option{"", "forgetVMs", number(60, kMax32), "180", "Seconds until the totals of a VM that is gone are forgotten.", 0, kPlain<&Config::forget_vms>},
    Option{"", "modules", kText, "", "Folder of the loadable modules, instead of the one they are installed in.", 0, kPlain<&Config::modules>},
    Option{"", "loopback", kText, "", "Has never had an effect."},
    Option{"", "samplingDirection", choice("in|out|both"), "", "Has never had an effect."},

    Option{"collector", "ip", {.kind = Kind::host}, "", "Address or host name of the collector; required.", 0, kOfCollector<&CollectorConfig::host>},
    Option{"collector", "UDPPort", number(1, 65535), "6343", "UDP port of the collector.", 0, kOfCollector<&CollectorConfig::port>},
    Option{"collector", "namespace", {.kind = Kind::name}, "", "Network namespace to send from, a name that `ip netns` knows.", 0, kOfCollector<&CollectorConfig::network_namespace>},
    Option{"collector", "dev", kDevice, "", "Device (or VRF) to send through.", 0, kOfCollector<&CollectorConfig::device>},
    Option{"collector", "source", {.kind = Kind::address}, "", "Source address of the datagrams, one of this host's; without it the kernel chooses.", 0, kOfCollector<&CollectorConfig::source>},

    Option{"dns-sd", "domain", {.kind = Kind::domain}, "", "Domain in which `_sflow._udp` is looked up; without it the resolver's search list is used.", 0, kOfDnsSd<&DnsSdConfig::domain>},
    Option{"dns-sd", "min-ttl", number(1, 3600), "10", "Seconds that an answer of DNS is kept at least, whatever its TTL.", 0, kOfDnsSd<&DnsSdConfig::min_ttl>},
    Option{"dns-sd", "max-ttl", number(1, 86'400), "3600", "Seconds that an answer of DNS is kept at most.", 0, kOfDnsSd<&DnsSdConfig::max_ttl>},
    Option{"dns-sd", "start-delay", number(0, 300), "1", "The first question is asked after a random part of so many seconds, so that hosts that start together do not ask together.", 0, kOfDnsSd<&DnsSdConfig::start_delay>},
    Option{"dns-sd", "require-ad", kBoolean, "off", "Only answers that the resolver marks as authenticated (AD) count.", 0, kOfDnsSd<&DnsSdConfig::require_ad>},

    Option{"ovs", "bridges", {.kind = Kind::names}, "", "The only bridges that get sFlow, such as `br-int,br-ex*`; without it all do.", kMany, kTexts<&Config::ovs_bridges>},
    Option{"ovs", "exclude", {.kind = Kind::names}, "", "Bridges that do not get sFlow, even if they are among `bridges`.", kMany, kTexts<&Config::ovs_exclude>},
    Option{"ovs", "takeover", kBoolean, "off", "Replace sFlow rows of Open vSwitch that carry somebody else's external_ids.", 0, kPlain<&Config::ovs_takeover>},

    Option{"interfaces", "include", {.kind = Kind::names}, "", "Interfaces with counters of their own besides NICs, bonds and teams, such as `br*,eth0.100`.", kMany, kTexts<&Config::interfaces_include>},
    Option{"interfaces", "exclude", {.kind = Kind::names}, "", "Interfaces without counters of their own, even if they are among `include`.", kMany, kTexts<&Config::interfaces_exclude>},

    Option{"kvm", "uri", kText, "", "Where libvirt answers, instead of qemu:///system.", 0, kPlain<&Config::kvm_uri>},
    Option{"xen", "update.dominfo", kBoolean, "off", "Read names and NICs with every poll, not only with the list.", 0, kOfXen<&Config::xen_update_dominfo>},
    Option{"xen", "dsk", kBoolean, "on", "Read the domains' disk counters.", 0, kOfXen<&Config::xen_disks>},
    Option{"xen", "switchport", kText, "", "Regular expression: interfaces that are switch ports."},
    Option{"xen", "vbd", kText, "", "Folder of the virtual block devices."},
    Option{"docker", "refreshVMs", number(60, 3600), "60", "As at the top."},
    Option{"docker", "forgetVMs", number(60, kMax32), "180", "As at the top."},
    Option{"docker", "hostname", kBoolean, "", "Name containers by their host name."},
    Option{"docker", "markTraffic", kBoolean, "", "Say which container a sampled packet belongs to."},
    Option{"containerd", "refreshVMs", number(60, 3600), "60", "As at the top."},
    Option{"containerd", "forgetVMs", number(60, kMax32), "180", "As at the top."},
    Option{"containerd", "hostname", kBoolean, "", "Name containers by their host name."},
    Option{"containerd", "markTraffic", kBoolean, "", "Say which container a sampled packet belongs to."},
    Option{"k8s", "markTraffic", kBoolean, "", "Say which pod a sampled packet belongs to."},
    Option{"k8s", "eof", kText, "", "What ends the reading of pods."},
    Option{"k8s", "setIfAlias", kBoolean, "", "Write the pod's name into the alias of its interface."},
    Option{"k8s", "setIfName", kBoolean, "", "Export the pod's name as the name of its interface."},
    Option{"k8s", "unixsock", kText, "", "Unix socket of the container runtime."},
    Option{"systemd", "refreshVMs", number(10, 3600), "60", "As at the top."},
    Option{"systemd", "dropPriv", kBoolean, "", "Run without root's privileges."},
    Option{"systemd", "cgroup_procs", kText, "", "Where a service's processes are listed."},
    Option{"systemd", "cgroup_acct", kText, "", "Read the accounting of control groups."},
    Option{"systemd", "markTraffic", kBoolean, "", "Say which service a sampled packet belongs to."},
    Option{"json", "UDPPort", kPort, "", "UDP port on which applications report as JSON."},
    Option{"json", "FIFO", kText, "", "Named pipe on which applications report as JSON."},
    Option{"tcp", "tunnel", kBoolean, "", "Look into tunnels."},
    Option{"tcp", "udp", kBoolean, "", "Look at UDP too."},
    Option{"tcp", "dump", kText, "", "Dump the sockets at the start."},
    Option{"ulog", "group", kGroup, "", "Netlink group of the sampled packets."},
    Option{"ulog", "probability", kProbability, "", "Probability with which the kernel samples."},
    Option{"nflog", "group", kGroup, "", "Netlink group of the sampled packets."},
    Option{"nflog", "probability", kProbability, "", "Probability with which the kernel samples."},
    Option{"psample", "group", kGroup, "1", "psample group of the sampled packets."},
    Option{"psample", "ingress", kBoolean, "on", "Sample packets that come in."},
    Option{"psample", "egress", kBoolean, "off", "Sample packets that go out."},
    Option{"dropmon", "group", kGroup, "", "Netlink group of the dropped packets."},
    Option{"dropmon", "start", kBoolean, "", "Start the kernel's drop monitor."},
    Option{"dropmon", "force", kBoolean, "", "Change a drop monitor that already runs."},
    Option{"dropmon", "sw", kBoolean, "", "Drops in software."},
    Option{"dropmon", "hw", kBoolean, "", "Drops in hardware."},
    Option{"dropmon", "rn", kBoolean, "", "Export reasons by name."},
    Option{"dropmon", "hw_unknown", kBoolean, "", "Export hardware drops of unknown reason."},
    Option{"dropmon", "hw_function", kBoolean, "", "Export the function of hardware drops."},
    Option{"dropmon", "sw_passive", kBoolean, "", "Only listen to software drops."},
    Option{"dropmon", "hw_passive", kBoolean, "", "Only listen to hardware drops."},
    Option{"dropmon", "hide", kText, "", "Regular expression: functions whose drops are not exported."},
    Option{"dropmon", "limit", number(1, 10'000), "100", "Dropped packets exported each second."},
    Option{"dropmon", "max", number(0, kMax32), "100000", "Drops each second above which the monitor is switched off."},
    Option{"dropmon", "max_trip", number(0, kMax32), "2", "Seconds above `max` until then."},
    Option{"pcap", "dev", kDevice, "", "Device to capture on."},
    Option{"pcap", "dev.pattern", kText, "", "Regular expression: devices to capture on."},
    Option{"pcap", "dynamic", kBoolean, "", "Follow devices that come and go."},
    Option{"pcap", "promisc", kBoolean, "", "Capture in promiscuous mode."},
    Option{"pcap", "vport", kBoolean, "", "The device is a VM's."},
    Option{"pcap", "speed", {.kind = Kind::speed_range}, "", "Devices of that speed, or of that range of speeds."},
    Option{"pcap", "sampling", number(0, kMaxSampling), "", "Sampling rate of the device."},
    Option{"nlroute", "limit", number(0, 500), "50", "Netlink messages handled at once."},
    Option{"nlroute", "link", kBoolean, "", "Follow links."},
    Option{"nlroute", "addr", kBoolean, "", "Follow addresses."},
    Option{"nlroute", "setIfAlias", kBoolean, "", "Follow aliases of links."},
    Option{"vpp", "ifOffset", number(0, kMax32), "1000000000", "Added to VPP's interface indices."},
    Option{"vpp", "osIndex", kBoolean, "", "Use the index of the Linux interface."},
    Option{"cumulus", "switchport", kText, "", "Regular expression: interfaces that are switch ports."},
    Option{"cumulus", "sw", kText, "", "Switch chip."},
    Option{"os10", "UDPPort", kPort, "", "UDP port of the sampled packets."},
    Option{"os10", "switchport", kText, "", "Regular expression: interfaces that are switch ports."},
    Option{"os10.port", "dev", kDevice, "", "Device of the port."},
    Option{"sonic", "switchport", kText, "", "Regular expression: interfaces that are switch ports."},
    Option{"sonic", "unixsock", kText, "", "Reach the database through its Unix socket."},
    Option{"sonic", "dbconfig", kText, "", "File that describes the databases."},
    Option{"sonic", "waitReady", number(0, kMax32), "180", "Seconds to wait for the ports."},
    Option{"sonic", "suppressOther", kBoolean, "", "Export nothing but switch ports."},
    Option{"sonic", "setIfAlias", kBoolean, "", "Export the port's alias."},
    Option{"sonic", "setIfName", kBoolean, "", "Export the port's name."},
};

constexpr std::array kAliases{
    Alias{"", "counterPollingInterval", "", "polling"},
    Alias{"", "packetSamplingRate", "", "sampling"},
    Alias{"", "DNSSD_domain", "dns-sd", "domain"},
    Alias{"dns-sd", "DNSSD_domain", "dns-sd", "domain", false},
    Alias{"kvm", "refreshVMs", "", "refreshVMs", false},
    Alias{"kvm", "forgetVMs", "", "forgetVMs", false},
    Alias{"xen", "refreshVMs", "", "refreshVMs", false},
    Alias{"xen", "forgetVMs", "", "forgetVMs", false},
    Alias{"", "jsonPort", "json", "UDPPort"},
    Alias{"", "jsonFIFO", "json", "FIFO"},
    Alias{"", "ulogGroup", "ulog", "group"},
    Alias{"", "ulogProbability", "ulog", "probability"},
    Alias{"", "nflogGroup", "nflog", "group"},
    Alias{"", "nflogProbability", "nflog", "probability"},
    Alias{"", "xen.update.dominfo", "xen", "update.dominfo"},
    Alias{"", "xen.dsk", "xen", "dsk"},
    Alias{"collectors", "", "collector", "", false},
};

constexpr bool kRepeat = true;
constexpr bool kSupported = true;

constexpr std::array kSections{
    SectionRow{"collector", "Where datagrams are sent to.", kRepeat, kSupported, "", [](Config& config) { config.collectors.emplace_back(); }, [](const Config& config) { return config.collectors.size(); }},
    SectionRow{"dns-sd", "Collectors and settings come from DNS.", false, kSupported, "", [](Config& config) { config.dns_sd.on = true; }, [](const Config& config) { return std::size_t{config.dns_sd.on}; }},
    SectionRow{"ovs", "Open vSwitch: sflowovsd attaches sFlow to its bridges.", false, kSupported},
    SectionRow{"interfaces", "Which interfaces have counters of their own.", false, kSupported},
    SectionRow{"kvm", "Counters of libvirt's VMs.", false, kSupported, "", [](Config& config) { config.kvm = true; }, [](const Config& config) { return std::size_t{config.kvm}; }},
    SectionRow{"xen", "Counters of Xen's domains.", false, kSupported, "", [](Config& config) { config.xen = true; }, [](const Config& config) { return std::size_t{config.xen}; }},
    SectionRow{"docker", "Counters of Docker's containers."},
    SectionRow{"containerd", "Counters of containerd's containers."},
    SectionRow{"k8s", "Counters of Kubernetes' pods."},
    SectionRow{"systemd", "Counters of systemd's services."},
    SectionRow{"json", "Applications report as JSON."},
    SectionRow{"dbus", "Answers on D-Bus."},
    SectionRow{"nvml", "Counters of NVIDIA's GPUs."},
    SectionRow{"eapi", "Arista EOS."},
    SectionRow{"tcp", "TCP round-trip times with packet samples."},
    SectionRow{"ulog", "Packet samples from iptables' ULOG."},
    SectionRow{"nflog", "Packet samples from NFLOG."},
    SectionRow{"psample", "Packet samples from psample."},
    SectionRow{"dropmon", "Dropped packets."},
    SectionRow{"pcap", "Packet samples from libpcap.", kRepeat},
    SectionRow{"epcap", "Packet samples from libpcap.", kRepeat, false, "pcap"},
    SectionRow{"nlroute", "Interfaces as rtnetlink reports them."},
    SectionRow{"vpp", "VPP's interfaces and packet samples."},
    SectionRow{"cumulus", "Cumulus Linux."},
    SectionRow{"dent", "DENT.", false, false, "cumulus"},
    SectionRow{"os10", "Dell OS10."},
    SectionRow{"os10.port", "A port.", kRepeat},
    SectionRow{"opx", "OpenSwitch OPX.", false, false, "os10"},
    SectionRow{"opx.port", "A port.", kRepeat, false, "os10.port"},
    SectionRow{"sonic", "SONiC."},
};
// clang-format on

} // namespace

std::span<const Option> all_options() {
  return kOptions;
}

std::span<const Alias> all_aliases() {
  return kAliases;
}

std::span<const SectionRow> all_sections() {
  return kSections;
}

} // namespace sfa::config
