// The two algorithms, over raw keys. The only place of engine/sign that talks to OpenSSL is crypto.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sign/secret.hpp"

namespace ballast::sign {

enum class Algorithm { hmac_sha256, ed25519 };
/// "HMAC-SHA256" or "Ed25519", as signatures spell it.
std::string_view algorithm_name(Algorithm algorithm) noexcept;
std::optional<Algorithm> algorithm_named(std::string_view name) noexcept;

/// One key ready for use. Thread-safe: contexts are prepared once and lent out.
class Cipher {
 public:
  virtual ~Cipher() = default;
  /// Returns the raw signature of `prefix` followed by `bytes`. Throws: Error{crypto}; Error{state} for a public key.
  virtual std::string sign(std::string_view prefix, std::string_view bytes) const = 0;
  /// Returns whether `signature` (raw) is that of `prefix` followed by `bytes`; HMACs are compared in constant time.
  virtual bool verify(std::string_view prefix, std::string_view bytes, std::string_view signature) const = 0;
  /// Returns the 32 raw bytes of an Ed25519 public key, nothing for an HMAC key.
  virtual std::optional<std::string> public_key() const = 0;
  virtual bool can_sign() const noexcept = 0;
};

/// Requires: at least 32 bytes for HMAC-SHA256, exactly 32 (RFC 8032 seed) for Ed25519. Throws: Error{crypto}.
std::unique_ptr<Cipher> make_cipher(Algorithm algorithm, const Secret& secret);
/// Throws: Error{crypto} unless `raw` is the 32 bytes of an Ed25519 public key.
std::unique_ptr<Cipher> make_public_cipher(std::string_view raw);

/// Plain HMAC over bytes, with SHA-256 or SHA-384; for formats that are not ours. Throws: Error{crypto}.
std::string plain_hmac(bool sha384, std::string_view key, std::string_view bytes);

/// Returns `size` bytes from the operating system's generator.
Secret random_secret(std::size_t size);

}  // namespace ballast::sign
