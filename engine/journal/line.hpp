// One line of a log: canonical JSON with `seq`, `time`, `kind`, `previous` and, where it is signed, `signature`.
// The hash of a line is over its exact bytes without the line feed; a signature covers the bytes less the top-level
// `signature` member and the comma before it, cut by position. Nothing here ever serialises a line again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/canonical_scan.hpp"
#include "core/digest.hpp"
#include "core/instant.hpp"
#include "core/json.hpp"
#include "core/signer.hpp"

namespace ballast::journal {

/// What a reader needs of a line; views point into the line's text.
struct LineView {
  std::uint64_t seq = 0;
  core::Instant time;
  std::string_view kind;
  std::string_view previous;
  std::optional<core::Signature> signature;  ///< absent when the line is unsigned
  std::string_view before, after;            ///< what the signature covers: `before` then `after`
};

struct LineProblem {
  std::size_t offset = 0;  ///< in the line
  std::string sentence;
};

/// Reads a line's frame. Returns what is wrong with it, or nothing; `members` holds the top-level members either way.
std::optional<LineProblem> read_line(std::string_view text, LineView& line, std::vector<core::ScannedMember>& members);

/// Checks a line's signature. Requires: line.signature.
core::SignatureStatus verify_line(const LineView& line, core::Purpose purpose, const core::Verifier& verifier);

/// Writes a line without line feed; signed when `signer` is not null.
/// Throws: Error{argument} for what cannot be read back the same (non-finite numbers, integers past 2^53);
/// Error{crypto}.
std::string write_line(const core::Json& body, core::Purpose purpose, const core::Signer* signer);

/// Signs a canonical text by inserting the member `signature`.
std::string sign_text(const std::string& text, core::Purpose purpose, const core::Signer& signer);

/// Returns `previous` of the first line of a log or run: SHA-256 of "ballast-genesis-v1", LF, format, LF, id.
std::string genesis_hash(std::string_view format, std::string_view id);

/// Reads 64 hexadecimal digits. Returns nothing for any other text.
std::optional<core::Digest> digest_from_hex(std::string_view text) noexcept;

}  // namespace ballast::journal
