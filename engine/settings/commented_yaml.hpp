// Writes a record's description as a YAML file for people: every member with its words, its unit, the range accepted
// and its default. The names of tables stand, every value is behind a '#': as written the file changes nothing, and
// with the '#' of any one line taken away it is valid YAML that the record reads. Also the text of a record's JSON
// Schema.
#pragma once

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/record.hpp"

namespace ballast::settings {

/// One member as the writer sees it; what a record's description says, without its types.
struct Entry {
  std::string name;
  std::string doc;
  std::string unit;
  std::string type;
  std::optional<double> low, high;
  bool required = false;
  bool is_table = false;       ///< a record: `members` are its own, written beneath its name
  core::Json value;            ///< the default; for a required member something that is accepted
  std::vector<Entry> members;  ///< of the record, or of each element of a list or table of records
};

template <core::IsRecord T>
std::vector<Entry> describe();

/// What stands under a field of type M, and a value M accepts when there is no default.
template <class M>
struct Shape {
  static std::vector<Entry> members() { return {}; }
  static core::Json example(const core::Words& words) {
    if constexpr (std::is_arithmetic_v<M> && !std::is_same_v<M, bool>) {
      return std::isfinite(words.low) ? std::ceil(words.low) : std::isfinite(words.high) ? std::floor(words.high) : 0.0;
    } else if constexpr (core::IsNamed<M>) {
      return core::Kind<M>::write(core::Names<M>::values.begin()->first);
    } else if constexpr (std::is_same_v<M, std::string>) {
      return "text";
    } else {
      return core::Kind<M>::write(M{});
    }
  }
};
template <core::IsRecord M>
struct Shape<M> {
  static std::vector<Entry> members() { return describe<M>(); }
  static core::Json example(const core::Words&) { return core::Json::object(); }
};
template <class M>
struct Shape<std::optional<M>> {
  static std::vector<Entry> members() { return Shape<M>::members(); }
  static core::Json example(const core::Words&) { return nullptr; }
};
template <class M>
struct Shape<std::vector<M>> {
  static std::vector<Entry> members() { return Shape<M>::members(); }
  static core::Json example(const core::Words&) { return core::Json::array(); }
};
template <class M>
struct Shape<std::map<std::string, M>> {
  static std::vector<Entry> members() { return Shape<M>::members(); }
  static core::Json example(const core::Words&) { return core::Json::object(); }
};

/// Returns the members of a record in the order of its description. `defaults` are those in force for this place.
template <core::IsRecord T>
std::vector<Entry> describe(const T& defaults) {
  std::vector<Entry> out;
  const auto add = [&](const auto& f) {
    using M = std::remove_cvref_t<decltype(defaults.*f.member)>;
    Entry entry{std::string(f.words.name),
                std::string(f.words.doc),
                std::string(f.words.unit),
                core::Kind<M>::type(),
                {},
                {},
                f.words.required,
                core::IsRecord<M>,
                core::Kind<M>::write(defaults.*f.member),
                {}};
    if (std::isfinite(f.words.low)) entry.low = f.words.low;
    if (std::isfinite(f.words.high)) entry.high = f.words.high;
    if (f.words.required) entry.value = Shape<M>::example(f.words);
    if constexpr (core::IsRecord<M>) {
      entry.members = describe<M>(defaults.*f.member);
    } else {
      entry.members = Shape<M>::members();
    }
    out.push_back(std::move(entry));
  };
  std::apply([&](const auto&... f) { (add(f), ...); }, core::Record<T>::fields);
  return out;
}

template <core::IsRecord T>
std::vector<Entry> describe() {
  return describe<T>(T{});
}

/// Writes the file. `heading` comes first, as a comment.
std::string commented_yaml(const std::vector<Entry>& entries, std::string_view heading);

/// Writes the commented file of a whole record; its fields are the sections.
/// Requires: no required member outside lists and tables of records, for the file as written has to be readable.
template <core::IsRecord T>
std::string commented_yaml() {
  return commented_yaml(describe<T>(), core::Record<T>::doc);
}

/// Returns the text of docs/schema/<name>.json.
template <core::IsRecord T>
std::string schema_text() {
  return core::pretty_json(core::record_schema<T>());
}

/// Writes a value on one line of YAML: "{name: x, weights: [0.5, 1]}". Text that could be read otherwise is quoted.
std::string flow_yaml(const core::Json& value);

}  // namespace ballast::settings
