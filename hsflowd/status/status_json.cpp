#include "status/status.hpp"

#include "common/json_fields.hpp"

namespace sfa::status {

std::string status_json(const DaemonStatus& status) {
  // File names and interface aliases need not be UTF-8.
  return format_json(json_fields::json_of(status));
}

Result<DaemonStatus> parse_status(std::string_view text) {
  try {
    DaemonStatus status;
    json_fields::parse(parse_json(text), status);
    return status;
  } catch (const std::exception& error) {
    return failure("not a status: {}", error.what());
  }
}

} // namespace sfa::status
