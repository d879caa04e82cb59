#include "guests/ports/ports_file.hpp"

#include "common/text.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace sfa::guests {

namespace {

using Number = std::optional<std::uint64_t>;

// One port as the file has it.
struct Item {
  std::string name;
  std::optional<std::uint32_t> if_index;
  bool has_guest = false;
  std::string writer, key, guest_name, uuid, mac;
  std::string problem; // the first member that has another type than documented
};

// The identity of the item's guest.
Result<Uuid> identity(const Item& item, const Uuid& host) {
  constexpr std::size_t kLongestKey = 255;
  if (item.key.empty() || item.key.size() > kLongestKey) {
    return failure("its guest has no usable key");
  }
  if (item.uuid.empty()) {
    return derive_uuid(host, item.writer + ' ' + item.key);
  }
  const auto uuid = parse_uuid(item.uuid);
  if (uuid && *uuid == Uuid{}) {
    return failure("its guest has a UUID of zeros");
  }
  return uuid;
}

// Receives the file piece by piece (SAX), because a tree of 10,000 ports would take more memory than all else
// in hsflowd. A nesting that the file should not have is skipped.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
public:
  Reader(PortsFile& file, const Uuid& host) : file_(file), host_(host) {}

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] bool complete() const { return has_version_ && has_bridges_; }

  bool null() override { return true; }
  bool boolean(bool) override { return scalar("a truth value"); }
  bool number_integer(number_integer_t) override { return scalar("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return scalar("a fraction"); }
  bool binary(binary_t&) override { return scalar("binary data"); }
  bool number_unsigned(number_unsigned_t value) override {
    if (places_.size() == 1 && key_ == "version") {
      has_version_ = value == 1;
      return has_version_ || fail(fmt::format("version {} is not known", value));
    }
    if (place() == Place::port && key_ == "ifindex" && value <= UINT32_MAX) {
      item_.if_index = static_cast<std::uint32_t>(value);
      return true;
    }
    return scalar("a number");
  }
  bool string(string_t& text) override {
    if (auto* member = text_member()) {
      *member = std::move(text);
      return true;
    }
    return scalar("a text");
  }
  bool start_object(std::size_t) override {
    if (places_.empty()) {
      return enter(Place::file);
    }
    switch (place()) {
    case Place::bridges:
      return enter(Place::bridge);
    case Place::ports:
      item_ = Item{};
      return enter(Place::port);
    case Place::port:
      item_.has_guest = item_.has_guest || key_ == "guest";
      return enter(key_ == "guest" ? Place::guest : Place::skipped);
    default:
      return enter(Place::skipped);
    }
  }
  bool start_array(std::size_t) override {
    if (places_.empty()) {
      return fail("not an object");
    }
    if (place() == Place::file && key_ == "bridges") {
      has_bridges_ = true;
      return enter(Place::bridges);
    }
    return enter(place() == Place::bridge && key_ == "ports" ? Place::ports : Place::skipped);
  }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool end_object() override {
    if (place() == Place::port) {
      take_item();
    }
    return leave();
  }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return fail(fmt::format("byte {}: not JSON, or torn", position));
  }

private:
  enum class Place { file, bridges, bridge, ports, port, guest, skipped };

  [[nodiscard]] Place place() const { return places_.empty() ? Place::skipped : places_.back(); }
  bool enter(Place place) {
    constexpr std::size_t kDeepest = 64;
    places_.push_back(place);
    return places_.size() <= kDeepest || fail("nested too deeply");
  }
  bool leave() {
    places_.pop_back();
    return true;
  }
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  // A scalar where the file has none, or has another type.
  bool scalar(std::string_view type) {
    if (places_.empty()) {
      return fail("not an object");
    }
    const bool matters = text_member() != nullptr || (place() == Place::port && key_ == "ifindex");
    if (matters && item_.problem.empty()) {
      item_.problem = fmt::format("`{}` is {}", key_, type);
    }
    return true;
  }

  [[nodiscard]] std::string* text_member() {
    if (place() == Place::port) {
      return key_ == "name" ? &item_.name : nullptr;
    }
    if (place() != Place::guest) {
      return nullptr;
    }
    return key_ == "writer" ? &item_.writer
           : key_ == "key"  ? &item_.key
           : key_ == "name" ? &item_.guest_name
           : key_ == "uuid" ? &item_.uuid
           : key_ == "mac"  ? &item_.mac
                            : nullptr;
  }

  void take_item() {
    if (!item_.has_guest || item_.writer == "proxmox") {
      return;
    }
    const auto uuid = item_.problem.empty() ? identity(item_, host_) : failure("{}", item_.problem);
    const auto mac = item_.mac.empty() ? std::optional<sflow::MacAddress>() : parse_mac();
    if (!uuid || item_.name.empty()) {
      leave_out(uuid ? "it has no name" : uuid.error().message);
      return;
    }
    auto& guest = file_.guests[*uuid];
    if (guest.name.empty()) {
      guest.name = item_.guest_name.empty() ? item_.key : item_.guest_name;
    }
    auto& port = guest.ports.emplace_back();
    port.device.name = std::move(item_.name);
    port.device.index = item_.if_index.value_or(0);
    port.mac = mac;
  }

  [[nodiscard]] std::optional<sflow::MacAddress> parse_mac() const {
    const auto mac = host::parse_mac_address(item_.mac);
    return mac ? *mac : std::nullopt;
  }

  void leave_out(std::string_view why) {
    if (++file_.bad_ports == 1) {
      file_.first_bad = fmt::format("port {}: {}", printable(item_.name), why);
    }
  }

  PortsFile& file_;
  const Uuid& host_;
  std::vector<Place> places_;
  std::string key_;
  Item item_;
  std::string problem_;
  bool has_version_ = false;
  bool has_bridges_ = false;
};

} // namespace

Result<PortsFile> parse_ports_file(std::string_view text, const Uuid& host) {
  PortsFile file;
  Reader reader(file, host);
  if (!nlohmann::json::sax_parse(text, &reader)) {
    return failure("{}", reader.problem());
  }
  if (!reader.complete()) {
    return failure("no version, or no bridges");
  }
  return file;
}

} // namespace sfa::guests
