#include "sflow/json.hpp"

#include "common/json.hpp"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <variant>

namespace sfa::sflow {

namespace {

// Appends JSON to a text, without a tree of it, because that takes most of the time of decoding.
struct Writer {
  std::string& out;

  template <std::integral T>
  void value(const T& number) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
  }
  // The double with the float's shortest decimal form: 0.1, not 0.10000000149011612.
  void value(float number) {
    const std::string text = fmt::format("{}", number);
    double shown = 0;
    std::from_chars(text.data(), text.data() + text.size(), shown);
    out += Json(shown).dump();
  }
  void value(const bool& truth) { out += truth ? "true" : "false"; }
  void value(std::string_view text) {
    const bool plain =
        std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (plain) {
      quoted(text);
    } else {
      out += format_json_line(Json(text));
    }
  }
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const IpAddress& address) { quoted(address.to_string()); }
  void value(const IpAddress::V4& address) { quoted(IpAddress(address).to_string()); }
  void value(const MacAddress& address) {
    out += '"';
    fmt::format_to(std::back_inserter(out), "{:02x}", fmt::join(address, ":"));
    out += '"';
  }
  void value(const Uuid& uuid) { quoted(format_uuid(uuid)); }
  template <class T>
  void value(const std::vector<T>& values) {
    array(values, [this](const T& each) { value(each); });
  }
  template <class T>
  void value(const T& structure) {
    object([&] { T::fields(structure, *this); });
  }

  // As the `field` of a structure's list of fields.
  template <class T>
  void operator()(std::string_view name, const T& field) {
    key(name);
    value(field);
  }
  void operator()(std::string_view name, const std::string& field, std::size_t) { (*this)(name, field); }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& field) {
    if (field) {
      (*this)(name, *field);
    }
  }

  template <class Members>
  void object(Members members) {
    out += '{';
    members();
    out += '}';
  }
  template <class Values, class Each>
  void array(const Values& values, Each each) {
    out += '[';
    for (const auto& one : values) {
      separate();
      each(one);
    }
    out += ']';
  }
  template <class Values, class Each>
  void array(std::string_view name, const Values& values, Each each) {
    key(name);
    array(values, each);
  }

private:
  // No value ends with what begins an object or an array.
  void separate() {
    if (out.back() != '{' && out.back() != '[') {
      out += ',';
    }
  }
  void key(std::string_view name) {
    separate();
    quoted(name);
    out += ':';
  }
  void quoted(std::string_view text) {
    out += '"';
    out += text;
    out += '"';
  }
};

void write_problems(Writer json, const Problems& problems) {
  if (!problems.empty()) {
    json("problems", problems);
  }
}

template <class T>
void write_record(Writer json, const T& body) {
  json("type", T::kName);
  T::fields(body, json);
}

void write_record(Writer json, const Unknown& unknown) {
  json("type", "unknown");
  json("enterprise", unknown.enterprise);
  json("format", unknown.format);
  json("length", unknown.bytes.size());
  json("bytes", fmt::format("{:02x}", fmt::join(unknown.bytes, "")));
}

void write_record(Writer json, const CounterBlock& block) {
  std::visit([&](const auto& body) { write_record(json, body); }, block);
}

void write_record(Writer json, const SampledHeader& sampled) {
  json("type", SampledHeader::kName);
  json("protocol", sampled.protocol);
  json("frame_length", sampled.frame_length);
  json("stripped", sampled.stripped);
  json("header_length", sampled.header_length);
  const PacketHeader& packet = sampled.packet;
  json("src_mac", packet.src_mac);
  json("dst_mac", packet.dst_mac);
  json("vlan", packet.vlan);
  json("inner_vlan", packet.inner_vlan);
  json("ethertype", packet.ethertype);
  json("src_ip", packet.src_ip);
  json("dst_ip", packet.dst_ip);
  json("ip_protocol", packet.ip_protocol);
  json("ttl", packet.ttl);
  if (packet.fragment) {
    json("fragment", true);
  }
  json("src_port", packet.src_port);
  json("dst_port", packet.dst_port);
  json("tcp_flags", packet.tcp_flags);
  json("icmp_type", packet.icmp_type);
  json("icmp_code", packet.icmp_code);
}

template <class Sample>
void write_begin(Writer json, std::string_view type, const Sample& sample) {
  json("type", type);
  json("source_class", sample.source.ds_class);
  json("source_index", sample.source.index);
  json("sequence_number", sample.sequence_number);
}

template <class Sample>
void write_end(Writer json, const Sample& sample) {
  json.array("records", sample.records, [&](const auto& record) {
    json.object([&] { std::visit([&](const auto& body) { write_record(json, body); }, record); });
  });
  write_problems(json, sample.problems);
}

void write_sample(Writer json, const DecodedCounters& sample) {
  write_begin(json, "counters", sample);
  write_end(json, sample);
}

void write_sample(Writer json, const DecodedFlow& sample) {
  write_begin(json, "flow", sample);
  json("sampling_rate", sample.sampling_rate);
  json("sample_pool", sample.sample_pool);
  json("drops", sample.drops);
  json("input_format", sample.input.format);
  json("input", sample.input.value);
  json("output_format", sample.output.format);
  json("output", sample.output.value);
  write_end(json, sample);
}

void write_sample(Writer json, const DecodedDiscard& sample) {
  write_begin(json, "discarded", sample);
  json("drops", sample.drops);
  json("input", sample.input_if_index);
  json("output", sample.output_if_index);
  json("reason", sample.reason);
  write_end(json, sample);
}

void write_sample(Writer json, const Unknown& sample) {
  write_record(json, sample);
  write_problems(json, sample.problems);
}

} // namespace

std::string json_line(const DecodedDatagram& datagram) {
  std::string line;
  Writer json{line};
  json.object([&] {
    json("agent_address", datagram.agent_address);
    json("sub_agent_id", datagram.sub_agent_id);
    json("sequence_number", datagram.sequence_number);
    json("uptime", datagram.uptime);
    json.array("samples", datagram.samples, [&](const auto& sample) {
      json.object([&] { std::visit([&](const auto& body) { write_sample(json, body); }, sample); });
    });
    write_problems(json, datagram.problems);
  });
  return line;
}

} // namespace sfa::sflow
