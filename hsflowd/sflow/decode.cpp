#include "sflow/decode.hpp"

#include "sflow/xdr.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace sfa::sflow {

namespace {

IpAddress decode_address(XdrReader& in) {
  const std::uint32_t type = in.u32();
  IpAddress::V4 v4{};
  IpAddress::V6 v6{};
  switch (type) {
  case 1:
    in.fixed(v4);
    return IpAddress(v4);
  case 2:
    in.fixed(v6);
    return IpAddress(v6);
  default:
    in.fail(fmt::format("agent address of type {}, neither IPv4 (1) nor IPv6 (2)", type));
    return {};
  }
}

// The mirror of Encoder.
struct Decoder {
  XdrReader& in;

  // As the `field` of a structure's list of fields.
  template <class T>
  void operator()(std::string_view, T& value) {
    get(value);
  }
  void operator()(std::string_view, std::string& value, std::size_t max) { value = in.string(max); }

  void get(std::uint32_t& value) { value = in.u32(); }
  void get(std::int32_t& value) { value = static_cast<std::int32_t>(in.u32()); }
  void get(std::uint64_t& value) { value = in.u64(); }
  void get(float& value) { value = in.f32(); }
  void get(IpAddress& value) { value = decode_address(in); }
  template <std::size_t N>
  void get(std::array<std::uint8_t, N>& value) {
    in.fixed(value);
  }
  void get(LagPortState& value) {
    std::array<std::uint8_t, 4> octets{};
    in.fixed(octets);
    value = {octets[0], octets[1], octets[2], octets[3]};
  }
  template <class T>
  void get(std::vector<T>& values) {
    constexpr std::size_t kSmallestElement = 4; // of anything in XDR
    const std::uint32_t count = in.count(kSmallestElement);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
      get(values.emplace_back());
    }
  }
  template <class T>
  void get(T& structure) {
    T::fields(structure, *this);
  }
};

template <class T>
void decode_body(XdrReader& in, T& body) {
  Decoder{in}.get(body);
}

void decode_body(XdrReader& in, HostCpu& cpu) {
  constexpr std::size_t kBeforeSteal = 68;
  if (in.remaining() != kBeforeSteal) {
    Decoder{in}.get(cpu);
    return;
  }
  // Fields that the old form does not have stay unknown.
  HostCpu::fields(cpu, [decode = Decoder{in}](std::string_view name, auto& value) mutable {
    if (decode.in.remaining() > 0) {
      decode(name, value);
    }
  });
}

void decode_body(XdrReader& in, SampledHeader& sampled) {
  constexpr std::uint32_t kEthernet = 1;
  constexpr std::uint32_t kIpv4 = 11;
  constexpr std::uint32_t kIpv6 = 12;
  sampled.protocol = in.u32();
  sampled.frame_length = in.u32();
  sampled.stripped = in.u32();
  XdrReader header = in.opaque(XdrReader::Padding::any);
  const auto bytes = header.take(header.remaining());
  sampled.header_length = static_cast<std::uint32_t>(bytes.size());
  if (sampled.protocol == kEthernet) {
    sampled.packet = parse_packet(LinkType::ethernet, bytes).header;
  } else if (sampled.protocol == kIpv4 || sampled.protocol == kIpv6) {
    sampled.packet = parse_packet(LinkType::ip, bytes).header;
  }
}

// Decodes one alternative of a variant of structures.
template <class Record>
struct Format {
  std::uint32_t number = 0;
  std::string_view name;
  Record (*decode)(XdrReader& in) = nullptr;
};

template <class Record, class T>
constexpr Format<Record> format_of() {
  return {T::kFormat, T::kName, [](XdrReader& in) {
            T body;
            decode_body(in, body);
            return Record(std::move(body));
          }};
}

template <class... Blocks>
constexpr std::array<Format<CounterRecord>, sizeof...(Blocks)> formats_of(std::variant<Blocks...>*) {
  return {format_of<CounterRecord, Blocks>()...};
}

constexpr auto kCounterFormats = formats_of(static_cast<CounterBlock*>(nullptr));
// The last alternative is Unknown.
template <class... Records>
constexpr auto flow_formats_of(std::variant<Records...>*) {
  std::array<Format<FlowRecord>, sizeof...(Records) - 1> formats{};
  std::size_t at = 0;
  const auto add = [&]<class T>(T*) {
    if constexpr (!std::is_same_v<T, Unknown>) {
      formats[at++] = format_of<FlowRecord, T>();
    }
  };
  (add(static_cast<Records*>(nullptr)), ...);
  return formats;
}

constexpr auto kFlowFormats = flow_formats_of(static_cast<FlowRecord*>(nullptr));

// sFlow Version 5, data_format: 20 bits of enterprise, 12 of format.
Unknown unknown(std::uint32_t tag, std::size_t length) {
  return {.enterprise = tag >> 12, .format = tag & 0xfff, .length = static_cast<std::uint32_t>(length)};
}

// finish(), with `place` in front of an error.
Result<void> finish(XdrReader& in, std::string_view place) {
  return in.finish().map_error([&](const Error& error) { return error.in(place); });
}

template <class Record, std::size_t N>
Result<std::vector<Record>> decode_records(XdrReader& in, const std::array<Format<Record>, N>& formats,
                                           std::string_view place) {
  constexpr std::size_t kSmallestRecord = 8;
  std::vector<Record> records;
  const std::uint32_t count = in.count(kSmallestRecord);
  for (std::uint32_t i = 1; i <= count; ++i) {
    const std::uint32_t tag = in.u32();
    XdrReader body = in.opaque();
    if (!in.ok()) {
      return error_of(finish(in, fmt::format("{}, record {}", place, i)));
    }
    const auto format = std::ranges::find(formats, tag, &Format<Record>::number);
    if (format == formats.end()) {
      records.emplace_back(unknown(tag, body.remaining()));
      continue;
    }
    records.push_back(format->decode(body));
    if (const auto read = finish(body, fmt::format("{}, record {} ({})", place, i, format->name)); !read) {
      return error_of(read);
    }
  }
  if (const auto read = finish(in, place); !read) {
    return error_of(read);
  }
  return records;
}

// The two forms of a sample: compact, and expanded for data sources and interfaces with larger numbers.
struct SampleReader {
  XdrReader& in;
  bool expanded;

  // sflow_data_source
  [[nodiscard]] DataSource source() const {
    const std::uint32_t first = in.u32();
    return expanded ? DataSource{first, in.u32()} : DataSource{first >> 24, first & 0xff'ffff};
  }
  // interface
  [[nodiscard]] SwitchPort port() const {
    const std::uint32_t first = in.u32();
    return expanded ? SwitchPort{first, in.u32()} : SwitchPort{first >> 30, first & 0x3fff'ffff};
  }
};

template <class Sample, class Record, std::size_t N>
Result<DecodedSample> with_records(Sample sample, XdrReader& in, const std::array<Format<Record>, N>& formats,
                                   std::string_view place) {
  auto records = decode_records(in, formats, place);
  if (!records) {
    return error_of(records);
  }
  sample.records = *std::move(records);
  return sample;
}

Result<DecodedSample> decode_counters(SampleReader form, std::string_view place) {
  DecodedCounters sample;
  sample.sequence_number = form.in.u32();
  sample.source = form.source();
  return with_records(std::move(sample), form.in, kCounterFormats, place);
}

Result<DecodedSample> decode_flow(SampleReader form, std::string_view place) {
  DecodedFlow sample;
  sample.sequence_number = form.in.u32();
  sample.source = form.source();
  sample.sampling_rate = form.in.u32();
  sample.sample_pool = form.in.u32();
  sample.drops = form.in.u32();
  sample.input = form.port();
  sample.output = form.port();
  return with_records(std::move(sample), form.in, kFlowFormats, place);
}

Result<DecodedSample> decode_discard(SampleReader form, std::string_view place) {
  DecodedDiscard sample;
  sample.sequence_number = form.in.u32();
  sample.source = form.source();
  sample.drops = form.in.u32();
  sample.input_if_index = form.in.u32();
  sample.output_if_index = form.in.u32();
  sample.reason = form.in.u32();
  return with_records(std::move(sample), form.in, kFlowFormats, place);
}

// Reads tag, length and body.
Result<DecodedSample> decode_sample(XdrReader& in, std::string_view place) {
  const std::uint32_t tag = in.u32();
  XdrReader body = in.opaque();
  if (!in.ok()) {
    return error_of(finish(in, place));
  }
  switch (tag) {
  case 1:
    return decode_flow({body, false}, place);
  case 2:
    return decode_counters({body, false}, place);
  case 3:
    return decode_flow({body, true}, place);
  case 4:
    return decode_counters({body, true}, place);
  case 5: // expanded is its only form
    return decode_discard({body, true}, place);
  default:
    return unknown(tag, body.remaining());
  }
}

} // namespace

Result<DecodedDatagram> decode_datagram(std::span<const std::uint8_t> bytes) {
  constexpr std::uint32_t kVersion = 5;
  constexpr std::size_t kSmallestSample = 8;
  XdrReader in(bytes);
  if (const std::uint32_t version = in.u32(); version != kVersion) {
    in.fail(fmt::format("version {}, not {}", version, kVersion));
  }
  DecodedDatagram datagram;
  datagram.agent_address = decode_address(in);
  datagram.sub_agent_id = in.u32();
  datagram.sequence_number = in.u32();
  datagram.uptime = in.u32();
  const std::uint32_t count = in.count(kSmallestSample);
  for (std::uint32_t i = 1; i <= count; ++i) {
    auto sample = decode_sample(in, fmt::format("sample {}", i));
    if (!sample) {
      return error_of(sample);
    }
    datagram.samples.push_back(*std::move(sample));
  }
  if (const auto read = in.finish(); !read) {
    return error_of(read);
  }
  return datagram;
}

} // namespace sfa::sflow
