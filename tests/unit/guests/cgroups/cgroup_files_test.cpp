#include "guests/cgroups/cgroup_files.hpp"

#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sfa::cgroup_files_test {

using namespace guests;
using namespace test;

namespace {

constexpr const char* kMemoryStat =
    "anon 4096\nfile 8192\ninactive_anon 1\nactive_anon 2\ninactive_file 5000\n"
    "active_file 3192\nunevictable 0\n";
constexpr const char* kIoStat =
    "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"
    "8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021\n";

// Each prefix of `text` must give a value or an error that says something.
template <class Parse>
void cut_short(const std::string& text, Parse parse) {
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string cut(text.data(), size); // on the heap, so that a read past its end is caught
    const auto parsed = parse(std::string_view(cut));
    if (!parsed && parsed.error().message.empty()) {
      FAIL("an error without words at byte " << size);
    }
  }
  CHECK(parse(std::string_view(text)));
}

} // namespace

TEST_CASE("the events of a control group say whether it is populated and frozen") {
  CHECK(parse_cgroup_events("populated 1\nfrozen 0\n") == CgroupEvents{.populated = true, .frozen = false});
  CHECK(parse_cgroup_events("populated 0\nfrozen 1\n") == CgroupEvents{.populated = false, .frozen = true});
  CHECK(parse_cgroup_events("populated 1\n") == CgroupEvents{.populated = true, .frozen = false});
  CHECK_FALSE(parse_cgroup_events(""));
  CHECK_FALSE(parse_cgroup_events("frozen 1\n"));
  CHECK_FALSE(parse_cgroup_events("populated yes\n"));
}

TEST_CASE("the CPU time of a control group is all of it, in nanoseconds") {
  CHECK(parse_cpu_usage("usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n") == 1'234'567'000U);
  CHECK_FALSE(parse_cpu_usage("user_usec 1000000\n"));
  CHECK_FALSE(parse_cpu_usage("usage_usec 12x\n"));
  CHECK_FALSE(parse_cpu_usage("usage_usec 12")); // torn: there may be more digits
}

TEST_CASE("a quota is a number of CPUs, rounded up") {
  CHECK_FALSE(value_of(parse_cpu_max("max 100000\n")));
  CHECK(value_of(parse_cpu_max("150000 100000\n")) == 2U);
  CHECK(value_of(parse_cpu_max("200000 100000\n")) == 2U);
  CHECK(value_of(parse_cpu_max("1000 100000\n")) == 1U);
  CHECK_FALSE(parse_cpu_max("1000 0\n"));
  CHECK_FALSE(parse_cpu_max("1000\n"));
  CHECK_FALSE(parse_cpu_max(""));
}

TEST_CASE("a list of CPUs is counted") {
  CHECK(parse_cpu_count("0-3,8,10-11\n") == 7U);
  CHECK(parse_cpu_count("0\n") == 1U);
  CHECK(parse_cpu_count("\n") == 0U);
  CHECK_FALSE(parse_cpu_count("3-1"));
  CHECK_FALSE(parse_cpu_count("0-4294967295"));
  CHECK_FALSE(parse_cpu_count("a"));
  std::string many;
  for (int i = 0; i < 100; ++i) {
    many += "0-60000,";
  }
  CHECK_FALSE(parse_cpu_count(many));
}

TEST_CASE("memory has a number of bytes or no limit") {
  CHECK(value_of(parse_memory_bytes("1073741824\n")) == 1073741824U);
  CHECK_FALSE(value_of(parse_memory_bytes("max\n")));
  CHECK_FALSE(parse_memory_bytes("-1\n"));
  CHECK_FALSE(parse_memory_bytes(""));
  CHECK(parse_inactive_file(kMemoryStat) == 5000U);
  CHECK_FALSE(parse_inactive_file("inactive_file\n"));
}

TEST_CASE("each device in io.stat has its bytes and requests") {
  CHECK(parse_io_stat(kIoStat) ==
        CgroupDisks{{"8:16", {.rd_req = 192, .rd_bytes = 1459200, .wr_req = 353, .wr_bytes = 314773504}},
                    {"8:0", {.rd_req = 8950, .rd_bytes = 90430464, .wr_req = 1252, .wr_bytes = 299008000}}});
  CHECK(parse_io_stat("") == CgroupDisks{});
}

TEST_CASE("devices without counters before another one on its line are left out") {
  CHECK(parse_io_stat("7:7 7:6 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0 cost.usage=9\n7:5 \n") ==
        CgroupDisks{{"8:0", {.rd_req = 3, .rd_bytes = 1, .wr_req = 4, .wr_bytes = 2}}});
}

TEST_CASE("what is no io.stat is an error") {
  CHECK_FALSE(parse_io_stat("rbytes=1\n"));
  CHECK_FALSE(parse_io_stat("8:0 rbytes=x\n"));
  CHECK_FALSE(parse_io_stat("8:0 rbytes\n"));
  CHECK_FALSE(parse_io_stat("../../etc rbytes=1\n"));
}

TEST_CASE("a file of a control group that is cut short is read or refused") {
  cut_short("populated 1\nfrozen 0\n", parse_cgroup_events);
  cut_short("usage_usec 1234567\nuser_usec 1000000\n", parse_cpu_usage);
  cut_short("150000 100000\n", parse_cpu_max);
  cut_short("0-3,8,10-11\n", parse_cpu_count);
  cut_short("1073741824\n", parse_memory_bytes);
  cut_short(kMemoryStat, parse_inactive_file);
  cut_short(kIoStat, parse_io_stat);
}

} // namespace sfa::cgroup_files_test
