// Counter blocks with every field at random, within what the structures allow.
#pragma once

#include "sflow/counters.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sfa {

using namespace sflow;

// A CounterBlock for each of its alternatives.
class RandomBlocks {
public:
  explicit RandomBlocks(std::uint32_t seed) : random_(seed) {}

  [[nodiscard]] std::vector<CounterBlock> one_of_each() {
    std::vector<CounterBlock> blocks;
    append(blocks, static_cast<CounterBlock*>(nullptr));
    return blocks;
  }

  // As the `field` of a structure's list of fields.
  template <class T>
  void operator()(std::string_view, T& value) {
    fill(value);
  }
  void operator()(std::string_view, std::string& value, std::size_t max) {
    value.resize(up_to(max));
    for (char& c : value) {
      c = static_cast<char>(up_to(255));
    }
  }

private:
  template <class... Blocks>
  void append(std::vector<CounterBlock>& blocks, std::variant<Blocks...>*) {
    (blocks.emplace_back(filled<Blocks>()), ...);
  }
  template <class T>
  T filled() {
    T value;
    fill(value);
    return value;
  }

  std::size_t up_to(std::size_t max) { return std::uniform_int_distribution<std::size_t>(0, max)(random_); }
  void fill(std::uint8_t& value) { value = static_cast<std::uint8_t>(random_()); }
  void fill(std::uint32_t& value) { value = static_cast<std::uint32_t>(random_()); }
  void fill(std::int32_t& value) { value = static_cast<std::int32_t>(random_()); }
  void fill(std::uint64_t& value) { value = std::uint64_t{random_()} << 32 | random_(); }
  void fill(float& value) { value = std::uniform_real_distribution<float>(0, 1000)(random_); }
  template <std::size_t N>
  void fill(std::array<std::uint8_t, N>& value) {
    for (auto& byte : value) {
      fill(byte);
    }
  }
  template <class T>
  void fill(std::vector<T>& values) {
    values.resize(up_to(4));
    for (auto& value : values) {
      fill(value);
    }
  }
  template <class T>
  void fill(T& structure) {
    T::fields(structure, *this);
  }

  std::mt19937 random_;
};

} // namespace sfa
