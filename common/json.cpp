#include "common/json.hpp"

#include <nlohmann/json.hpp>

namespace sfa {

Json parse_json(std::string_view text) {
  return Json::parse(text);
}

std::string format_json(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string format_json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace sfa
