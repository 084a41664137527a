// Signature files: every artefact `x` has `x.sig` beside it, which says what the bytes of `x` are and who says so.
// Knows signers and verifiers only by their interfaces. Format: docs/formats/signature.md.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/signer.hpp"

namespace ballast::core {

/// Writes `<path>.sig` atomically: name, time, size and SHA-256 of the file, signed by each signer.
/// Requires: at least one signer. Returns the path written. Throws: Error{argument | not_found | io | crypto}.
std::filesystem::path sign_file(const std::filesystem::path& path, Purpose purpose,
                                std::span<const Signer* const> signers, const Clock& clock);

/// The same for bytes that are, or are about to be, the content of `path`: what is signed is what the caller holds, not
/// what somebody may have put into the file since. Throws: Error{argument | io | crypto}.
std::filesystem::path sign_bytes(const std::filesystem::path& path, std::string_view bytes, Purpose purpose,
                                 std::span<const Signer* const> signers, const Clock& clock);

enum class FileStatus {
  valid,
  missing_file,
  missing_signature,  ///< there is no .sig file
  malformed,          ///< the .sig file is not a signature document in canonical form
  wrong_name,         ///< the .sig file speaks of a file of another name
  size_differs,
  changed,      ///< the file's bytes are not those that were signed
  wrong_key,    ///< a signature does not match what the .sig file says
  unknown_key,  ///< no signature could be checked: none of the keys is known
  refused_key   ///< revoked, outside its validity or not meant for this purpose
};
std::string_view file_status_name(FileStatus status) noexcept;

struct SignatureVerdict {
  Signature signature;
  SignatureStatus status;
};

struct FileVerdict {
  FileStatus status = FileStatus::valid;
  std::string sentence;                      ///< what exactly is wrong, or what was proved
  std::vector<SignatureVerdict> signatures;  ///< each signature of the .sig file; empty when it could not be read
  std::optional<Instant> time;               ///< when it was signed, as the .sig file says
};

/// Checks a file against `<path>.sig`. Every signature whose key is known must be valid and at least one must be;
/// a signature by a key that is not known here is reported but does not fail (others can check it).
/// Throws nothing for what the files hold; Error{io} when they cannot be read.
FileVerdict verify_file(const std::filesystem::path& path, const Verifier& verifier,
                        Purpose purpose = Purpose::artefact);

/// Writes a signature as the canonical text of its JSON object.
std::string signature_json(const Signature& signature);
/// Reads a signature back from a canonical text; nothing when it is not exactly {algorithm, key_id, value}.
std::optional<Signature> read_signature(std::string_view text);

}  // namespace ballast::core
