#include "sflowovsd/commands.hpp"

#include "sflowovsd/ovs_idl.hpp"

#include <fmt/format.h>
#include <iterator>
#include <string>

namespace sfa {

namespace {

std::string_view words(BridgeState state) {
  switch (state) {
  case BridgeState::ours:
    return "sampled";
  case BridgeState::attach:
    return "being attached";
  case BridgeState::detach:
    return "being detached";
  case BridgeState::foreign:
    return "has somebody else's row, left alone";
  case BridgeState::off:
    return "off";
  case BridgeState::unknown:
    return "left as it is";
  }
  return "";
}

std::string shared_file_line(const SharedFile& file) {
  std::string line = fmt::format("shared file: {}: ", file.path().native());
  if (file.content()) {
    line += fmt::format("revision {}", file.content()->revision);
  } else {
    line += "nothing known, Open vSwitch is left as it is";
  }
  return file.problem().empty() ? line : fmt::format("{} ({})", line, file.problem());
}

std::string status_text(const CommandContext& context) {
  const auto status = context.session.status();
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "database: {}: {}\n", status.remote, status.connected ? "connected" : "not connected");
  fmt::format_to(out, "lock: {}\n", status.has_lock ? "held" : "not held, only watching");
  fmt::format_to(out, "{}\n", shared_file_line(context.shared_file));
  fmt::format_to(out, "row: {}\n", status.row ? status.row->to_string() : "none");
  fmt::format_to(out, "transactions: {}, last took {} us\n", status.transactions,
                 status.last_latency.count());
  if (!status.last_failure.empty()) {
    fmt::format_to(out, "last failure: {}\n", status.last_failure);
  }
  fmt::format_to(out, "bridges: {}\n", status.bridges.size());
  for (const auto& bridge : status.bridges) {
    fmt::format_to(out, "  {}: {}\n", bridge.name, words(bridge.state));
  }
  return text;
}

void reply_status(unixctl_conn* connection, int, const char**, void* context) {
  unixctl_command_reply(connection, status_text(*static_cast<const CommandContext*>(context)).c_str());
}

void quit(unixctl_conn* connection, int, const char**, void* context) {
  static_cast<CommandContext*>(context)->loop.quit();
  unixctl_command_reply(connection, nullptr);
}

} // namespace

void register_commands(CommandContext& context) {
  unixctl_command_register("sflow/status", "", 0, 0, reply_status, &context);
  unixctl_command_register("exit", "", 0, 0, quit, &context);
}

} // namespace sfa
