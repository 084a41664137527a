// Decision logs of the replaced systems: JSONL in their canonical form, each line signed alone by an HMAC.
// Reads and proves them, writes nothing. What they cannot show (W-09: entries removed, moved, repeated; W-30: another
// key id) cannot be shown now either; the report says so instead of calling the log sound.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/compat_json.hpp"

namespace ballast::journal::compat {

/// Returns the Base64 of HMAC-SHA256 over bytes under the old key. The journal knows no keys.
using MacOf = std::function<std::string(std::string_view bytes)>;

struct OldLogOptions {
  MacOf mac;                          ///< empty: no key was given
  std::optional<std::string> key_id;  ///< the id the entries must name, where they name one
  bool allow_unsigned = false;
};

struct OldLogReport {
  std::size_t entries = 0;
  std::size_t signatures = 0;       ///< entries whose HMAC holds
  std::vector<std::string> errors;  ///< "line N: ..."; none: what the old format can prove holds
  bool accepted() const noexcept { return errors.empty(); }
};

/// Verifies the text of an old log. Blank lines are passed over; an empty log is an error.
OldLogReport verify_old_log(std::string_view text, const OldLogOptions& options);

/// Returns the line that the old log wrote for an entry: its canonical form, signed where a key is given.
std::string old_line(core::compat::Value entry, const MacOf& mac, const std::optional<std::string>& key_id);

}  // namespace ballast::journal::compat
