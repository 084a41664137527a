// Records: a struct described once, in the domain's own folder, and read, checked, written and documented from that.
// `Record<S>` is specialised beside S; this file turns the description into a JSON reader, a writer and a JSON Schema.
//
//   template <> struct ballast::core::Record<Drift> {
//     static constexpr std::string_view name = "Drift", doc = "How far a weight may stray.";
//     static constexpr auto fields = std::tuple{
//         field(&Drift::absolute, {.name = "absolute", .doc = "Smallest move.", .unit = "fraction", .low = 0, .high =
//         1})};
//   };
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/json.hpp"
#include "core/nearest.hpp"

namespace ballast::core {

/// What a declaration says about one field or parameter.
struct Words {
  std::string_view name;
  std::string_view doc;
  std::string_view unit = "";
  double low = -std::numeric_limits<double>::infinity();  ///< smallest number accepted, inclusive
  double high = std::numeric_limits<double>::infinity();  ///< largest number accepted, inclusive
  bool required = false;                                  ///< must be present; otherwise the default stands
};

template <class S, class M>
struct Field {
  Words words;
  M S::*member;
};

/// Describes one field; a field without a name or a sentence of documentation does not compile.
template <class S, class M>
consteval Field<S, M> field(M S::*member, Words words) {
  if (words.name.empty() || words.doc.empty()) throw "every field needs a name and a description";
  return {words, member};
}

template <class S>
struct Record;
template <class S>
concept IsRecord = requires {
  Record<S>::fields;
};

/// Names of an enumeration's values: specialise with `static constexpr std::array<std::pair<E, std::string_view>, N>
/// values`.
template <class E>
struct Names;
template <class E>
concept IsNamed = std::is_enum_v<E> && requires {
  Names<E>::values;
};

template <IsNamed E>
constexpr std::string_view name_of(E value) {
  for (const auto& [each, name] : Names<E>::values) {
    if (each == value) return name;
  }
  return "unknown";
}

/// Unknown members are refused in what people write and kept aside in what newer machines wrote.
enum class Unknown { refuse, ignore };

template <class T>
struct Kind;  // one specialisation for each type a field may have: type name, reader, writer, schema

[[noreturn]] inline void refuse_value(const std::string& path, std::string_view accepted, const Json& found,
                                      std::string_view unit = "") {
  // Scripts may hand over any bytes: a message about them must stay printable.
  std::string shown = found.is_structured() ? std::string(found.type_name())
                                            : found.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (found.is_number_float()) shown = fmt::format("{}", found.get<double>());
  if (shown.size() > 60) {
    std::size_t end = 57;
    while ((static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;  // never half a character
    shown = shown.substr(0, end) + "...";
  }
  throw Error(Code::argument, fmt::format("expected {}{}{}, found {}", accepted, unit.empty() ? "" : ", ", unit, shown),
              path);
}

inline std::string range_text(const Words& words, std::string_view what) {
  const bool low = std::isfinite(words.low), high = std::isfinite(words.high);
  if (low && high) return fmt::format("{} in [{}, {}]", what, words.low, words.high);
  if (low) return fmt::format("{} of at least {}", what, words.low);
  if (high) return fmt::format("{} of at most {}", what, words.high);
  return std::string(what);
}

inline void add_range(Json& schema, const Words& words) {
  if (std::isfinite(words.low)) schema["minimum"] = words.low;
  if (std::isfinite(words.high)) schema["maximum"] = words.high;
}

template <>
struct Kind<bool> {
  static std::string type() { return "boolean"; }
  static bool read(const Json& json, const Words&, const std::string& path, Unknown) {
    if (!json.is_boolean()) refuse_value(path, "true or false", json);
    return json.get<bool>();
  }
  static Json write(bool value) { return value; }
  static Json schema(const Words&) { return {{"type", "boolean"}}; }
};

template <std::floating_point T>
struct Kind<T> {
  static std::string type() { return "number"; }
  static T read(const Json& json, const Words& words, const std::string& path, Unknown) {
    if (!json.is_number()) refuse_value(path, range_text(words, "a number"), json, words.unit);
    const double value = json.get<double>();
    if (!std::isfinite(value) || value < words.low || value > words.high) {
      refuse_value(path, range_text(words, "a finite number"), json, words.unit);
    }
    return static_cast<T>(value);
  }
  static Json write(T value) { return static_cast<double>(value); }
  static Json schema(const Words& words) {
    Json out{{"type", "number"}};
    add_range(out, words);
    return out;
  }
};

template <std::integral T>
requires(!std::same_as<T, bool>) struct Kind<T> {
  static std::string type() { return "integer"; }
  static T read(const Json& json, const Words& words, const std::string& path, Unknown) {
    std::int64_t value = 0;
    // The library would wrap an unsigned integer past 2^63 to a negative one.
    bool whole = json.is_number_unsigned()
                     ? json.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                     : json.is_number_integer();
    if (whole) {
      value = json.get<std::int64_t>();
    } else if (json.is_number_float() && std::trunc(json.get<double>()) == json.get<double>() &&
               std::fabs(json.get<double>()) <= 9.007199254740992e15) {
      value = static_cast<std::int64_t>(json.get<double>());
      whole = true;
    }
    if (!whole || !std::in_range<T>(value) || static_cast<double>(value) < words.low ||
        static_cast<double>(value) > words.high) {
      refuse_value(path, range_text(words, "an integer"), json, words.unit);
    }
    return static_cast<T>(value);
  }
  static Json write(T value) { return value; }
  static Json schema(const Words& words) {
    Json out{{"type", "integer"}};
    add_range(out, words);
    return out;
  }
};

template <>
struct Kind<std::string> {
  static std::string type() { return "string"; }
  static std::string read(const Json& json, const Words&, const std::string& path, Unknown) {
    if (!json.is_string()) refuse_value(path, "text", json);
    return json.get<std::string>();
  }
  static Json write(const std::string& value) { return value; }
  static Json schema(const Words&) { return {{"type", "string"}}; }
};

template <>
struct Kind<Instant> {
  static std::string type() { return "string"; }
  static Instant read(const Json& json, const Words&, const std::string& path, Unknown) {
    if (!json.is_string()) refuse_value(path, "a time such as 2024-01-01T12:00:00Z", json);
    try {
      return parse_instant(json.get_ref<const std::string&>());
    } catch (const Error& e) {
      throw e.at(path);
    }
  }
  static Json write(Instant value) { return format_instant(value); }
  static Json schema(const Words&) { return {{"type", "string"}, {"format", "date-time"}}; }
};

/// Any JSON value: for documents whose shape belongs to somebody else.
template <>
struct Kind<Json> {
  static std::string type() { return "any"; }
  static Json read(const Json& json, const Words&, const std::string&, Unknown) { return json; }
  static Json write(const Json& value) { return value; }
  static Json schema(const Words&) { return Json::object(); }
};

template <IsNamed E>
struct Kind<E> {
  static std::string type() {
    std::string out;
    for (const auto& [value, name] : Names<E>::values) out += fmt::format("{}\"{}\"", out.empty() ? "" : "|", name);
    return out;
  }
  static E read(const Json& json, const Words&, const std::string& path, Unknown) {
    std::vector<std::string_view> known;
    for (const auto& [value, name] : Names<E>::values) {
      if (json.is_string() && json.get_ref<const std::string&>() == name) return value;
      known.push_back(name);
    }
    if (!json.is_string()) refuse_value(path, type(), json);
    const auto& text = json.get_ref<const std::string&>();
    throw Error(Code::argument, fmt::format("'{}' is not accepted{}", text, suggestion(text, known)), path);
  }
  static Json write(E value) { return std::string(name_of(value)); }
  static Json schema(const Words&) {
    Json names = Json::array();
    for (const auto& [value, name] : Names<E>::values) names.push_back(std::string(name));
    return {{"enum", names}};
  }
};

template <class T>
struct Kind<std::optional<T>> {
  static std::string type() { return Kind<T>::type() + "?"; }
  static std::optional<T> read(const Json& json, const Words& words, const std::string& path, Unknown unknown) {
    if (json.is_null()) return std::nullopt;
    return Kind<T>::read(json, words, path, unknown);
  }
  static Json write(const std::optional<T>& value) { return value ? Kind<T>::write(*value) : Json(nullptr); }
  static Json schema(const Words& words) { return Kind<T>::schema(words); }
};

template <class T>
struct Kind<std::vector<T>> {
  static std::string type() { return Kind<T>::type() + "[]"; }
  static std::vector<T> read(const Json& json, const Words& words, const std::string& path, Unknown unknown) {
    // A script's empty table does not say whether it was meant as a list.
    if (!json.is_array() && !(json.is_object() && json.empty())) refuse_value(path, "a list", json);
    std::vector<T> out;
    out.reserve(json.size());
    std::size_t index = 0;
    for (const Json& item : json)
      out.push_back(Kind<T>::read(item, words, fmt::format("{}[{}]", path, index++), unknown));
    return out;
  }
  static Json write(const std::vector<T>& value) {
    Json out = Json::array();
    for (const T& item : value) out.push_back(Kind<T>::write(item));
    return out;
  }
  static Json schema(const Words& words) { return {{"type", "array"}, {"items", Kind<T>::schema(words)}}; }
};

template <class T>
struct Kind<std::map<std::string, T>> {
  static std::string type() { return fmt::format("table<string, {}>", Kind<T>::type()); }
  static std::map<std::string, T> read(const Json& json, const Words& words, const std::string& path, Unknown unknown) {
    if (!json.is_object() && !(json.is_array() && json.empty())) refuse_value(path, "a table of names", json);
    std::map<std::string, T> out;
    for (const auto& [key, item] : json.items()) {
      out.emplace(key, Kind<T>::read(item, words, path.empty() ? key : path + "." + key, unknown));
    }
    return out;
  }
  static Json write(const std::map<std::string, T>& value) {
    Json out = Json::object();
    for (const auto& [key, item] : value) out[key] = Kind<T>::write(item);
    return out;
  }
  static Json schema(const Words& words) {
    return {{"type", "object"}, {"additionalProperties", Kind<T>::schema(words)}};
  }
};

template <IsRecord S>
struct Kind<S> {
  static std::string type() { return std::string(Record<S>::name); }

  static S read(const Json& json, const Words&, const std::string& path, Unknown unknown) {
    if (!json.is_object() && !(json.is_array() && json.empty()))
      refuse_value(path, fmt::format("a table ({})", type()), json);
    if (unknown == Unknown::refuse) {
      for (const auto& [key, item] : json.items()) refuse_unknown(key, path);
    }
    S out{};
    std::apply([&](const auto&... f) { (read_field(json, f, out, path, unknown), ...); }, Record<S>::fields);
    return out;
  }

  static Json write(const S& value) {
    Json out = Json::object();
    const auto add = [&](const auto& f) {
      using M = std::remove_cvref_t<decltype(value.*f.member)>;
      Json item = Kind<M>::write(value.*f.member);
      if (!item.is_null()) out[std::string(f.words.name)] = std::move(item);
    };
    std::apply([&](const auto&... f) { (add(f), ...); }, Record<S>::fields);
    return out;
  }

  static Json schema(const Words&) {
    Json properties = Json::object(), required = Json::array();
    const Json defaults = write(S{});
    const auto add = [&](const auto& f) {
      using M = std::remove_cvref_t<decltype(std::declval<S>().*f.member)>;
      const std::string name(f.words.name);
      Json property = Kind<M>::schema(f.words);
      property["description"] =
          f.words.unit.empty() ? std::string(f.words.doc) : fmt::format("{} Unit: {}.", f.words.doc, f.words.unit);
      if (f.words.required) {
        required.push_back(name);
      } else if (defaults.contains(name)) {
        property["default"] = defaults[name];
      }
      properties[name] = std::move(property);
    };
    std::apply([&](const auto&... f) { (add(f), ...); }, Record<S>::fields);
    Json out{{"type", "object"},
             {"title", type()},
             {"description", std::string(Record<S>::doc)},
             {"properties", properties},
             {"additionalProperties", false}};
    if (!required.empty()) out["required"] = required;
    return out;
  }

 private:
  static void refuse_unknown(const std::string& key, const std::string& path) {
    std::vector<std::string_view> known;
    std::apply([&](const auto&... f) { (known.push_back(f.words.name), ...); }, Record<S>::fields);
    for (const std::string_view name : known) {
      if (name == key) return;
    }
    throw Error(Code::argument, fmt::format("unknown field '{}'{}", key, suggestion(key, known)),
                path.empty() ? key : path + "." + key);
  }

  template <class F>
  static void read_field(const Json& json, const F& f, S& out, const std::string& path, Unknown unknown) {
    using M = std::remove_cvref_t<decltype(out.*f.member)>;
    const std::string name(f.words.name);
    const std::string place = path.empty() ? name : path + "." + name;
    if (const auto at = json.is_object() ? json.find(name) : json.end(); at != json.end()) {
      out.*f.member = Kind<M>::read(*at, f.words, place, unknown);
    } else if (f.words.required) {
      throw Error(Code::argument, fmt::format("'{}' is missing: {}", name, f.words.doc), place);
    }
  }
};

/// Reads a record from JSON. Errors are placed at the member's path ("assets[2].max_weight").
/// Throws: Error{argument} for wrong types, values out of range, missing required members and unknown ones.
template <IsRecord S>
S read_record(const Json& json, Unknown unknown = Unknown::refuse, const std::string& path = {}) {
  return Kind<S>::read(json, {}, path, unknown);
}

/// Writes a record; members without a value are left out.
template <IsRecord S>
Json write_record(const S& value) {
  return Kind<S>::write(value);
}

/// Returns the JSON Schema (draft 2020-12) of a record.
template <IsRecord S>
Json record_schema() {
  Json out = Kind<S>::schema({});
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  return out;
}

}  // namespace ballast::core
