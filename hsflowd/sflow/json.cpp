#include "sflow/json.hpp"

#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <variant>

namespace sfa::sflow {

namespace {

template <class T>
Json json_value(const T& structure);

Json json_value(std::uint8_t value) {
  return value;
}

Json json_value(std::uint16_t value) {
  return value;
}

Json json_value(std::uint32_t value) {
  return value;
}

Json json_value(std::int32_t value) {
  return value;
}

Json json_value(std::uint64_t value) {
  return value;
}

// The double with the float's shortest decimal form: 0.1, not 0.10000000149011612.
Json json_value(float value) {
  const std::string text = fmt::format("{}", value);
  double shown = 0;
  std::from_chars(text.data(), text.data() + text.size(), shown);
  return shown;
}

Json json_value(const IpAddress& value) {
  return value.to_string();
}

Json json_value(const IpAddress::V4& value) {
  return IpAddress(value).to_string();
}

Json json_value(const MacAddress& value) {
  return fmt::format("{:02x}", fmt::join(value, ":"));
}

Json json_value(const Uuid& value) {
  return format_uuid(value);
}

template <class T>
Json json_value(const std::vector<T>& values) {
  Json array = Json::array();
  for (const auto& value : values) {
    array.push_back(json_value(value));
  }
  return array;
}

// As the `field` of a structure's list of fields.
struct Members {
  Json& object;

  template <class T>
  void operator()(const char* name, const T& value) {
    object[name] = json_value(value);
  }
  void operator()(const char* name, const std::string& value, std::size_t) { object[name] = value; }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) {
      object[name] = json_value(*value);
    }
  }
};

template <class T>
Json json_value(const T& structure) {
  Json object = Json::object();
  T::fields(structure, Members{object});
  return object;
}

template <class T>
Json json_record(const T& body) {
  Json object{{"type", T::kName}};
  T::fields(body, Members{object});
  return object;
}

Json json_record(const Unknown& unknown) {
  return {{"type", "unknown"},
          {"enterprise", unknown.enterprise},
          {"format", unknown.format},
          {"length", unknown.length}};
}

Json json_record(const CounterBlock& block) {
  return std::visit([](const auto& body) { return json_record(body); }, block);
}

Json json_record(const SampledHeader& sampled) {
  Json object{{"type", SampledHeader::kName},
              {"protocol", sampled.protocol},
              {"frame_length", sampled.frame_length},
              {"stripped", sampled.stripped},
              {"header_length", sampled.header_length}};
  const PacketHeader& packet = sampled.packet;
  Members field{object};
  field("src_mac", packet.src_mac);
  field("dst_mac", packet.dst_mac);
  field("vlan", packet.vlan);
  field("inner_vlan", packet.inner_vlan);
  field("ethertype", packet.ethertype);
  field("src_ip", packet.src_ip);
  field("dst_ip", packet.dst_ip);
  field("ip_protocol", packet.ip_protocol);
  field("ttl", packet.ttl);
  if (packet.fragment) {
    object["fragment"] = true;
  }
  field("src_port", packet.src_port);
  field("dst_port", packet.dst_port);
  field("tcp_flags", packet.tcp_flags);
  field("icmp_type", packet.icmp_type);
  field("icmp_code", packet.icmp_code);
  return object;
}

template <class Record>
Json json_records(const std::vector<Record>& records) {
  Json array = Json::array();
  for (const auto& record : records) {
    array.push_back(std::visit([](const auto& body) { return json_record(body); }, record));
  }
  return array;
}

template <class Sample>
Json json_sample_begin(const char* type, const Sample& sample) {
  return {{"type", type},
          {"source_class", sample.source.ds_class},
          {"source_index", sample.source.index},
          {"sequence_number", sample.sequence_number}};
}

Json json_sample(const DecodedCounters& sample) {
  Json object = json_sample_begin("counters", sample);
  object["records"] = json_records(sample.records);
  return object;
}

Json json_sample(const DecodedFlow& sample) {
  Json object = json_sample_begin("flow", sample);
  object["sampling_rate"] = sample.sampling_rate;
  object["sample_pool"] = sample.sample_pool;
  object["drops"] = sample.drops;
  object["input_format"] = sample.input.format;
  object["input"] = sample.input.value;
  object["output_format"] = sample.output.format;
  object["output"] = sample.output.value;
  object["records"] = json_records(sample.records);
  return object;
}

Json json_sample(const DecodedDiscard& sample) {
  Json object = json_sample_begin("discarded", sample);
  object["drops"] = sample.drops;
  object["input"] = sample.input_if_index;
  object["output"] = sample.output_if_index;
  object["reason"] = sample.reason;
  object["records"] = json_records(sample.records);
  return object;
}

Json json_sample(const Unknown& sample) {
  return json_record(sample);
}

} // namespace

Json json_of(const DecodedDatagram& datagram) {
  Json samples = Json::array();
  for (const auto& sample : datagram.samples) {
    samples.push_back(std::visit([](const auto& body) { return json_sample(body); }, sample));
  }
  return {{"agent_address", datagram.agent_address.to_string()},
          {"sub_agent_id", datagram.sub_agent_id},
          {"sequence_number", datagram.sequence_number},
          {"uptime", datagram.uptime},
          {"samples", std::move(samples)}};
}

std::string json_line(const DecodedDatagram& datagram) {
  return format_json_line(json_of(datagram));
}

} // namespace sfa::sflow
