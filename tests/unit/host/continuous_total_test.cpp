#include "host/continuous_total.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace sfa::host_continuous_total_test {

using namespace host;

namespace {

struct Counters {
  std::uint64_t wide = 0;
  std::uint64_t narrow = 0;

  static constexpr std::array kCounters{KernelCounter{&Counters::wide, 64U},
                                        KernelCounter{&Counters::narrow, 32U}};
};

constexpr std::uint64_t kLast32 = 0xffffffff;

} // namespace

TEST_CASE("the first total is what the kernel has counted so far") {
  ContinuousTotal<Counters> total;
  const auto& sum = total.advance({{"a", {100, 7}}, {"b", {50, 3}}});
  CHECK(sum.wide == 150);
  CHECK(sum.narrow == 10);
}

TEST_CASE("a total keeps the count of a device that leaves, and continues when it comes back") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {100, 0}}, {"b", {50, 0}}});
  CHECK(total.advance({{"a", {110, 0}}}).wide == 160);
  CHECK(total.advance({}).wide == 160);
  CHECK(total.advance({{"a", {110, 0}}, {"b", {55, 0}}}).wide == 165);
}

TEST_CASE("a new device adds its whole count") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {100, 0}}});
  CHECK(total.advance({{"a", {100, 0}}, {"c", {30, 0}}}).wide == 130);
}

TEST_CASE("a counter that restarts at 0 adds its new value") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {100, 100}}});
  const auto& sum = total.advance({{"a", {40, 40}}});
  CHECK(sum.wide == 140);
  CHECK(sum.narrow == 140);
}

TEST_CASE(
    "a counter that falls a little stands until it has caught up, so that one that trembles does not grow") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {1000, 1000}}});
  for (int i = 0; i < 100; ++i) {
    CHECK(total.advance({{"a", {999, 990}}}).wide == 1000);
    CHECK(total.advance({{"a", {1000, 1000}}}).narrow == 1000);
  }
  CHECK(total.advance({{"a", {1005, 1005}}}).wide == 1005);
}

TEST_CASE("a counter that stays behind goes on from where it is after a while") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {1000, 1000}}});
  for (std::uint64_t i = 0; i < 11; ++i) { // the driver gave up a queue that had counted 400
    CHECK(total.advance({{"a", {600 + i, 0}}}).wide == 1000);
  }
  CHECK(total.advance({{"a", {615, 0}}}).wide == 1005);
}

TEST_CASE("a negative number that the kernel printed as unsigned is no reading") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {300, 300}}});
  for (int i = 0; i < 100; ++i) {
    CHECK(total.advance({{"a", {18446744073709551000ULL, 18446744073709551000ULL}}}).wide == 300);
  }
  CHECK(total.advance({{"a", {310, 310}}}).wide == 310);
}

TEST_CASE("a 32-bit kernel counter that wraps continues, even beyond 32 bits") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {0, kLast32 - 9}}});
  CHECK(total.advance({{"a", {0, 20}}}).narrow == kLast32 + 21);
}

TEST_CASE("a 64-bit kernel counter that falls is never taken for one that wrapped") {
  CHECK(counter_increase(kLast32 - 9, 20, 64).increase == 20);
  CHECK(counter_increase(kLast32 - 9, 20, 32).increase == 30);
  CHECK(counter_increase(kLast32 + 9, 20, 32).increase == 20);
  CHECK(counter_increase(std::uint64_t{1} << 40U, (std::uint64_t{1} << 40U) + 5, 32).increase == 5);
  CHECK(counter_increase(100, 51, 64).step == CounterStep::back);
  CHECK(counter_increase(100, 50, 64).step == CounterStep::restarted);
}

TEST_CASE("a device that left more than 256 others ago begins anew, and one that left lately continues") {
  ContinuousTotal<Counters> total;
  total.advance({{"a", {100, 0}}});
  for (int i = 0; i < 255; ++i) {
    total.advance({{"gone" + std::to_string(i), {0, 0}}});
  }
  CHECK(total.advance({{"a", {110, 0}}}).wide == 110);
  for (int i = 0; i < 262; ++i) {
    total.advance({{"left" + std::to_string(i), {0, 0}}});
  }
  CHECK(total.advance({{"a", {110, 0}}}).wide == 220);
}

TEST_CASE("names that are never seen again do not pile up, and present devices are not counted twice") {
  ContinuousTotal<Counters> total;
  for (int i = 0; i < 5000; ++i) {
    total.advance({{"stays", {1000, 0}}, {"gone" + std::to_string(i), {1, 0}}});
  }
  CHECK(total.advance({{"stays", {1001, 0}}}).wide == 6001);
}

} // namespace sfa::host_continuous_total_test
