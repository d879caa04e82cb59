#include "guests/xen/domain_info.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace sfa::xen_domain_info_test {

using namespace guests;
using namespace sflow;

namespace {

constexpr std::uint32_t kPowerOff = 0;
constexpr std::uint32_t kSuspend = 2;
constexpr std::uint32_t kCrash = 3;

XenDomain running(std::uint32_t id, std::uint8_t uuid) {
  return {.id = id, .uuid = {uuid}};
}
XenDomain blocked(std::uint32_t id, std::uint8_t uuid) {
  return {.id = id, .uuid = {uuid}, .blocked = true};
}
XenDomain paused(std::uint32_t id, std::uint8_t uuid) {
  return {.id = id, .uuid = {uuid}, .paused = true, .blocked = true};
}
XenDomain shut_down(std::uint32_t id, std::uint8_t uuid, std::uint32_t reason) {
  return {.id = id, .uuid = {uuid}, .shut_down = true, .shut_down_reason = reason};
}

} // namespace

TEST_CASE("the flags of a domain become a state of sFlow") {
  CHECK(domain_state(running(1, 1)) == 1);
  CHECK(domain_state(blocked(1, 1)) == 2);
  CHECK(domain_state(paused(1, 1)) == 3);
  CHECK(domain_state(shut_down(1, 1, kPowerOff)) == 5);
  CHECK(domain_state(shut_down(1, 1, kCrash)) == 6);
  CHECK(domain_state(shut_down(1, 1, kSuspend)) == 3);
}

TEST_CASE("dom0, domains without a UUID, dying domains and xenstore's domain are no virtual machines") {
  auto dying = shut_down(3, 3, kPowerOff);
  dying.dying = true;
  auto server = running(4, 4);
  server.serves_xenstore = true;
  const auto machines =
      virtual_machines(std::vector{running(0, 9), running(1, 1), running(2, 0), dying, server, paused(5, 5)});
  REQUIRE(machines.size() == 2);
  CHECK(machines.at(Uuid{1}).id == 1);
  CHECK(machines.at(Uuid{5}).id == 5);
}

TEST_CASE("while a domain migrates within its host, the running one counts") {
  const auto old_one = shut_down(3, 1, kSuspend);
  CHECK(virtual_machines(std::vector{old_one, running(7, 1)}).at(Uuid{1}).id == 7);
  CHECK(virtual_machines(std::vector{blocked(3, 1), paused(7, 1)}).at(Uuid{1}).id == 3);
  CHECK(virtual_machines(std::vector{old_one, paused(7, 1)}).at(Uuid{1}).id == 7);
}

TEST_CASE("CPU time, CPUs and memory come from the hypervisor") {
  auto domain = running(1, 1);
  domain.cpu_time_ns = 9'700'000'000;
  domain.cpus = 2;
  domain.pages = 24576;
  domain.max_pages = 24832;
  const auto reading = read_domain(domain);
  CHECK(reading.uuid == Uuid{1});
  CHECK(reading.cpu->time_ns == 9'700'000'000);
  CHECK(reading.cpu->count == 2);
  CHECK(reading.memory->bytes == 98304U * 1024U);
  CHECK(reading.memory->max_bytes == 99328U * 1024U);
  domain.max_pages = ~std::uint64_t{0};
  CHECK(read_domain(domain).memory->max_bytes == 0);
}

TEST_CASE("virt_node is the whole machine and not dom0") {
  CHECK(read_node({.cpus = 16, .khz = 2'596'138, .pages = 524'288, .free_pages = 131'072}) ==
        VirtNode{.mhz = 2596,
                 .cpus = 16,
                 .memory = std::uint64_t{2} << 30U,
                 .memory_free = std::uint64_t{512} << 20U,
                 .num_domains = 0});
}

} // namespace sfa::xen_domain_info_test
