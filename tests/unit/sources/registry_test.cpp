#include "sources/registry.hpp"

#include "host/fixture_host.hpp"

#include <set>

namespace sfa::sources_registry_test {

using namespace host;
using namespace sflow;
using namespace sources;
using namespace test;

namespace {

std::uint32_t format_of(const CounterBlock& block) {
  return std::visit([](const auto& fields) { return fields.kFormat; }, block);
}

std::string_view name_of(const CounterBlock& block) {
  return std::visit([](const auto& fields) { return fields.kName; }, block);
}

} // namespace

TEST_CASE("the host sample has the host structures and those of the IP stack, each from one source that "
          "bears its name") {
  const auto root = fixture_host("microvm-6.18");
  std::set<std::uint32_t> formats;
  for (const auto& source : make_host_sources({})) {
    const auto block = source->read(root);
    INFO(source->name());
    REQUIRE(block);
    REQUIRE(*block);
    CHECK(name_of(**block) == source->name());
    CHECK(formats.insert(format_of(**block)).second);
  }
  CHECK(formats == std::set<std::uint32_t>{2000, 2001, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010});
}

TEST_CASE("no source fails on any captured host, and a second poll of an unchanged host says the same") {
  for (const auto& host : captured_hosts()) {
    const SysRoot root(host);
    for (const auto& source : make_host_sources({})) {
      INFO(host << " " << source->name());
      const auto first = source->read(root);
      REQUIRE(first);
      CHECK(source->read(root) == first); // nothing changed, so no counter moved
    }
  }
}

TEST_CASE("a source that failed reads on when its files are whole again") {
  const TemporaryHost host;
  for (const auto* file : {"proc/stat", "proc/meminfo", "proc/net/dev", "proc/diskstats"}) {
    host.write(file, "?\n");
  }
  const auto sources = make_host_sources({});
  std::size_t failures = 0;
  for (const auto& source : sources) {
    failures += source->read(host.root()) ? 0 : 1;
  }
  CHECK(failures == 4);
  for (const auto* file : {"proc/stat", "proc/meminfo", "proc/net/dev", "proc/diskstats"}) {
    host.remove(file);
  }
  for (const auto& source : sources) {
    CHECK(source->read(host.root()));
  }
}

} // namespace sfa::sources_registry_test
