// JSON as evidence: a strict reader and the canonical writer of RFC 8785 (JSON Canonicalization Scheme).
// Hashes and signatures are taken over what canonical_json returns, so its bytes never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace ballast::core {

using Json = nlohmann::json;

/// The largest integer a canonical document may hold: beyond it, doubles skip integers (RFC 8785, 3.2.2.3).
inline constexpr std::int64_t kMaxJsonInteger = std::int64_t{1} << 53;

/// The deepest nesting of lists and tables that is read or written: keeps every walk over a document off the stack's
/// end.
inline constexpr std::size_t kMaxJsonDepth = 256;

/// Reads one JSON document and nothing after it. Whatever canonical_json wrote is read back.
/// Requires: UTF-8 without byte order mark; no duplicate keys; no number past the doubles; no integer beyond 2^53, but
///           those that are the canonical text of a double (1e20 is written 100000000000000000000); depth <=
///           kMaxJsonDepth.
/// Throws:   Error{argument} placed at "where:line:column"; columns count characters.
Json parse_json(std::string_view text, std::string_view where);

/// Writes the canonical form: members sorted by UTF-16 code units, shortest round-trip numbers, no spaces.
/// Throws: Error{argument} naming the member that holds NaN, an infinity, an integer past 2^53 or invalid UTF-8, or
/// that
///         lies deeper than kMaxJsonDepth.
std::string canonical_json(const Json& value);

/// Writes for people: two-space indent, members in byte order, same numbers as the canonical form, final newline.
/// Throws: as canonical_json.
std::string pretty_json(const Json& value);

/// Writes a finite double as ECMAScript does (RFC 8785, 3.2.2.3): the shortest text that reads back equal.
/// Throws: Error{argument} for NaN and infinities.
std::string format_number(double value);

/// Appends `text` as a JSON string literal with the escapes of RFC 8785, 3.2.2.2.
/// Throws: Error{argument} when `text` is not valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// Returns whether `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text) noexcept;

/// Returns the offset of the first byte that is no well-formed UTF-8, or text.size() when there is none.
std::size_t first_invalid_utf8(std::string_view text) noexcept;

}  // namespace ballast::core
