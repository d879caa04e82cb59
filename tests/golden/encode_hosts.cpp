// Prints, for every fixture host, what the real sources read there and the real encoder makes of it: the
// host's name and one datagram in hexadecimal a line; then HOST.interfaces with the samples of its
// interfaces. With --sources: the names of the sources.

#include "interfaces/interface_samples.hpp"
#include "sflow/datagram.hpp"
#include "sources/registry.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <string_view>

using namespace sfa;
using namespace sfa::host;
using namespace sfa::interfaces;
using namespace sfa::polling;
using namespace sfa::sflow;
using namespace sfa::sources;

namespace {

HostIdentity identity(const std::string& hostname) {
  HostIdentity result{.hostname = hostname, .machine = "x86_64", .os_release = "6.1.0-28-amd64", .uuid = {}};
  for (std::size_t i = 0; i < result.uuid.size(); ++i) {
    result.uuid[i] = static_cast<std::uint8_t>(0x11 * i);
  }
  return result;
}

CounterSample host_sample(const std::filesystem::path& directory) {
  CounterSample sample{.source = kHostDataSource, .blocks = {}};
  for (const auto& source : make_host_sources(identity(directory.filename()))) {
    if (auto block = source->read(SysRoot(directory)).value()) {
      sample.blocks.push_back(*std::move(block));
    }
  }
  return sample;
}

class NoSink final : public SampleSink {
public:
  void deliver(std::vector<CounterSample> /*samples*/) override {}
  void data_sources_changed() override {}
};

std::vector<CounterSample> interface_samples(const std::filesystem::path& directory) {
  EventLoop loop;
  NoSink sink;
  netlink::NetworkWatch watch(loop);
  InterfaceSamples interfaces(
      loop, watch, sink,
      {.root = SysRoot(directory), .interfaces = std::make_shared<HostInterfaces>(), .drivers = {}}, {});
  return interfaces.sample(interfaces.data_sources());
}

void print(std::string_view name, const Packed& packed) {
  for (const auto& datagram : packed.datagrams) {
    fmt::print("{} {:02x}\n", name, fmt::join(datagram, ""));
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: encode_hosts FIXTURE_HOSTS|--sources\n");
    return 1;
  }
  if (std::string_view(argv[1]) == "--sources") {
    for (const auto& source : make_host_sources({})) {
      fmt::print("{}\n", source->name());
    }
    return 0;
  }
  std::set<std::filesystem::path> hosts; // sorted
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.is_directory()) {
      hosts.insert(entry.path());
    }
  }
  const AgentIdentity v4{IpAddress::parse("192.0.2.1").value()};
  const AgentIdentity v6{IpAddress::parse("2001:db8::1").value()};
  for (const auto& host : hosts) {
    SequenceNumbers numbers;
    const std::vector samples{host_sample(host)};
    // Whole, then over a small datagram and an IPv6 agent, so that the same sample is also seen in parts.
    for (const auto& [agent, max_bytes] : {std::pair(v4, 1400), std::pair(v6, 300)}) {
      const Packed packed = pack(agent, samples, static_cast<std::size_t>(max_bytes),
                                 std::chrono::milliseconds(123456), numbers);
      print(host.filename().native(), packed);
    }
    SequenceNumbers of_interfaces;
    print(host.filename().native() + ".interfaces",
          pack(v4, interface_samples(host), 1400, std::chrono::milliseconds(123456), of_interfaces));
  }
  return 0;
}
