// A structure that lists its fields once, by name, for everybody who writes or reads them:
//
//   static void fields(auto& self, auto&& field) {
//     field("address", self.address);
//     field("last_error", self.last_error, kNullIfEmpty);
//   }
//
// `field` gets a reference: a writer reads the value, a parser sets it. A unit is part of the name
// ("age_ms").
#pragma once

namespace sfa {

// An empty text is an absent value, not a text without characters.
struct NullIfEmpty {};
inline constexpr NullIfEmpty kNullIfEmpty;

struct IgnoreField {
  void operator()(auto&&... /*name, value, and what else the list gives*/) const {}
};

template <class T>
concept HasFields = requires(T& value) {
  T::fields(value, IgnoreField());
};

} // namespace sfa
