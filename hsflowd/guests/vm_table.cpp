#include "guests/vm_table.hpp"

#include "common/text.hpp"
#include "common/uuid.hpp"

#include <iterator>

namespace sfa::guests {

namespace {

constexpr std::uint32_t kCount = VmTable::kLast - VmTable::kFirst + 1;

// FNV-1a: all versions of the agent must get the same value, which std::hash does not guarantee.
std::uint32_t hash(const Uuid& vm) {
  std::uint32_t value = 2166136261;
  for (const std::uint8_t byte : vm) {
    value = (value ^ byte) * 16777619;
  }
  return value;
}

} // namespace

std::optional<std::uint32_t> VmTable::index_of(const Uuid& vm, const std::set<Uuid>& running) {
  if (const auto known = index_by_vm_.find(vm); known != index_by_vm_.end()) {
    return known->second;
  }
  if (index_by_vm_.size() >= kCount) {
    std::erase_if(index_by_vm_, [&](const auto& row) { return !running.contains(row.first); });
    std::erase_if(vm_by_index_, [&](const auto& row) { return !running.contains(row.second); });
  }
  if (index_by_vm_.size() >= kCount) {
    return std::nullopt;
  }
  std::uint32_t index = kFirst + hash(vm) % kCount;
  for (auto taken = vm_by_index_.find(index); taken != vm_by_index_.end() && taken->first == index;) {
    if (index == kLast) {
      index = kFirst;
      taken = vm_by_index_.begin();
    } else {
      ++index;
      ++taken;
    }
  }
  index_by_vm_[vm] = index;
  vm_by_index_[index] = vm;
  return index;
}

std::string VmTable::format() const {
  std::string text = "# dsIndex and UUID of each virtual machine; written by hsflowd\n";
  for (const auto& [index, vm] : vm_by_index_) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", index, format_uuid(vm));
  }
  return text;
}

Result<VmTable> VmTable::parse(std::string_view text) {
  VmTable table;
  std::size_t number = 0;
  for (const auto line : lines(text)) {
    ++number;
    const auto words = split(line);
    if (words.empty() || words[0].starts_with('#')) {
      continue;
    }
    const auto index = parse_number<std::uint32_t>(words[0]);
    const auto vm = words.size() == 2 ? parse_uuid(words[1]) : failure("no UUID");
    if (!index || *index < kFirst || *index > kLast || !vm) {
      return failure("line {}: '{}' is not an index and a UUID", number, printable(line));
    }
    if (!table.index_by_vm_.emplace(*vm, *index).second || !table.vm_by_index_.emplace(*index, *vm).second) {
      return failure("line {}: '{}' appears twice", number, printable(line));
    }
  }
  return table;
}

} // namespace sfa::guests
