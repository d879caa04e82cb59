#include "commands/schema.hpp"

#include "common/json.hpp"
#include "common/text.hpp"
#include "config/options.hpp"

#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace sfa::commands {

namespace {

constexpr auto kMax32 = std::numeric_limits<std::uint32_t>::max();

Json json_type(const config::Type& type) {
  switch (type.kind) {
  case config::Kind::number:
    return {{"anyOf",
             {{{"type", "integer"}, {"minimum", type.min}, {"maximum", type.max}},
              {{"type", "string"}, {"pattern", "^(0[xX][0-9a-fA-F]+|[0-9]+)[kKmMgG]?$"}}}}};
  case config::Kind::boolean:
    return {{"anyOf", {{{"type", "boolean"}}, {{"enum", {"on", "off", "yes", "no"}}}}}};
  case config::Kind::choice:
    return {{"enum", split(type.choices, "|")}};
  case config::Kind::cidr:
    return {{"type", "string"}, {"pattern", "^!?[0-9a-fA-F:.]+/[0-9.]+$"}};
  case config::Kind::domain:
    return {{"type", "string"}, {"pattern", "^[.]?[A-Za-z0-9_]"}};
  case config::Kind::name:
    return {{"type", "string"}, {"pattern", "^[^/]+$"}};
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
  json["description"] = option.doc;
  if (!option.standard.empty()) {
    json["default"] = standard_value(option);
  }
  if (option.deprecated()) {
    json["deprecated"] = true;
  }
  return json;
}

// The options of a section, or of the top (empty).
Json json_options(std::string_view section) {
  Json properties = Json::object();
  Json patterns = Json::object();
  Json required = Json::array();
  for (const auto& option : config::all_options()) {
    if (option.section != section) {
      continue;
    }
    if (option.is_family()) {
      patterns[fmt::format("^{}\\.[A-Za-z0-9._:-]+$", option.name.substr(0, option.name.find('.')))] =
          json_option(option);
    } else {
      properties[std::string(option.name)] = json_option(option);
    }
    if (option.required()) {
      required.push_back(option.name);
    }
  }
  for (const auto& alias : config::all_aliases()) {
    if (alias.section == section) {
      Json json = json_option(*config::find_option(section, alias.name)->option);
      json["deprecated"] = true;
      properties[std::string(alias.name)] = json;
    }
  }
  for (const auto& ignored : config::all_ignored_names()) {
    if (ignored.section == section) {
      properties[std::string(ignored.name)] = {
          {"description", fmt::format("Ignored by this build. {}", ignored.doc)}};
    }
  }
  Json json{{"type", "object"}, {"properties", properties}};
  if (!patterns.empty()) {
    json["patternProperties"] = patterns;
  }
  if (!required.empty()) {
    json["required"] = required;
  } else if (!section.empty()) {
    json["type"] = {"object", "null"}; // "dns-sd:" without a value
  }
  json["additionalProperties"] = false;
  return json;
}

Json json_section(const config::SectionRow& section) {
  Json json = json_options(section.name);
  if (section.repeatable()) {
    Json list{{"type", "array"}, {"items", json}};
    json = {{"anyOf", {list, json}}};
  }
  json["description"] = section.doc;
  return json;
}

// All keys of the top that satisfy "at least one section names collectors".
std::vector<std::string_view> collector_keys() {
  std::vector<std::string_view> keys;
  for (const auto& row : config::all_sections()) {
    if ((row.flags & config::kNamesCollectors) == 0) {
      continue;
    }
    keys.push_back(row.name);
    if (!row.plural.empty()) {
      keys.push_back(row.plural);
    }
    for (const auto& option : config::all_options()) {
      if (option.replaced_by == row.name) {
        keys.push_back(option.name);
      }
    }
  }
  for (const auto& ignored : config::all_ignored_names()) {
    if ((ignored.flags & config::kNamesCollectors) != 0) {
      keys.push_back(ignored.name);
    }
  }
  return keys;
}

std::string markdown_value(const config::Type& type) {
  if (type.kind == config::Kind::number) {
    return type.max == kMax32 ? fmt::format("{} or more", type.min)
                              : fmt::format("{} to {}", type.min, type.max);
  }
  return config::expected_text(type);
}

std::string markdown_options(std::string_view section) {
  std::string text;
  for (const auto& option : config::all_options()) {
    if (option.section != section) {
      continue;
    }
    std::string doc(option.doc);
    doc += option.required() ? " Required." : "";
    doc += option.repeatable() ? " May be repeated." : "";
    doc += option.deprecated() ? fmt::format(" Deprecated: use the section `{}`.", option.replaced_by) : "";
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", option.name, markdown_value(option.type),
                        option.standard.empty() ? "" : fmt::format("`{}`", option.standard),
                        option.in_dns_txt() ? "yes" : "", doc);
  }
  const std::string head = "| Option | Value | Default | DNS TXT | Meaning |\n|---|---|---|---|---|\n";
  return text.empty() ? "No options.\n\n" : head + text + "\n";
}

std::string markdown_sections() {
  std::string text;
  for (const auto& section : config::all_sections()) {
    text += fmt::format("#### `{}`\n\n{}{}\n\n{}", section.name, section.doc,
                        section.repeatable() ? " May be repeated." : "", markdown_options(section.name));
  }
  return text;
}

std::string markdown_ignored() {
  std::string text = "| Name | Meaning in host-sflow |\n|---|---|\n";
  for (const auto& ignored : config::all_ignored_names()) {
    text += fmt::format("| {}`{}`{} | {} |\n", ignored.is_section ? "section " : "", ignored.name,
                        ignored.section.empty() ? "" : fmt::format(" in `{}`", ignored.section), ignored.doc);
  }
  return text;
}

std::string markdown_aliases() {
  std::string text = "| Old or other name | Current name |\n|---|---|\n";
  for (const auto& section : config::all_sections()) {
    if (!section.plural.empty()) {
      text += fmt::format("| section `{}` | section `{}` |\n", section.plural, section.name);
    }
  }
  for (const auto& alias : config::all_aliases()) {
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
  schema.update(json_options(""));
  auto& properties = schema["properties"];
  for (const auto& section : config::all_sections()) {
    properties[std::string(section.name)] = json_section(section);
    if (!section.plural.empty()) {
      properties[std::string(section.plural)] = json_section(section);
    }
  }
  schema["anyOf"] = Json::array();
  for (const auto& key : collector_keys()) {
    schema["anyOf"].push_back({{"required", Json::array({key})}});
  }
  return format_json(schema);
}

std::string markdown_option_table() {
  return "### At the top\n\n" + markdown_options("") + "### Sections\n\n" + markdown_sections() +
         "### Names that are ignored\n\nConfigurations for host-sflow may contain these. Each one costs a "
         "warning; the content of such a section is not checked.\n\n" +
         markdown_ignored() + "\n### Other names\n\n" + markdown_aliases();
}

} // namespace sfa::commands
