#include "interfaces/module_reader.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace sfa::interfaces_module_reader_test {

using namespace interfaces;
using namespace sflow;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::steady_clock::time_point;
const Time kStart{1000s};

ModuleReader::Reading temperature(std::int32_t millidegrees) {
  SfpCounters counters;
  counters.module_temperature = millidegrees;
  return {.counters = counters};
}

// Asks until the worker has read the module and the event loop has delivered the reading.
SfpCounters wait_for_reading(EventLoop& loop, ModuleReader& reader, std::uint32_t index, Time now) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  auto reading = reader.latest(index, "eth0", now);
  while (!reading && std::chrono::steady_clock::now() < deadline) {
    loop.run_pending();
    reading = reader.latest(index, "eth0", now);
  }
  REQUIRE(reading);
  return *reading;
}

} // namespace

TEST_CASE("a module is read on another thread, and again after a minute") {
  EventLoop loop;
  std::atomic<int> readings = 0;
  std::atomic<bool> elsewhere = true;
  ModuleReader reader(loop,
                      [&, here = std::this_thread::get_id()](OpticalModule&, const std::string& interface) {
                        elsewhere = elsewhere && interface == "eth0" && std::this_thread::get_id() != here;
                        return temperature(1000 * ++readings);
                      });
  CHECK(!reader.latest(1, "eth0", kStart)); // a later call returns it
  CHECK(wait_for_reading(loop, reader, 1, kStart + 1s).module_temperature == 1000);
  CHECK(reader.latest(1, "eth0", kStart + 59s).value().module_temperature == 1000);
  (void)reader.latest(1, "eth0", kStart + 60s);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (reader.latest(1, "eth0", kStart + 61s).value().module_temperature != 2000) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    loop.run_pending();
  }
  CHECK(readings == 2);
  CHECK(elsewhere);
}

TEST_CASE("an absent module is not read again until the link changes") {
  EventLoop loop;
  std::atomic<int> readings = 0;
  ModuleReader reader(loop, [&](OpticalModule&, const std::string& interface) {
    return interface == "empty" && ++readings == 1 ? ModuleReader::Reading{.absent = true} : temperature(7);
  });
  CHECK(!reader.latest(1, "empty", kStart));
  (void)wait_for_reading(loop, reader, 2, kStart); // which is read after module 1
  CHECK(!reader.latest(1, "empty", kStart + 600s));
  reader.forget(1);
  CHECK(!reader.latest(1, "empty", kStart + 601s));
  CHECK(wait_for_reading(loop, reader, 1, kStart + 601s).module_temperature == 7);
  CHECK(readings == 2);
}

TEST_CASE("a reading is dropped if its module was forgotten meanwhile") {
  EventLoop loop;
  std::promise<void> began;
  std::promise<void> go_on;
  std::atomic<int> readings = 0;
  ModuleReader reader(loop, [&](OpticalModule&, const std::string&) {
    if (++readings == 1) {
      began.set_value();
      go_on.get_future().wait();
      return temperature(1);
    }
    return temperature(2);
  });
  CHECK(!reader.latest(1, "eth0", kStart));
  began.get_future().wait();
  reader.forget(1); // another module, perhaps
  CHECK(!reader.latest(1, "eth0", kStart));
  go_on.set_value();
  CHECK(wait_for_reading(loop, reader, 1, kStart).module_temperature == 2);
}

TEST_CASE(
    "interfaces without a module are read with ethtool, and the reader can be destroyed while it reads") {
  EventLoop loop;
  ModuleReader reader(loop);
  for (std::uint32_t index = 1; index <= 50; ++index) {
    CHECK(!reader.latest(index, index % 2 == 0 ? "lo" : "not-there", kStart));
    reader.forget(index - 1);
  }
}

} // namespace sfa::interfaces_module_reader_test
