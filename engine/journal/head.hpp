// HEAD: the signed statement of where a log ends. A chain alone cannot see its end removed; a log behind its HEAD, or
// without one, does not verify. Replaced atomically after the lines it covers are durable. Format:
// docs/formats/head.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/instant.hpp"
#include "core/signer.hpp"

namespace ballast::journal {

struct Head {
  std::string log_id;
  std::uint64_t seq = 0;   ///< of the last entry covered; 0: the log has none yet
  std::string sha256;      ///< of that entry's line; at 0 the genesis hash
  std::string segment;     ///< file name of its segment; empty at 0
  std::uint64_t size = 0;  ///< bytes of the segment up to and including that line's line feed
  core::Instant time;
  core::Signature signature;
};

/// Returns the text of a HEAD file, signed with purpose log_head.
std::string head_text(const Head& head, const core::Signer& signer);

/// Reads a HEAD text. Returns what is wrong with it, or nothing. `status` is the signature's.
std::optional<std::string> read_head(std::string_view text, const core::Verifier& verifier, Head& head,
                                     core::SignatureStatus& status);

/// Replaces a HEAD file: temporary file of a fixed name, renamed. The caller holds the log's lock and has synced the
/// lines. The file itself is synced only with `keep`, which also leaves a synced copy HEAD.kept: a loss of power
/// between two such calls may bring back an older HEAD (the lines beyond it are found on opening) or, on some file
/// systems, an unreadable one (then HEAD.kept counts). Waiting for it each time would cost more than the lines.
void replace_head(const std::filesystem::path& folder, std::string_view text, bool keep);

}  // namespace ballast::journal
