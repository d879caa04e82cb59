#include "commands/schema.hpp"

#include "common/text.hpp"
#include "config/options.hpp"

#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>

namespace sfa::commands {

namespace {

using Json = nlohmann::ordered_json;

constexpr auto kMax32 = std::numeric_limits<std::uint32_t>::max();

std::string_view rows_of(const config::SectionRow& section) {
  return section.options_of.empty() ? section.path : section.options_of;
}

std::string_view leaf(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

bool is_child(std::string_view path, std::string_view parent) {
  return config::join_path(parent, leaf(path)) == path;
}

Json json_type(const config::Type& type) {
  switch (type.kind) {
  case config::Kind::number:
    return {{"anyOf",
             {{{"type", "integer"}, {"minimum", type.min}, {"maximum", type.max}},
              {{"type", "string"}, {"pattern", "^(0[xX][0-9a-fA-F]+|[0-9]+)[kKmMgG]?$"}}}}};
  case config::Kind::boolean:
    return {{"anyOf", {{{"type", "boolean"}}, {{"enum", {"on", "off", "yes", "no"}}}}}};
  case config::Kind::probability:
    return {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
  case config::Kind::choice:
    return {{"enum", split(type.choices, "|")}};
  case config::Kind::cidr:
    return {{"type", "string"}, {"pattern", "^!?[0-9a-fA-F:.]+/[0-9.]+$"}};
  case config::Kind::domain:
    return {{"type", "string"}, {"pattern", "^[.]?[A-Za-z0-9_]"}};
  case config::Kind::name:
    return {{"type", "string"}, {"pattern", "^[^/]+$"}};
  case config::Kind::speed_range: // one speed looks like a number to a YAML reader
    return {{"type", {"string", "integer"}}};
  case config::Kind::names:
    return {{"type", "string"}, {"pattern", "^[!-~]*[!-+--~][!-~]*$"}};
  case config::Kind::address:
  case config::Kind::host:
  case config::Kind::device:
  case config::Kind::uuid:
  case config::Kind::text:
    return {{"type", "string"}, {"minLength", 1}};
  }
  return {};
}

Json standard_value(const config::Option& option) {
  const auto value = config::parse_value(option.type, option.standard);
  if (value && std::holds_alternative<bool>(*value)) {
    return std::get<bool>(*value);
  }
  if (value && std::holds_alternative<std::uint64_t>(*value)) {
    return std::get<std::uint64_t>(*value);
  }
  return option.standard;
}

Json json_option(const config::Option& option) {
  Json json = json_type(option.type);
  if (option.repeatable()) {
    Json list{{"type", "array"}, {"items", json}};
    json = {{"anyOf", {json, list}}};
  }
  json["description"] =
      fmt::format("{}{}", option.doc, option.supported() ? "" : " Not supported by this build: ignored.");
  if (!option.standard.empty()) {
    json["default"] = standard_value(option);
  }
  if (option.deprecated()) {
    json["deprecated"] = true;
  }
  return json;
}

Json json_section(std::string_view path, std::string_view rows);

Json json_child(const config::SectionRow& section) {
  Json json = json_section(section.path, rows_of(section));
  if (section.path == "collector") {
    json["required"] = Json::array({"ip"});
  } else {
    json["type"] = {"object", "null"}; // "dns-sd:" and no more
  }
  const std::string doc =
      fmt::format("{}{}", section.doc, section.supported ? "" : " Not supported by this build: ignored.");
  if (section.repeatable) {
    Json list{{"type", "array"}, {"items", json}};
    json = {{"anyOf", {list, json}}};
  }
  json["description"] = doc;
  return json;
}

Json json_section(std::string_view path, std::string_view rows) {
  Json properties = Json::object();
  Json patterns = Json::object();
  for (const auto& option : config::all_options()) {
    if (option.section == rows && option.is_family()) {
      patterns[fmt::format("^{}\\.[A-Za-z0-9._:-]+$", option.name.substr(0, option.name.find('.')))] =
          json_option(option);
    } else if (option.section == rows) {
      properties[std::string(option.name)] = json_option(option);
    }
  }
  for (const auto& alias : config::all_aliases()) {
    if (!alias.name.empty() && alias.section == path) {
      Json json = json_option(*config::find_option(path, alias.name)->option);
      json["deprecated"] = true;
      properties[std::string(alias.name)] = json;
    }
  }
  for (const auto& section : config::all_sections()) {
    if (is_child(section.path, path)) {
      properties[std::string(leaf(section.path))] = json_child(section);
    }
  }
  Json json{{"type", "object"}, {"properties", properties}};
  if (!patterns.empty()) {
    json["patternProperties"] = patterns;
  }
  json["additionalProperties"] = false;
  return json;
}

std::string markdown_value(const config::Type& type) {
  if (type.kind == config::Kind::number) {
    return type.max == kMax32 ? fmt::format("{} or more", type.min)
                              : fmt::format("{} to {}", type.min, type.max);
  }
  return config::expected_text(type);
}

std::string markdown_rows(std::string_view rows) {
  std::string text;
  for (const auto& option : config::all_options()) {
    if (option.section != rows) {
      continue;
    }
    std::string doc(option.doc);
    doc += option.repeatable() ? " May stand several times." : "";
    doc += option.deprecated() ? fmt::format(" Deprecated: use the section `{}`.", option.replaced_by) : "";
    doc += option.supported() || !rows.empty() ? "" : " *Not supported yet: ignored with a warning.*";
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", option.name, markdown_value(option.type),
                        option.standard.empty() ? "" : fmt::format("`{}`", option.standard),
                        option.in_dns_txt() ? "yes" : "", doc);
  }
  const std::string head = "| Option | Value | Default | DNS TXT | Meaning |\n|---|---|---|---|---|\n";
  return text.empty() ? "No options.\n\n" : head + text + "\n";
}

std::string markdown_sections(bool supported) {
  std::string text;
  for (const auto& section : config::all_sections()) {
    if (section.supported != supported) {
      continue;
    }
    text += fmt::format("#### `{}`\n\n{}{}\n\n", section.path, section.doc,
                        section.repeatable ? " May stand several times." : "");
    text += section.options_of.empty() ? markdown_rows(section.path)
                                       : fmt::format("Options as in `{}`.\n\n", section.options_of);
  }
  return text;
}

std::string markdown_aliases() {
  std::string text = "| Old or other name | Today |\n|---|---|\n";
  for (const auto& alias : config::all_aliases()) {
    if (alias.name.empty()) {
      text += fmt::format("| section `{}` | section `{}` |\n", alias.section, alias.target_section);
      continue;
    }
    text +=
        fmt::format("| `{}`{} | `{}`{} |\n", alias.name,
                    alias.section.empty() ? "" : fmt::format(" in `{}`", alias.section), alias.target_name,
                    alias.target_section.empty() ? "" : fmt::format(" in `{}`", alias.target_section));
  }
  return text;
}

} // namespace

std::string json_schema() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "hsflowd"}};
  schema.update(json_section("", ""));
  auto& properties = schema["properties"];
  properties["collectors"] = properties["collector"];
  schema["anyOf"] = Json::array();
  for (const auto* source : {"collectors", "collector", "dns-sd", "DNSSD", "eapi", "sonic"}) {
    schema["anyOf"].push_back({{"required", Json::array({source})}});
  }
  return schema.dump(2) + "\n";
}

std::string markdown_option_table() {
  return "### At the top\n\n" + markdown_rows("") + "### Sections\n\n" + markdown_sections(true) +
         "### Sections that are not supported yet\n\nThey are read, checked, and ignored with one warning "
         "each.\n\n" +
         markdown_sections(false) + "### Other names\n\n" + markdown_aliases();
}

} // namespace sfa::commands
