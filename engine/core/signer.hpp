// Signing as the evidence folders see it: no keys, no algorithms, no OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "core/instant.hpp"

namespace ballast::core {

/// A signature as it stands in files. `value` is Base64 with padding.
struct Signature {
  std::string algorithm;  ///< "HMAC-SHA256" or "Ed25519"
  std::string key_id;
  std::string value;
  bool operator==(const Signature&) const = default;
};

/// What a key may be used for; the name is part of what is signed, so a signature cannot change its meaning.
enum class Purpose { log_entry, log_head, log_segment, artefact, approval, run_journal };
std::string_view purpose_name(Purpose purpose) noexcept;

class Signer {
 public:
  virtual ~Signer() = default;
  /// Signs the bytes together with the purpose, the algorithm and the key id. Throws: Error{crypto}.
  virtual Signature sign(Purpose purpose, std::string_view bytes) const = 0;
};

enum class SignatureStatus { valid, wrong, unknown_key, wrong_purpose, outside_validity, revoked, unknown_algorithm };
/// Returns words for people: "the signature does not match", "the key is not in the key ring", ...
std::string_view signature_status_text(SignatureStatus status) noexcept;

class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual SignatureStatus verify(Purpose purpose, std::string_view bytes, const Signature& signature) const = 0;
  /// The same, and the key must have been valid `at` the time the signed document states.
  virtual SignatureStatus verify_at(Purpose purpose, std::string_view bytes, const Signature& signature,
                                    Instant at) const {
    static_cast<void>(at);
    return verify(purpose, bytes, signature);
  }
};

}  // namespace ballast::core
