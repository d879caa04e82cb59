#include "guests/vm_table.hpp"

#include "common/uuid.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <set>
#include <string>

namespace sfa::guests_vm_table_test {

using namespace guests;

namespace {

Uuid vm(std::uint32_t number) {
  Uuid uuid{};
  for (std::size_t i = 0; i < 4; ++i) {
    uuid[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return uuid;
}

std::uint32_t index_of(VmTable& table, const Uuid& uuid) {
  const auto index = table.index_of(uuid, {});
  REQUIRE(index);
  return *index;
}

} // namespace

TEST_CASE("a VM keeps its dsIndex") {
  VmTable table;
  const auto first = index_of(table, vm(1));
  const auto second = index_of(table, vm(2));
  CHECK(first != second);
  CHECK(index_of(table, vm(1)) == first);
  CHECK(index_of(table, vm(2)) == second);
}

TEST_CASE("every dsIndex is unique and in sFlow's range for virtual machines") {
  VmTable table;
  std::set<std::uint32_t> seen;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const auto index = index_of(table, vm(i));
    CHECK((index >= 100000 && index <= 149999));
    CHECK(seen.insert(index).second);
  }
}

TEST_CASE("a VM keeps its dsIndex when the state file is written and read") {
  VmTable table;
  for (std::uint32_t i = 0; i < 300; ++i) {
    index_of(table, vm(i));
  }
  auto again = VmTable::parse(table.format());
  REQUIRE(again);
  CHECK(*again == table);
  CHECK(index_of(*again, vm(7)) == index_of(table, vm(7)));
}

TEST_CASE("a single VM gets the same dsIndex even without the state file") {
  VmTable before;
  VmTable after;
  index_of(before, vm(41));
  CHECK(index_of(before, vm(42)) == index_of(after, vm(42)));
}

TEST_CASE("two VMs whose UUIDs lead to the same dsIndex get different ones, and keep them in any order") {
  VmTable table;
  const auto wanted = index_of(table, vm(1));
  // The first other VM that would get the same index if it were alone.
  std::uint32_t other = 2;
  for (;; ++other) {
    VmTable alone;
    if (index_of(alone, vm(other)) == wanted) {
      break;
    }
  }
  const auto second = index_of(table, vm(other));
  CHECK(second != wanted);
  auto again = VmTable::parse(table.format());
  REQUIRE(again);
  CHECK(index_of(*again, vm(other)) == second);
  CHECK(index_of(*again, vm(1)) == wanted);
}

TEST_CASE("when every dsIndex is in use, stopped VMs lose theirs, and running VMs do not") {
  VmTable table;
  constexpr std::uint32_t kAll = VmTable::kLast - VmTable::kFirst + 1;
  for (std::uint32_t i = 0; i < kAll; ++i) {
    index_of(table, vm(i));
  }
  const auto kept = index_of(table, vm(5));
  CHECK(table.index_of(vm(kAll), {vm(5)}));
  CHECK(index_of(table, vm(5)) == kept);

  VmTable full;
  std::set<Uuid> running;
  for (std::uint32_t i = 0; i < kAll; ++i) {
    index_of(full, vm(i));
    running.insert(vm(i));
  }
  CHECK_FALSE(full.index_of(vm(kAll), running));
}

TEST_CASE("a damaged state file is an error that names the line") {
  const std::string good = "100000 00000000-0000-4000-8000-000000000001\n";
  CHECK(VmTable::parse(good));
  CHECK(VmTable::parse(""));
  CHECK(VmTable::parse("# a comment\n\n" + good));
  for (const std::string bad :
       {"100000\n", "99999 00000000-0000-4000-8000-000000000002\n",
        "150000 00000000-0000-4000-8000-000000000002\n", "100001 00000000\n",
        "-1 00000000-0000-4000-8000-000000000002\n", "100001 00000000-0000-4000-8000-000000000002 more\n",
        "100000 00000000-0000-4000-8000-000000000002\n", "100001 00000000-0000-4000-8000-000000000001\n"}) {
    const auto parsed = VmTable::parse(good + bad);
    INFO(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.starts_with("line 2: "));
  }
}

TEST_CASE("a state file cut short at every byte is parsed or refused") {
  VmTable table;
  for (std::uint32_t i = 0; i < 3; ++i) {
    index_of(table, vm(i));
  }
  const auto text = table.format();
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut(text.data(), size);
    const auto parsed = VmTable::parse(cut);
    CHECK((parsed || !parsed.error().message.empty()));
  }
}

} // namespace sfa::guests_vm_table_test
