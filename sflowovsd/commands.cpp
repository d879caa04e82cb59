#include "sflowovsd/commands.hpp"

#include "sflowovsd/ovs_idl.hpp"

#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// nullopt if the arguments are wrong; the client has its answer then.
std::optional<PortsText::Format> asked_format(unixctl_conn* connection, int argc, const char** argv) {
  const std::string_view format = argc > 1 ? argv[1] : "--format=table";
  if (format == "--format=table") {
    return PortsText::Format::table;
  }
  if (format == "--format=json") {
    return PortsText::Format::json;
  }
  unixctl_command_reply_error(connection, "expected --format=table or --format=json");
  return std::nullopt;
}

} // namespace

template <Commands::Handler handler>
void Commands::add(const char* name, const char* usage, int max_arguments) {
  unixctl_command_register(
      name, usage, 0, max_arguments,
      [](unixctl_conn* connection, int argc, const char** argv, void* self) {
        (static_cast<Commands*>(self)->*handler)(connection, argc, argv);
      },
      this);
}

Commands::Commands(EventLoop& loop, SharedFile& shared_file, OvsdbSession& session, PortsSession& ports,
                   PortsFile& ports_file)
    : loop_(loop), shared_file_(shared_file), session_(session), ports_(ports), ports_file_(ports_file) {
  add<&Commands::status>("sflow/status", "[--format=table|json]", 1);
  add<&Commands::ports>("sflow/ports", "[--format=table|json]", 1);
  add<&Commands::plan>("sflow/plan", "", 0);
  add<&Commands::resync>("sflow/resync", "", 0);
  add<&Commands::clear>("sflow/clear", "", 0);
  add<&Commands::exit>("exit", "", 0);
}

void Commands::answer_waiting() {
  if (waiting_.empty()) {
    return;
  }
  const auto obstacle = session_.obstacle();
  if (!obstacle && !session_.settled()) {
    return;
  }
  for (auto* connection : std::exchange(waiting_, {})) {
    if (obstacle) {
      unixctl_command_reply_error(connection, obstacle->c_str());
    } else {
      unixctl_command_reply(connection, "done\n");
    }
  }
}

void Commands::status(unixctl_conn* connection, int argc, const char** argv) {
  if (const auto format = asked_format(connection, argc, argv)) {
    const auto write = *format == PortsText::Format::json ? status_json : status_text;
    unixctl_command_reply(connection,
                          write(session_.status(), shared_file_.status(), ports_file_.status()).c_str());
  }
}

void Commands::ports(unixctl_conn* connection, int argc, const char** argv) {
  const auto format = asked_format(connection, argc, argv);
  if (!format) {
    return;
  }
  if (!ports_.version()) {
    const auto problem = ports_.problem();
    unixctl_command_reply_error(connection,
                                problem.empty() ? "the ports have not been read" : problem.c_str());
    return;
  }
  PortsText text(*format);
  ports_.tables().visit_bridges([&](OvsBridge bridge) { return text.add(std::move(bridge)); });
  const auto finished = text.finish();
  if (finished) {
    unixctl_command_reply(connection, finished->c_str());
  } else {
    unixctl_command_reply_error(connection, finished.error().message.c_str());
  }
}

void Commands::plan(unixctl_conn* connection, int, const char**) {
  if (const auto& plan = session_.current_plan()) {
    unixctl_command_reply(connection, plan_text(*plan).c_str());
  } else {
    unixctl_command_reply_error(connection,
                                session_.obstacle().value_or("the database has not been read yet").c_str());
  }
}

void Commands::resync(unixctl_conn* connection, int, const char**) {
  shared_file_.read();
  session_.set_cleared(false);
  session_.resync();
  ports_.follow();
  ports_file_.start_over();
  waiting_.push_back(connection);
}

void Commands::clear(unixctl_conn* connection, int, const char**) {
  session_.set_cleared(true);
  session_.resync();
  waiting_.push_back(connection);
}

void Commands::exit(unixctl_conn* connection, int, const char**) {
  loop_.quit();
  unixctl_command_reply(connection, nullptr);
}

} // namespace sfa::sflowovsd
