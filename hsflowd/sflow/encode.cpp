#include "sflow/encode.hpp"

#include <variant>

namespace sfa::sflow {

namespace {

constexpr std::uint32_t kExpandedCounterSample = 4;

struct Encoder {
  XdrWriter& out;

  // As the `field` of a structure's list of fields.
  template <class T>
  void operator()(std::string_view, const T& value) {
    put(value);
  }
  // Text that is too long is cut: collectors would reject the record with all its other fields.
  void operator()(std::string_view, const std::string& value, std::size_t max) {
    out.string(std::string_view(value).substr(0, max));
  }

  void put(std::uint32_t value) { out.u32(value); }
  void put(std::int32_t value) { out.u32(static_cast<std::uint32_t>(value)); } // two's complement
  void put(std::uint64_t value) { out.u64(value); }
  void put(float value) { out.f32(value); }
  template <std::size_t N>
  void put(const std::array<std::uint8_t, N>& value) {
    out.fixed(value);
  }
  void put(const LagPortState& value) {
    out.fixed(std::array{value.actor_admin, value.actor_oper, value.partner_admin, value.partner_oper});
  }
  template <class T>
  void put(const std::vector<T>& values) {
    out.u32(static_cast<std::uint32_t>(values.size()));
    for (const auto& value : values) {
      put(value);
    }
  }
  template <class T>
  void put(const T& structure) {
    T::fields(structure, *this);
  }
};

} // namespace

std::vector<std::uint8_t> encode_record(const CounterBlock& block) {
  XdrWriter out;
  std::visit(
      [&](const auto& body) {
        out.u32(std::decay_t<decltype(body)>::kFormat);
        const XdrWriter::Length length(out);
        Encoder{out}.put(body);
      },
      block);
  return out.take();
}

std::vector<std::uint8_t> encode_counter_sample(DataSource source, std::uint32_t sequence_number,
                                                std::span<const std::vector<std::uint8_t>> records) {
  XdrWriter out;
  out.u32(kExpandedCounterSample);
  {
    const XdrWriter::Length length(out);
    out.u32(sequence_number);
    out.u32(source.ds_class);
    out.u32(source.index);
    out.u32(static_cast<std::uint32_t>(records.size()));
    for (const auto& record : records) {
      out.fixed(record);
    }
  }
  return out.take();
}

} // namespace sfa::sflow
