// JSON of structures that list their fields (common/fields.hpp). It costs seconds to compile: include it in
// .cpp files only.
#pragma once

#include "common/fields.hpp"
#include "common/ip_address.hpp"
#include "common/json.hpp"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sfa::json_fields {

// ---- Writing: one function for each form of a value, found by overload, and a visitor of lists of fields.

template <class T>
Json json_of(const T& value);
template <class T>
Json json_of(const std::optional<T>& value);
template <class T>
Json json_of(const std::vector<T>& values);

inline Json json_of(const IpAddress& address) {
  return address.to_string();
}

template <class Rep, class Period>
Json json_of(const std::chrono::duration<Rep, Period>& duration) {
  return duration.count();
}

// Seconds since 1970.
inline Json json_of(const std::chrono::sys_seconds& time) {
  return time.time_since_epoch().count();
}

struct Writer {
  Json& object;

  template <class T>
  void operator()(const char* name, const T& value) {
    object[name] = json_of(value);
  }
  void operator()(const char* name, const std::string& text, NullIfEmpty) {
    object[name] = text.empty() ? Json(nullptr) : Json(text);
  }
};

// A structure; or a number, a bool or a text, which Json takes as they are.
template <class T>
Json json_of(const T& value) {
  if constexpr (HasFields<const T>) {
    Json object = Json::object();
    T::fields(value, Writer{object});
    return object;
  } else {
    return value;
  }
}

template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? json_of(*value) : Json(nullptr);
}

template <class T>
Json json_of(const std::vector<T>& values) {
  Json array = Json::array();
  for (const auto& value : values) {
    array.push_back(json_of(value));
  }
  return array;
}

// ---- Parsing: the same forms. Throws what is not as written.

template <class T>
void parse(const Json& json, T& value);
template <class T>
void parse(const Json& json, std::optional<T>& value);
template <class T>
void parse(const Json& json, std::vector<T>& values);

inline void parse(const Json& json, IpAddress& address) {
  const auto parsed = IpAddress::parse(json.get_ref<const std::string&>());
  if (!parsed) {
    throw std::runtime_error(parsed.error().message);
  }
  address = *parsed;
}

template <class Rep, class Period>
void parse(const Json& json, std::chrono::duration<Rep, Period>& duration) {
  duration = std::chrono::duration<Rep, Period>(json.get<Rep>());
}

inline void parse(const Json& json, std::chrono::sys_seconds& time) {
  time = std::chrono::sys_seconds(std::chrono::seconds(json.get<std::int64_t>()));
  if (time < std::chrono::sys_seconds{} ||
      time > std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::time_point::max())) {
    throw std::runtime_error("impossible time");
  }
}

struct Parser {
  const Json& object;

  template <class T>
  void operator()(const char* name, T& value) {
    parse(object.at(name), value);
  }
  void operator()(const char* name, std::string& text, NullIfEmpty) {
    const Json& json = object.at(name);
    text = json.is_null() ? std::string() : json.get<std::string>();
  }
};

template <class T>
void parse(const Json& json, T& value) {
  if constexpr (HasFields<T>) {
    T::fields(value, Parser{json});
  } else {
    value = json.get<T>();
  }
}

template <class T>
void parse(const Json& json, std::optional<T>& value) {
  value.reset();
  if (!json.is_null()) {
    parse(json, value.emplace());
  }
}

template <class T>
void parse(const Json& json, std::vector<T>& values) {
  values.clear();
  for (const Json& item : json.get_ref<const Json::array_t&>()) {
    parse(item, values.emplace_back());
  }
}

} // namespace sfa::json_fields
