#include "sources/registry.hpp"

#include "sources/adaptors.hpp"
#include "sources/cpu.hpp"
#include "sources/disk_io.hpp"
#include "sources/host_descr.hpp"
#include "sources/ip_stack.hpp"
#include "sources/memory.hpp"
#include "sources/net_io.hpp"

namespace sfa::sources {

std::vector<std::unique_ptr<CounterSource>>
make_host_sources(const host::HostIdentity& identity,
                  const std::shared_ptr<host::HostInterfaces>& interfaces) {
  std::vector<std::unique_ptr<CounterSource>> sources;
  sources.push_back(make_host_descr_source(identity));
  sources.push_back(make_adaptors_source(interfaces));
  sources.push_back(make_cpu_source());
  sources.push_back(make_memory_source());
  sources.push_back(make_disk_io_source());
  sources.push_back(make_net_io_source(interfaces));
  for (auto& source : make_ip_stack_sources()) {
    sources.push_back(std::move(source));
  }
  return sources;
}

} // namespace sfa::sources
