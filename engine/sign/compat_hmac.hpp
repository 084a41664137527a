// The signatures of the replaced systems: HMAC-SHA256 or -SHA384 over their canonical JSON, the key id outside.
// For proving old documents only. What differs on purpose: signing refuses keys under 32 bytes (W-31) and values that
// are not finite are refused (W-33); a key id that nobody signed stays a weakness of the old format (W-30).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/compat_json.hpp"

namespace ballast::sign::compat {

using core::compat::Value;

enum class Mac { sha256, sha384 };
/// Reads "HMAC-SHA256" or "HMAC-SHA384", in any case. Throws: Error{argument} for anything else.
Mac mac_named(std::string_view name);

/// Returns Base64 of the HMAC over bytes, as the old systems computed it, whatever the key's length: for verifying.
std::string mac_text(Mac mac, std::string_view key, std::string_view bytes);

/// Returns the signature object of a payload, canonical text ({algorithm, key_id?, value}).
/// Throws: Error{crypto} for a key of fewer than 32 bytes; Error{argument} for an algorithm that is not known.
std::string sign(const Value& payload, std::string_view key, std::string_view algorithm = "HMAC-SHA256",
                 const std::optional<std::string>& key_id = std::nullopt);

/// The flat rule (spec 2.2): key and signature present, algorithm exactly the expected text, value equal.
bool verify(const Value& payload, const Value* signature, std::string_view key,
            std::string_view algorithm = "HMAC-SHA256");

/// The document rule (spec 2.3) for a document with the member `signature`: the whole object must equal the expected
/// one, so an extra member is an error. Returns the errors, in words; none when it holds.
std::vector<std::string> validate(const Value& payload, const Value& document, std::string_view key,
                                  std::string_view algorithm = "HMAC-SHA256");

}  // namespace ballast::sign::compat
