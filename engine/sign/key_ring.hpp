// The key ring: a folder with one file a key, and the only way to a Signer.
// Invariants: a key file that others could read is refused; a named key that is absent is an error, never a fallback;
// the format version, the purpose, the algorithm and the key id are inside what is signed.
// Formats: docs/formats/keys.md. OpenSSL stays in crypto.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/signer.hpp"
#include "sign/crypto.hpp"

namespace ballast::sign {

/// active: signs and verifies; retired: verifies what it signed before; revoked: nothing it signed counts any more.
enum class KeyState { active, retired, revoked };
std::string_view key_state_name(KeyState state) noexcept;

/// What is known of a key without its secret.
struct KeyInfo {
  std::string key_id;
  Algorithm algorithm = Algorithm::hmac_sha256;
  KeyState state = KeyState::active;
  std::vector<core::Purpose> purposes;
  core::Instant created;
  std::optional<core::Instant> valid_from;   ///< first instant at which it may sign; absent: no limit
  std::optional<core::Instant> valid_until;  ///< first instant at which it may no longer sign; absent: no limit
  bool can_sign = false;                     ///< the secret is here
};

struct NewKey {
  Algorithm algorithm = Algorithm::hmac_sha256;
  std::string key_id;                   ///< [a-z0-9][a-z0-9._-]{0,63}; empty: chosen from algorithm, day and chance
  std::vector<core::Purpose> purposes;  ///< empty: default_purposes(algorithm)
  std::optional<core::Instant> valid_from;
  std::optional<core::Instant> valid_until;
  std::optional<Secret> secret;  ///< absent: a new random one of 32 bytes
};

/// HMAC: log_entry, artefact, run_journal. Ed25519: log_head, log_segment, artefact, approval, because whoever can
/// check an HMAC can forge it.
std::vector<core::Purpose> default_purposes(Algorithm algorithm);
/// Throws: Error{argument} naming the accepted ones.
core::Purpose purpose_named(std::string_view name);

/// Returns what is put before the bytes that are signed: "ballast-signature-v1", purpose, algorithm and key id, a line
/// each.
std::string signing_context(core::Purpose purpose, std::string_view algorithm, std::string_view key_id);

class KeyRing final : public core::Verifier {
 public:
  /// Reads every key of a folder. A folder that does not exist is an empty ring.
  /// Throws: Error{crypto} when the folder is not mode 0700 or a key file not 0600 (or stricter), belongs to another
  /// user, holds a key that is too short, or is not what docs/formats/keys.md says; Error{io}.
  static KeyRing open(const std::filesystem::path& folder);
  /// Reads public keys exported by export_public. Throws: Error{not_found | io | argument | crypto}.
  static KeyRing open_public(const std::filesystem::path& file);
  /// The same from the text of such a file; `where` names it in messages.
  static KeyRing read_public(std::string_view text, std::string_view where);

  /// Makes a key and its file. Throws: Error{argument} for a bad id, purpose or period, or an id that is taken;
  /// Error{crypto} for a secret that is too short; Error{io}.
  KeyInfo create_key(NewKey key, const core::Clock& clock);
  /// Retires a key and makes its successor with the same algorithm and purposes. Returns the successor.
  KeyInfo rotate_key(std::string_view key_id, const core::Clock& clock);
  /// A revoked key stays revoked. Throws: Error{not_found} naming the nearest key, Error{state}, Error{io}.
  void set_state(std::string_view key_id, KeyState state);

  std::vector<KeyInfo> list() const;
  std::optional<KeyInfo> find(std::string_view key_id) const;

  /// Writes the Ed25519 public keys of the ring. HMAC secrets are never written: there is nothing public about them.
  void export_public(const std::filesystem::path& file) const;
  std::string public_text() const;

  /// Returns a signer with the newest active key of that algorithm for that purpose which is valid now.
  /// The signer outlives the ring. Requires: `clock` outlives the signer; it checks the key's validity at each
  /// signature. Throws: Error{not_found} saying what was looked for and what the ring holds.
  std::unique_ptr<core::Signer> signer_for(core::Purpose purpose, Algorithm algorithm, const core::Clock& clock) const;
  /// Returns a signer with the key of that name, for all its purposes.
  /// Throws: Error{not_found} when it is absent; Error{crypto} when it may not sign. There is no fallback.
  std::unique_ptr<core::Signer> signer_with(std::string_view key_id, const core::Clock& clock) const;

  core::SignatureStatus verify(core::Purpose purpose, std::string_view bytes,
                               const core::Signature& signature) const override;
  core::SignatureStatus verify_at(core::Purpose purpose, std::string_view bytes, const core::Signature& signature,
                                  core::Instant at) const override;

  struct Key {
    KeyInfo info;
    std::unique_ptr<Cipher> cipher;
  };

 private:
  KeyRing() = default;
  core::SignatureStatus check(core::Purpose purpose, std::string_view bytes, const core::Signature& signature,
                              const std::optional<core::Instant>& at) const;
  const Key& named(std::string_view key_id) const;

  std::filesystem::path folder_;  ///< empty for a public ring
  std::map<std::string, std::shared_ptr<const Key>, std::less<>> keys_;
};

}  // namespace ballast::sign
