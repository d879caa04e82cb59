#include "sflowovsd/retry.hpp"

#include <catch2/catch.hpp>

namespace sfa::sflowovsd_retry_test {

using namespace std::chrono_literals;
using sfa::sflowovsd::Retry;

TEST_CASE("the delays before retries double from 1 s to 8 s") {
  Retry retry;
  const Retry::Time now{};
  for (const auto delay : {1s, 2s, 4s, 8s, 8s}) {
    retry.schedule(now);
    CHECK(retry.at() == now + delay);
  }
  retry.start_over();
  CHECK(!retry.at());
  retry.schedule(now);
  CHECK(retry.at() == now + 1s);
}

TEST_CASE("a retry is due at its time, and not if it was cancelled") {
  Retry retry;
  const Retry::Time now{};
  CHECK(!retry.is_due(now + 1h));
  retry.schedule(now);
  CHECK(!retry.is_due(now + 999ms));
  CHECK(retry.is_due(now + 1s));
  retry.cancel();
  CHECK(!retry.is_due(now + 1h));
  retry.schedule(now);
  CHECK(retry.at() == now + 2s);
}

} // namespace sfa::sflowovsd_retry_test
