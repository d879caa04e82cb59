#include "sflow/decode.hpp"

#include "sflow/xdr.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/ranges.h>
#include <iterator>
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
Unknown unknown(std::uint32_t tag, std::span<const std::uint8_t> bytes) {
  return {.enterprise = tag >> 12, .format = tag & 0xfff, .bytes = {bytes.begin(), bytes.end()}};
}

std::string left_over(const XdrReader& in) {
  return fmt::format("byte {}: {} bytes left over: {:02x}", in.offset(), in.remaining(),
                     fmt::join(in.rest(), ""));
}

// Reads the number of items, and then items until the end, whatever the number. `each` gets the number of its
// item, from 1.
template <class Each>
void decode_items(XdrReader& in, std::string_view noun, Problems& problems, Each each) {
  constexpr std::size_t kSmallest = 8; // tag and length
  const std::uint32_t said = in.u32();
  const bool possible = said <= in.remaining() / kSmallest;
  if (!possible) {
    problems.push_back(fmt::format("byte {}: cut short: {} elements cannot be in {} bytes", in.offset(), said,
                                   in.remaining()));
  }
  std::uint64_t found = 0;
  while (in.remaining() >= kSmallest) {
    if (found == said) {
      problems.push_back(fmt::format("byte {}: {} bytes left over after {} {}s, read as more of them",
                                     in.offset(), in.remaining(), said, noun));
    }
    each(++found);
  }
  if (in.remaining() > 0) {
    problems.push_back(left_over(in));
    in.skip(in.remaining());
  }
  if (possible && found < said) {
    problems.push_back(fmt::format("byte {}: cut short: {} {}s, not {}", in.offset(), found, noun, said));
  }
}

struct Input {
  XdrReader& in;
  Problems& notes; // of the readers; taken after each record and sample
};

// Moves the notes to `problems`. `place` returns what comes before each.
template <class Place>
void take_notes(Problems& notes, Problems& problems, Place place) {
  for (const auto& note : notes) {
    problems.push_back(place() + note);
  }
  notes.clear();
}

template <class Record, std::size_t N>
Record decode_record(Input input, const std::array<Format<Record>, N>& formats, std::uint64_t number,
                     Problems& problems) {
  const std::uint32_t tag = input.in.u32();
  XdrReader body = input.in.opaque();
  const auto bytes = body.rest();
  const auto format = std::ranges::find(formats, tag, &Format<Record>::number);
  if (format == formats.end()) {
    take_notes(input.notes, problems, [&] { return fmt::format("record {}: ", number); });
    return unknown(tag, bytes);
  }
  Record record = format->decode(body);
  if (!body.ok()) {
    input.notes.push_back(body.error().message);
    record = unknown(tag, bytes);
  } else if (body.remaining() > 0) {
    input.notes.push_back(left_over(body));
  }
  take_notes(input.notes, problems, [&] { return fmt::format("record {} ({}): ", number, format->name); });
  return record;
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
DecodedSample with_records(Sample sample, Input input, const std::array<Format<Record>, N>& formats) {
  decode_items(input.in, "record", sample.problems, [&](std::uint64_t number) {
    sample.records.push_back(decode_record(input, formats, number, sample.problems));
  });
  return sample;
}

DecodedSample decode_counters(Input input, bool expanded) {
  const SampleReader form{input.in, expanded};
  DecodedCounters sample;
  sample.sequence_number = form.in.u32();
  sample.source = form.source();
  return with_records(std::move(sample), input, kCounterFormats);
}

DecodedSample decode_flow(Input input, bool expanded) {
  const SampleReader form{input.in, expanded};
  DecodedFlow sample;
  sample.sequence_number = form.in.u32();
  sample.source = form.source();
  sample.sampling_rate = form.in.u32();
  sample.sample_pool = form.in.u32();
  sample.drops = form.in.u32();
  sample.input = form.port();
  sample.output = form.port();
  return with_records(std::move(sample), input, kFlowFormats);
}

DecodedSample decode_discard(Input input) {
  const SampleReader form{input.in, true}; // its only form
  DecodedDiscard sample;
  sample.sequence_number = form.in.u32();
  sample.source = form.source();
  sample.drops = form.in.u32();
  sample.input_if_index = form.in.u32();
  sample.output_if_index = form.in.u32();
  sample.reason = form.in.u32();
  return with_records(std::move(sample), input, kFlowFormats);
}

DecodedSample decode_body_of_sample(std::uint32_t tag, Input input) {
  switch (tag) {
  case 1:
    return decode_flow(input, false);
  case 2:
    return decode_counters(input, false);
  case 3:
    return decode_flow(input, true);
  case 4:
    return decode_counters(input, true);
  case 5:
    return decode_discard(input);
  default:
    return unknown(tag, input.in.rest());
  }
}

Problems& problems_of(DecodedSample& sample) {
  return std::visit([](auto& any) -> Problems& { return any.problems; }, sample);
}

// Reads tag, length and body.
DecodedSample decode_sample(Input input) {
  const std::uint32_t tag = input.in.u32();
  XdrReader body = input.in.opaque();
  Problems problems = std::exchange(input.notes, {});
  const auto bytes = body.rest();
  DecodedSample sample = decode_body_of_sample(tag, {body, input.notes});
  if (!body.ok()) {
    problems.push_back(body.error().message);
    sample = unknown(tag, bytes);
  } else {
    std::ranges::move(problems_of(sample), std::back_inserter(problems));
  }
  problems_of(sample) = std::move(problems);
  return sample;
}

// The first problem, with its place.
std::optional<std::string> first_problem(DecodedDatagram& datagram) {
  for (std::size_t i = 0; i < datagram.samples.size(); ++i) {
    if (const auto& problems = problems_of(datagram.samples[i]); !problems.empty()) {
      return fmt::format("sample {}{} {}", i + 1, problems[0].starts_with("record") ? "," : ":", problems[0]);
    }
  }
  return datagram.problems.empty() ? std::nullopt : std::optional(datagram.problems[0]);
}

} // namespace

Result<DecodedDatagram> decode_datagram(std::span<const std::uint8_t> bytes) {
  constexpr std::uint32_t kVersion = 5;
  constexpr std::size_t kCount = 4;
  Problems notes;
  XdrReader in(bytes, &notes);
  if (const std::uint32_t version = in.u32(); version != kVersion) {
    in.fail(fmt::format("version {}, not {}", version, kVersion));
  }
  DecodedDatagram datagram;
  datagram.agent_address = decode_address(in);
  datagram.sub_agent_id = in.u32();
  datagram.sequence_number = in.u32();
  datagram.uptime = in.u32();
  if (in.remaining() < kCount) {
    in.fail(fmt::format("cut short: needs {} bytes, has {}", kCount, in.remaining()));
  }
  if (!in.ok()) {
    return tl::unexpected(in.error());
  }
  decode_items(in, "sample", datagram.problems, [&](std::uint64_t) {
    datagram.samples.push_back(decode_sample({in, notes}));
  });
  return datagram;
}

Result<DecodedDatagram> decode_strictly(std::span<const std::uint8_t> bytes) {
  auto datagram = decode_datagram(bytes);
  if (datagram) {
    if (auto problem = first_problem(*datagram)) {
      return failure("{}", *problem);
    }
  }
  return datagram;
}

} // namespace sfa::sflow
