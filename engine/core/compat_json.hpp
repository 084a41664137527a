// JSON as the replaced systems wrote it, for reading and proving what they signed. Not for anything new.
// Keeps what the ordinary reader forgets: the digits of integers of any size, and whether a number was written as one.
// NaN and infinities, which the old writer printed bare, are refused (W-33).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ballast::core::compat {

struct Member;

struct Value {
  enum class Kind { null, boolean, integer, decimal, text, list, table };
  Kind kind = Kind::null;
  bool truth = false;
  double number = 0;            ///< for `decimal`
  std::string text;             ///< decoded text, or the digits of an integer
  std::vector<Value> items;     ///< for `list`
  std::vector<Member> members;  ///< for `table`: as read, a later one of the same name replaces

  const Value* find(std::string_view name) const noexcept;
  /// Throws: Error{not_found} naming the member.
  const Value& at(std::string_view name) const;
  void erase(std::string_view name);
};

struct Member {
  Member(std::string name, Value value) : first(std::move(name)), second(std::move(value)) {}
  std::string first;
  Value second;
};

Value make_text(std::string text);

/// Reads one document. Throws: Error{argument} placed at "where: byte N".
Value read_json(std::string_view text, std::string_view where);

/// Writes the old canonical form: members by code point, `,` and `:` without spaces, whole decimals with ".0",
/// exponents of at least two digits below 1e-4 and from 1e16, control characters as \u00xx, everything else raw.
std::string canonical(const Value& value);

}  // namespace ballast::core::compat
