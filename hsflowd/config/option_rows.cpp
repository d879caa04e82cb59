// The rows of the option table.
#include "config/options.hpp"

#include <array>
#include <limits>

namespace sfa::config {

namespace {

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kDns = Option::kDnsTxt;
constexpr unsigned kMany = Option::kRepeatable;
constexpr unsigned kRequired = Option::kRequired;

// Each has a socket, and a process may have 1,024 descriptors by default (getrlimit(2)).
constexpr std::size_t kMaxCollectors = 128;

constexpr Type number(std::uint64_t min, std::uint64_t max) {
  return {.kind = Kind::number, .min = min, .max = max};
}
constexpr Type choice(std::string_view choices) {
  return {.kind = Kind::choice, .choices = choices};
}
constexpr Type kBoolean{.kind = Kind::boolean};
constexpr Type kText{.kind = Kind::text};
constexpr Type kDevice{.kind = Kind::device};

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
// The value is in the row's range, which fits the field: a test sets every option to its largest value.
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

// An address or, rarely, a host name; the last one counts.
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

constexpr Access kVms{
    [](Config& config, const Value& value, std::string_view) {
      const auto& text = std::get<std::string>(value);
      config.vms = text == "auto" ? Vms::automatic : text == "off" ? Vms::off : Vms::configured;
    },
    [](const Config& config, std::size_t) {
      return one_or_none(std::string(config.vms == Vms::automatic ? "auto"
                                     : config.vms == Vms::off     ? "off"
                                                                  : "configured"));
    }};

// Their old form at the top implies Xen: it comes from builds that always had it.
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

std::optional<SectionProblem> check_collector(const Config& config, std::size_t index) {
  const CollectorConfig& collector = config.collectors[index];
  const auto address = IpAddress::parse(collector.host);
  if (!collector.source || !address || collector.source->is_v4() == address->is_v4()) {
    return std::nullopt;
  }
  return SectionProblem{"source", fmt::format("found `{}`, expected an address of the same family as {}",
                                              collector.source->to_string(), address->to_string())};
}

std::optional<SectionProblem> check_dns_sd(const Config& config, std::size_t) {
  const DnsSdConfig& dns_sd = config.dns_sd;
  if (dns_sd.min_ttl <= dns_sd.max_ttl) {
    return std::nullopt;
  }
  return SectionProblem{"min-ttl", fmt::format("found {} s, expected no more than `max-ttl` ({} s)",
                                               dns_sd.min_ttl.count(), dns_sd.max_ttl.count())};
}

constexpr SectionRow kCollector{.name = "collector",
                                .doc = "A destination of the datagrams.",
                                .flags = kRepeatableSection | kNamesCollectors,
                                .plural = "collectors",
                                .open = [](Config& config) { config.collectors.emplace_back(); },
                                .count = [](const Config& config) { return config.collectors.size(); },
                                .check = check_collector,
                                .most = kMaxCollectors};

constexpr SectionRow kDnsSd{.name = "dns-sd",
                            .doc = "Takes the collectors, and settings, from DNS.",
                            .flags = kNamesCollectors | kExclusive,
                            .open = [](Config& config) { config.dns_sd.on = true; },
                            .count = [](const Config& config) { return std::size_t{config.dns_sd.on}; },
                            .reset = [](Config& config) { config.dns_sd = {}; },
                            .check = check_dns_sd};

// One row per line, however long.
// clang-format off
constexpr std::array kOptions{
    Option{"", "polling", number(0, kMaxPolling), "30", "Seconds between counter samples; 0 switches counters off.", kDns, kPlain<&Config::polling>},
    Option{"", "sampling", number(0, kMaxSampling), "400", "Sample 1 in N packets; 0 switches packet samples off.", kDns, kPlain<&Config::sampling>},
    Option{"", "polling.NAME", number(0, kMaxPolling), "", "`polling` for the application NAME; the longest dotted prefix of its name wins.", kDns, kFamily<&Config::polling_by_name>},
    Option{"", "sampling.NAME", number(0, kMaxSampling), "", "`sampling` for an application, for interfaces of a speed (`100M`, `1G`, `10G`, ...), or `bps_ratio`: the speed in bit/s divided by it (0 = off).", kDns, kFamily<&Config::sampling_by_name>},
    Option{"", "agentIP", {.kind = Kind::host}, "", "Address that identifies this agent, even if no interface has it.", kDns, kAgentIp},
    Option{"", "agent", kText, "", "Device whose addresses are preferred as the agent address.", kDns, kPlain<&Config::agent_device>},
    Option{"", "agent.cidr", {.kind = Kind::cidr}, "", "Prefix whose addresses are preferred as the agent address; earlier prefixes rank higher. A leading `!` excludes the addresses.", kDns | kMany, kCidrs},
    Option{"", "subAgentId", number(0, 199'999), "100000", "Distinguishes this agent's datagrams from those of others with the same address, such as ovs-vswitchd's.", 0, kPlain<&Config::sub_agent_id>},
    Option{"", "uuid", {.kind = Kind::uuid}, "", "UUID of the host, instead of the system's own.", 0, kPlain<&Config::uuid>},
    Option{"", "headerBytes", number(0, kMaxHeaderBytes), "128", "Bytes of each sampled packet that are exported.", kDns, kPlain<&Config::header_bytes>},
    Option{"", "datagramBytes", number(kMinDatagramBytes, kMaxDatagramBytes), "1400", "Largest sFlow datagram (UDP payload) in bytes.", kDns, kPlain<&Config::datagram_bytes>},
    Option{"", "DNSSD", kBoolean, "off", "Switches DNS-SD on.", 0, kOfDnsSd<&DnsSdConfig::on>, "dns-sd"},
    Option{"", "vms", choice("auto|configured|off"), "auto", "Guests that have counters: those of every hypervisor on the host and of every port of Open vSwitch, only those of the `kvm`, `xen` and `proxmox` sections, or none.", kDns, kVms},
    Option{"", "refreshVMs", number(60, 3600), "60", "Seconds between full reads of the list of guests, in case an event was lost.", 0, kPlain<&Config::refresh_vms>},
    Option{"", "forgetVMs", number(60, kMax32), "180", "Seconds for which the totals of a removed guest are kept.", 0, kPlain<&Config::forget_vms>},
    Option{"", "modules", kText, "", "Directory of the loadable modules, instead of the one where they are installed.", 0, kPlain<&Config::modules>},

    Option{"collector", "ip", {.kind = Kind::host}, "", "Address or host name of the collector.", kRequired, kOfCollector<&CollectorConfig::host>},
    Option{"collector", "UDPPort", number(1, 65535), "6343", "UDP port of the collector.", 0, kOfCollector<&CollectorConfig::port>},
    Option{"collector", "namespace", {.kind = Kind::name}, "", "Network namespace to send from, as named by `ip netns`.", 0, kOfCollector<&CollectorConfig::network_namespace>},
    Option{"collector", "dev", kDevice, "", "Device (or VRF) to send through.", 0, kOfCollector<&CollectorConfig::device>},
    Option{"collector", "source", {.kind = Kind::address}, "", "Source address of the datagrams, an address of this host. The kernel chooses one by default.", 0, kOfCollector<&CollectorConfig::source>},

    Option{"dns-sd", "domain", {.kind = Kind::domain}, "", "Domain in which `_sflow._udp` is looked up, instead of the resolver's search list.", 0, kOfDnsSd<&DnsSdConfig::domain>},
    Option{"dns-sd", "min-ttl", number(1, 3600), "10", "Minimum time in seconds for which a DNS answer is used, whatever its TTL.", 0, kOfDnsSd<&DnsSdConfig::min_ttl>},
    Option{"dns-sd", "max-ttl", number(1, 86'400), "3600", "Maximum time in seconds for which a DNS answer is used.", 0, kOfDnsSd<&DnsSdConfig::max_ttl>},
    Option{"dns-sd", "start-delay", number(0, 300), "1", "Maximum of the random delay in seconds before the first query, so that hosts that boot together do not query together.", 0, kOfDnsSd<&DnsSdConfig::start_delay>},
    Option{"dns-sd", "require-ad", kBoolean, "off", "Accept only answers that the resolver marks as authenticated (AD).", 0, kOfDnsSd<&DnsSdConfig::require_ad>},

    Option{"ovs", "bridges", {.kind = Kind::names}, "", "Bridges that get sFlow, such as `br-int,br-ex*`, instead of all.", kMany, kTexts<&Config::ovs_bridges>},
    Option{"ovs", "exclude", {.kind = Kind::names}, "", "Bridges that do not get sFlow, even if `bridges` selects them.", kMany, kTexts<&Config::ovs_exclude>},
    Option{"ovs", "takeover", kBoolean, "off", "Replace sFlow rows of Open vSwitch that have somebody else's external_ids.", 0, kPlain<&Config::ovs_takeover>},

    Option{"interfaces", "include", {.kind = Kind::names}, "", "Interfaces that have counters besides NICs, bonds and teams, such as `br*,eth0.100`.", kMany, kTexts<&Config::interfaces_include>},
    Option{"interfaces", "exclude", {.kind = Kind::names}, "", "Interfaces that have no counters, even if `include` selects them.", kMany, kTexts<&Config::interfaces_exclude>},

    Option{"kvm", "uri", kText, "", "URI of the libvirt connection, instead of qemu:///system.", 0, kPlain<&Config::kvm_uri>},

    Option{"xen", "update.dominfo", kBoolean, "off", "Read names and NICs at every poll, not only with the list of domains.", 0, kOfXen<&Config::xen_update_dominfo>},
    Option{"xen", "dsk", kBoolean, "on", "Read the disk counters of the domains.", 0, kOfXen<&Config::xen_disks>},
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
    Alias{"", "xen.update.dominfo", "xen", "update.dominfo"},
    Alias{"", "xen.dsk", "xen", "dsk"},
};

constexpr std::array kSections{
    kCollector,
    kDnsSd,
    SectionRow{.name = "ovs", .doc = "Open vSwitch: the bridges to which sflowovsd attaches sFlow."},
    SectionRow{.name = "interfaces", .doc = "The interfaces that have counters."},
    SectionRow{.name = "kvm", .doc = "Counters of the VMs of libvirt; reports when libvirt is absent.", .open = [](Config& config) { config.kvm = true; }, .count = [](const Config& config) { return std::size_t{config.kvm}; }},
    SectionRow{.name = "xen", .doc = "Counters of the domains of Xen; reports when Xen is absent.", .open = [](Config& config) { config.xen = true; }, .count = [](const Config& config) { return std::size_t{config.xen}; }},
    SectionRow{.name = "proxmox", .doc = "Counters of the VMs and containers of Proxmox VE; reports when it is absent.", .open = [](Config& config) { config.proxmox = true; }, .count = [](const Config& config) { return std::size_t{config.proxmox}; }},
};

constexpr bool kIsOption = false;

constexpr std::array kIgnoredNames{
    IgnoredName{"", "refreshAdaptors", "Interval of full reads of the interfaces.", kIsOption},
    IgnoredName{"", "checkAdaptors", "Interval of checks for new interfaces.", kIsOption},
    IgnoredName{"", "loopback", "No effect in host-sflow either.", kIsOption},
    IgnoredName{"", "samplingDirection", "No effect in host-sflow either.", kIsOption},
    IgnoredName{"", "dropLimit", "Limit of the exported dropped packets.", kIsOption},
    IgnoredName{"", "jsonPort", "Old name of `UDPPort` in `json`.", kIsOption},
    IgnoredName{"", "jsonFIFO", "Old name of `FIFO` in `json`.", kIsOption},
    IgnoredName{"", "ulogGroup", "Old name of `group` in `ulog`.", kIsOption},
    IgnoredName{"", "ulogProbability", "Old name of `probability` in `ulog`.", kIsOption},
    IgnoredName{"", "nflogGroup", "Old name of `group` in `nflog`.", kIsOption},
    IgnoredName{"", "nflogProbability", "Old name of `probability` in `nflog`.", kIsOption},
    IgnoredName{"xen", "switchport", "Regular expression for switch ports.", kIsOption},
    IgnoredName{"xen", "vbd", "Directory of the virtual block devices.", kIsOption},
    IgnoredName{.name = "docker", .doc = "Counters of Docker containers.", .shared_options = "refreshVMs|forgetVMs"},
    IgnoredName{.name = "containerd", .doc = "Counters of containerd containers.", .shared_options = "refreshVMs|forgetVMs"},
    IgnoredName{.name = "k8s", .doc = "Counters of Kubernetes pods."},
    IgnoredName{.name = "systemd", .doc = "Counters of systemd services.", .shared_options = "refreshVMs"},
    IgnoredName{.name = "json", .doc = "Input from applications, as JSON."},
    IgnoredName{.name = "dbus", .doc = "A D-Bus interface."},
    IgnoredName{.name = "nvml", .doc = "Counters of NVIDIA GPUs."},
    IgnoredName{.name = "eapi", .doc = "Arista EOS.", .flags = kNamesCollectors | kExclusive},
    IgnoredName{.name = "tcp", .doc = "TCP round-trip times in packet samples."},
    IgnoredName{.name = "ulog", .doc = "Packet samples from ULOG."},
    IgnoredName{.name = "nflog", .doc = "Packet samples from NFLOG."},
    IgnoredName{.name = "psample", .doc = "Packet samples from psample."},
    IgnoredName{.name = "dropmon", .doc = "Dropped packets."},
    IgnoredName{.name = "pcap", .doc = "Packet samples from libpcap.", .shared_options = "sampling"},
    IgnoredName{.name = "epcap", .doc = "Packet samples from libpcap.", .shared_options = "sampling"},
    IgnoredName{.name = "nlroute", .doc = "Interfaces as reported by rtnetlink."},
    IgnoredName{.name = "vpp", .doc = "Interfaces and packet samples of VPP."},
    IgnoredName{.name = "cumulus", .doc = "Cumulus Linux."},
    IgnoredName{.name = "dent", .doc = "DENT."},
    IgnoredName{.name = "os10", .doc = "Dell OS10."},
    IgnoredName{.name = "opx", .doc = "OpenSwitch OPX."},
    IgnoredName{.name = "sonic", .doc = "SONiC.", .flags = kNamesCollectors | kExclusive},
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

std::span<const IgnoredName> all_ignored_names() {
  return kIgnoredNames;
}

} // namespace sfa::config
