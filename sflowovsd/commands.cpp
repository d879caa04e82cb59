#include "sflowovsd/commands.hpp"

#include "sflowovsd/ovs_idl.hpp"

#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace sfa::sflowovsd {

template <Commands::Handler handler>
void Commands::add(const char* name, const char* usage, int max_arguments) {
  unixctl_command_register(
      name, usage, 0, max_arguments,
      [](unixctl_conn* connection, int argc, const char** argv, void* self) {
        (static_cast<Commands*>(self)->*handler)(connection, argc, argv);
      },
      this);
}

Commands::Commands(EventLoop& loop, SharedFile& shared_file, OvsdbSession& session)
    : loop_(loop), shared_file_(shared_file), session_(session) {
  add<&Commands::status>("sflow/status", "[--format=table|json]", 1);
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
  const std::string_view format = argc > 1 ? argv[1] : "--format=table";
  if (format == "--format=table") {
    unixctl_command_reply(connection, status_text(session_.status(), shared_file_.status()).c_str());
  } else if (format == "--format=json") {
    unixctl_command_reply(connection, status_json(session_.status(), shared_file_.status()).c_str());
  } else {
    unixctl_command_reply_error(connection, "expected --format=table or --format=json");
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
