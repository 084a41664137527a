// Key files as bytes: reading, writing, and who may read them. Format: docs/formats/keys.md.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/json.hpp"
#include "sign/key_ring.hpp"
#include "sign/secret.hpp"

namespace ballast::sign {

/// Requires: 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit. Throws: Error{argument}.
void require_key_id(std::string_view key_id);

/// Throws: Error{crypto} unless only its owner may enter, and the owner is the current user or root.
void require_private_folder(const std::filesystem::path& folder);

/// Reads a key file. Throws: Error{crypto} placed at the file; Error{io}.
KeyRing::Key read_key_file(const std::filesystem::path& path);

/// Writes a key file, mode 0600, atomically.
void write_key_file(const std::filesystem::path& path, const KeyInfo& info, std::string_view secret);
/// Writes the same key again with another state; the secret stays as it is.
void rewrite_key_state(const std::filesystem::path& path, KeyState state);

core::Json key_info_json(const KeyInfo& info);
KeyInfo key_info_from(const core::Json& json);

}  // namespace ballast::sign
