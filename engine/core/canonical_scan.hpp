// Reads canonical JSON (RFC 8785) without building a document: whoever verifies evidence needs to know that a text is
// canonical, where its top-level members stand, and nothing else. Keeps no memory of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::core {

/// One top-level member by position. `key` is the raw text between the quotes (escapes are not decoded).
struct ScannedMember {
  std::string_view key;
  std::string_view value;
  std::size_t begin = 0;  ///< offset of the quote that opens the key
  std::size_t end = 0;    ///< one past the last byte of the value
};

struct ScanProblem {
  std::size_t offset = 0;   ///< first byte that is not as RFC 8785 demands
  std::string_view reason;  ///< words for people
};

/// Checks that `text` is exactly one JSON object in canonical form: UTF-8, no spaces, members sorted and unique,
/// shortest escapes and numbers, integers within 2^53, nesting of at most 256.
/// Returns: nothing when it is, else the first place where it is not; `members` is replaced by the members seen.
std::optional<ScanProblem> scan_canonical_object(std::string_view text, std::vector<ScannedMember>& members);

/// The same for an array; `items` is replaced by the texts of its elements.
std::optional<ScanProblem> scan_canonical_array(std::string_view text, std::vector<std::string_view>& items);

/// Returns the member of that name, or null.
const ScannedMember* find_member(const std::vector<ScannedMember>& members, std::string_view key) noexcept;

/// Returns the text of a string value that needs no escapes, nothing for any other value.
std::optional<std::string_view> plain_string(std::string_view value) noexcept;

/// Returns a non-negative integer value, nothing for any other value.
std::optional<std::uint64_t> plain_integer(std::string_view value) noexcept;

/// A canonical document less one top-level member: the bytes before it and the bytes after it.
/// What a signature covers is `before` followed by `after`: the comma that joined the member is in neither.
struct Cut {
  std::string_view before;
  std::string_view after;
  std::string_view value;
  std::string rest() const {
    std::string out;
    out.reserve(before.size() + after.size());
    out += before;
    out += after;
    return out;
  }
};

/// Cuts a member out by position, with the comma before it (or after it when it is the first).
/// Requires: `members` as scan_canonical_object gave them for `text`. Returns nothing when there is no such member.
std::optional<Cut> cut_member(std::string_view text, const std::vector<ScannedMember>& members, std::string_view key);

/// Inserts `"key":value` where the canonical order wants it; cut_member undoes exactly this.
/// Requires: `text` is canonical and has no such member. Throws: Error{argument} otherwise.
std::string insert_member(std::string_view text, std::string_view key, std::string_view value);

}  // namespace ballast::core
