#include "sources/cpu.hpp"

#include "host/fixture_host.hpp"

namespace sfa::sources_cpu_test {

using namespace sflow;
using namespace sources;
using namespace test;

TEST_CASE("processor times, load and speed of a captured host are what its kernel said") {
  const auto cpu = read_block<HostCpu>(*make_cpu_source(), fixture_host("microvm-6.18"));
  CHECK(cpu == HostCpu{.load_one = 1.36F,
                       .load_five = 0.56F,
                       .load_fifteen = 0.33F,
                       .proc_run = 2,
                       .proc_total = 98,
                       .cpu_num = 2,
                       .cpu_speed = 2596,
                       .uptime = 1637,
                       .cpu_user = 358580,
                       .cpu_nice = 0,
                       .cpu_system = 109580,
                       .cpu_idle = 2777990,
                       .cpu_wio = 13010,
                       .cpu_intr = 0,
                       .cpu_sintr = 1380,
                       .interrupts = 348806,
                       .contexts = 590339,
                       .cpu_steal = 7630,
                       .cpu_guest = 0,
                       .cpu_guest_nice = 0});
}

TEST_CASE("every column of the cpu line goes to its own field, user with guest in it as the kernel counts") {
  const auto cpu = read_block<HostCpu>(*make_cpu_source(), fixture_host("kernel-3.10"));
  CHECK(cpu == HostCpu{.load_one = 0.0F,
                       .load_five = 0.01F,
                       .load_fifteen = 0.05F,
                       .proc_run = 0,
                       .proc_total = 123,
                       .cpu_num = 1,
                       .cpu_speed = 1999,
                       .uptime = 3024000,
                       .cpu_user = 10000,
                       .cpu_nice = 200,
                       .cpu_system = 3000,
                       .cpu_idle = 4000000,
                       .cpu_wio = 500,
                       .cpu_intr = 60,
                       .cpu_sintr = 70,
                       .interrupts = 123456,
                       .contexts = 654321,
                       .cpu_steal = 80,
                       .cpu_guest = 900,
                       .cpu_guest_nice = 100});
}

TEST_CASE("processor counters wrap at 32 bits, and a cpu without a known speed has speed 0") {
  const auto cpu = read_block<HostCpu>(*make_cpu_source(), fixture_host("arm64"));
  CHECK(cpu.cpu_speed == 0);
  CHECK(cpu.cpu_num == 4);
  CHECK(cpu.proc_run == 8);
  CHECK(cpu.proc_total == 2048);
  CHECK(cpu.uptime == 4294967);
  CHECK(cpu.cpu_user == 4); // 4294967300 ms
  CHECK(cpu.cpu_idle == 10);
  CHECK(cpu.interrupts == 0);
  CHECK(cpu.contexts == 4);
}

TEST_CASE("a host that hides its load still has processor times") {
  const auto cpu = read_block<HostCpu>(*make_cpu_source(), fixture_host("container"));
  CHECK(cpu.load_one == 0.0F);
  CHECK(cpu.proc_run == 0);
  CHECK(cpu.cpu_user == 47050);
}

TEST_CASE("a host without proc/stat has no host_cpu, and one whose proc/stat is nonsense fails") {
  const TemporaryHost host;
  const auto source = make_cpu_source();
  CHECK(is_absent(*source, host.root()));
  host.write("proc/stat", "cpu  12 x 3\n");
  const auto failed = source->read(host.root());
  REQUIRE(!failed);
  CHECK(failed.error().message == "proc/stat: cpu: 'x' is not a number of ticks");
}

TEST_CASE("any file of the processor source that is nonsense makes it fail rather than report zeros") {
  const TemporaryHost host;
  const auto source = make_cpu_source();
  host.write("proc/stat", "cpu  1 2 3 4\n");
  CHECK(source->read(host.root()));
  host.write("proc/loadavg", "none");
  CHECK(!source->read(host.root()));
  host.remove("proc/loadavg");
  host.write("proc/uptime", "none");
  CHECK(!source->read(host.root()));
}

TEST_CASE("idle and waiting time that the kernel corrects backwards never fall") {
  const TemporaryHost host;
  const auto source = make_cpu_source();
  host.write("proc/stat", "cpu  100 0 0 500 60 0 0 0 0 0\n");
  (void)source->read(host.root());
  host.write("proc/stat", "cpu  101 0 0 499 59 0 0 0 0 0\n");
  const auto cpu = read_block<HostCpu>(*source, host.root());
  CHECK(cpu.cpu_user == 1010);
  CHECK(cpu.cpu_idle == 5000);
  CHECK(cpu.cpu_wio == 600);
}

TEST_CASE("stolen time that the kernel has wrong never falls and never jumps") {
  const TemporaryHost host;
  const auto source = make_cpu_source();
  std::vector<std::uint32_t> seen;
  for (const auto* steal : {"3000", "2400", "18446744073709551000", "3100"}) {
    host.write("proc/stat",
               fmt::format("cpu  1 2 3 4 5 6 7 {} 0 0\ncpu0 1 2 3 4 5 6 7 {} 0 0\n", steal, steal));
    seen.push_back(read_block<HostCpu>(*source, host.root()).cpu_steal);
  }
  CHECK(seen == std::vector<std::uint32_t>{30000, 30000, 30000, 31000});
}

TEST_CASE("stolen time that is impossible at the first reading begins at 0") {
  const TemporaryHost host;
  const auto source = make_cpu_source();
  std::vector<std::uint32_t> seen;
  for (const auto* steal : {"18446744073709551000", "3000", "3100"}) {
    host.write("proc/stat", fmt::format("cpu  1 2 3 4 5 6 7 {} 0 0\n", steal));
    seen.push_back(read_block<HostCpu>(*source, host.root()).cpu_steal);
  }
  CHECK(seen == std::vector<std::uint32_t>{0, 30000, 31000});
}

TEST_CASE("the time of a processor that goes offline stays, and the others' counts on") {
  const TemporaryHost host;
  const auto source = make_cpu_source();
  const auto idle = [&](const char* stat) {
    host.write("proc/stat", stat);
    return read_block<HostCpu>(*source, host.root()).cpu_idle;
  };
  CHECK(idle("cpu  10 0 0 2000\ncpu0 5 0 0 1000\ncpu1 5 0 0 1000\n") == 20000);
  CHECK(idle("cpu  11 0 0 1010\ncpu0 6 0 0 1010\n") == 20100);
  CHECK(read_block<HostCpu>(*source, host.root()).cpu_num == 1);
  // Whatever it counts when it is back: the time without it is not added.
  CHECK(idle("cpu  11 0 0 3020\ncpu0 6 0 0 1020\ncpu1 5 0 0 9000\n") == 20200);
  CHECK(idle("cpu  11 0 0 3040\ncpu0 6 0 0 1030\ncpu1 5 0 0 9010\n") == 20400);
}

TEST_CASE("columns that an old kernel does not have are unknown, not zero") {
  const TemporaryHost host;
  host.write("proc/stat", "cpu  1 2 3 4\ncpu0 1 2 3 4\n");
  const auto cpu = read_block<HostCpu>(*make_cpu_source(), host.root());
  CHECK(cpu.cpu_idle == 40);
  CHECK(cpu.cpu_wio == kUnknown32);
  CHECK(cpu.cpu_guest_nice == kUnknown32);
  CHECK(cpu.interrupts == kUnknown32);
}

TEST_CASE("ticks become milliseconds at any USER_HZ without losing the high bits") {
  CHECK(ticks_to_ms(5, 100) == 50);
  CHECK(ticks_to_ms(1025, 1024) == 1000); // 1000.98
  CHECK(ticks_to_ms(1ULL << 60U, 100) == static_cast<std::uint32_t>((1ULL << 60U) * 10));
}

TEST_CASE("load averages must be numbers that a load can have") {
  CHECK(parse_loadavg("0.36 0.48 0.27 1/84 11317\n") == LoadAverage{0.36F, 0.48F, 0.27F, 1, 84});
  for (const auto* bad : {"", "1 2 3", "1 2 3 4", "1 2 3 /", "nan 2 3 1/2 3", "inf 2 3 1/2 3", "-1 2 3 1/2 3",
                          "1 2 3 -1/2 3", "1 2 3 1/4294967296 3", "1x 2 3 1/2 3"}) {
    INFO(bad);
    CHECK(!parse_loadavg(bad));
  }
}

TEST_CASE("the speed is the first cpu's, on x86, POWER and s390") {
  CHECK(parse_cpu_mhz("processor : 0\ncpu MHz\t\t: 2596.138\n\nprocessor : 1\ncpu MHz\t\t: 800.0\n") ==
        2596U);
  CHECK(parse_cpu_mhz("cpu\t\t: POWER9\nclock\t\t: 3425.000000MHz\n") == 3425U);
  CHECK(parse_cpu_mhz("cpu MHz dynamic : 5204\ncpu MHz static  : 5200\n") == 5200U);
  CHECK(parse_cpu_mhz("cpu MHz\t\t: Unknown\n") == 0U);
  CHECK(parse_cpu_mhz("cpu MHz\t\t: 99999999999\n") == 0U);
}

TEST_CASE("the speed is found however much comes before it") {
  TemporaryHost host;
  host.write("proc/stat", "cpu  1 2 3 4\n");
  std::string text;
  for (int i = 0; i < 200; ++i) { // as on s390, which lists all processors first
    text += fmt::format("processor {}: version = FF,  identification = 0123456,  machine = 3906\n", i);
  }
  host.write("proc/cpuinfo", text + "\ncpu number      : 0\ncpu MHz static  : 5200\n");
  CHECK(read_block<HostCpu>(*make_cpu_source(), host.root()).cpu_speed == 5200);
}

TEST_CASE("numbers of proc/stat beyond 64 bits are refused") {
  CHECK(parse_stat("cpu  18446744073709551615 0 0 0\n"));
  CHECK(!parse_stat("cpu  18446744073709551616 0 0 0\n"));
  CHECK(!parse_stat("cpu  1 2 3 4\nctxt 99999999999999999999\n"));
  CHECK(!parse_stat("cpu  1 2 3 4\nintr\n"));
  CHECK(!parse_stat("intr 5\n"));
}

TEST_CASE("the processor's files cut short at any byte give a value or an error") {
  cut_short_at_every_byte("proc/loadavg", parse_loadavg);
  cut_short_at_every_byte("proc/stat", parse_stat);
  cut_short_at_every_byte("proc/uptime", parse_uptime);
  cut_short_at_every_byte("proc/cpuinfo", parse_cpu_mhz);
}

} // namespace sfa::sources_cpu_test
