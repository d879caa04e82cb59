#include "sources/memory.hpp"

#include "host/fixture_host.hpp"

namespace sfa::sources_memory_test {

using namespace sflow;
using namespace sources;
using namespace test;

TEST_CASE("memory of a captured host is in bytes, with reclaimable slabs in cached") {
  const auto memory = read_block<HostMemory>(*make_memory_source(), fixture_host("microvm-6.18"));
  CHECK(memory == HostMemory{.mem_total = 25276502016,
                             .mem_free = 24114819072,
                             .mem_shared = 0,
                             .mem_buffers = 1921024,
                             .mem_cached = 503664640, // (420236 + 71624) KiB
                             .swap_total = 0,
                             .swap_free = 0,
                             .page_in = 3026241,
                             .page_out = 1437004,
                             .swap_in = 0,
                             .swap_out = 0});
}

TEST_CASE("a kernel without MemAvailable has all of host_memory, and its counters wrap at 32 bits") {
  const auto memory = read_block<HostMemory>(*make_memory_source(), fixture_host("kernel-3.10"));
  CHECK(memory == HostMemory{.mem_total = 8202657792,
                             .mem_free = 102400000,
                             .mem_shared = 0,
                             .mem_buffers = 970752,
                             .mem_cached = 2150400000,
                             .swap_total = 2147479552,
                             .swap_free = 2048000000,
                             .page_in = 1, // 4294967297
                             .page_out = 2000,
                             .swap_in = 30,
                             .swap_out = 40});
}

TEST_CASE("without proc/vmstat the page counters are unknown, and lines that are not there are 0") {
  const auto memory = read_block<HostMemory>(*make_memory_source(), fixture_host("container"));
  CHECK(memory == HostMemory{.mem_total = 536870912, .mem_free = 268435456, .mem_cached = 10485760});
  CHECK(memory.page_in == kUnknown32);
}

TEST_CASE("a host without proc/meminfo has no host_memory") {
  const TemporaryHost host;
  CHECK(is_absent(*make_memory_source(), host.root()));
}

TEST_CASE("sizes are found by name, whatever the order and whatever else is there") {
  const auto info =
      parse_meminfo("Shmem: 7 kB\nMemFree: 2 kB\nSomething new\nHugePages_Total: 3\nMemTotal: 4 kB\n");
  CHECK(info == MemInfo{.total = 4096, .free = 2048});
}

TEST_CASE("meminfo that says nothing of the total, or a size beyond 64 bits, is refused") {
  CHECK(!parse_meminfo(""));
  CHECK(!parse_meminfo("MemTotal: 4 kB\n"));
  CHECK(!parse_meminfo("MemFree: 4 kB\n"));
  CHECK(!parse_meminfo("MemTotal: 4 MB\nMemFree: 2 kB\n"));
  CHECK(!parse_meminfo("MemTotal: -4 kB\nMemFree: 2 kB\n"));
  CHECK(!parse_meminfo("MemTotal: 18014398509481984 kB\nMemFree: 2 kB\n"));
}

TEST_CASE("a page counter that is no number is an error and not an absent one") {
  CHECK(parse_vmstat("") == VmStat{});
  CHECK(parse_vmstat("pgpgin 5\n").value().pgpgin == 5);
  CHECK(!parse_vmstat("pgpgin\n"));
  CHECK(!parse_vmstat("pswpout x\n"));
  const TemporaryHost host;
  host.write("proc/meminfo", "MemTotal: 4 kB\nMemFree: 2 kB\n");
  host.write("proc/vmstat", "pgpgin many\n");
  CHECK(!make_memory_source()->read(host.root()));
}

TEST_CASE("the memory's files cut short at any byte give a value or an error") {
  cut_short_at_every_byte("proc/meminfo", parse_meminfo);
  cut_short_at_every_byte("proc/vmstat", parse_vmstat);
}

} // namespace sfa::sources_memory_test
