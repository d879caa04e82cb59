#include "sources/host_descr.hpp"

#include "host/fixture_host.hpp"

namespace sfa::sources_host_descr_test {

using namespace host;
using namespace sflow;
using namespace sources;
using namespace test;

TEST_CASE("a host is described by uname and its UUID") {
  const HostIdentity identity{"kvm7", "x86_64", "6.1.0-28-amd64", Uuid{1, 2, 3}};
  const TemporaryHost host;
  CHECK(read_block<HostDescr>(*make_host_descr_source(identity), host.root()) ==
        HostDescr{.hostname = "kvm7",
                  .uuid = {1, 2, 3},
                  .machine_type = 3,
                  .os_name = 2,
                  .os_release = "6.1.0-28-amd64"});
}

TEST_CASE("names longer than the structure takes are cut") {
  const auto block = describe_host({std::string(65, 'h'), "x86_64", std::string(33, 'r'), {}});
  CHECK(block.hostname == std::string(64, 'h'));
  CHECK(block.os_release == std::string(32, 'r'));
}

TEST_CASE("machines have the numbers of the specification") {
  CHECK(machine_type("x86_64") == 3);
  CHECK(machine_type("i386") == 2);
  CHECK(machine_type("i686") == 2);
  CHECK(machine_type("aarch64") == 10);
  CHECK(machine_type("armv7l") == 10);
  CHECK(machine_type("ppc64le") == 7);
  CHECK(machine_type("mips64") == 9);
  CHECK(machine_type("s390x") == 12);
  CHECK(machine_type("riscv64") == 0);
  CHECK(machine_type("") == 0);
}

} // namespace sfa::sources_host_descr_test
