#include "sign/crypto.hpp"

#include <mutex>
#include <vector>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "core/digest.hpp"
#include "core/error.hpp"

namespace ballast::sign {
namespace {

using core::Code;
using core::Error;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// Fetching the algorithm costs about 700 ns, several times an HMAC over a log line, so it is done once.
MacContext new_mac(const char* digest, std::string_view key) {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacContext context(algorithm == nullptr ? nullptr : EVP_MAC_CTX_new(algorithm));
  std::string name(digest);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                                   OSSL_PARAM_construct_end()};
  // A null key would mean "the key of before": an empty one needs a valid address.
  if (!context ||
      EVP_MAC_init(context.get(), raw(key.empty() ? std::string_view("") : key), key.size(), parameters) != 1) {
    throw Error(Code::crypto, "HMAC could not be started");
  }
  return context;
}

std::string finish_mac(EVP_MAC_CTX* context, std::string_view prefix, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  if (EVP_MAC_update(context, raw(prefix), prefix.size()) != 1 ||
      EVP_MAC_update(context, raw(bytes), bytes.size()) != 1 ||
      EVP_MAC_final(context, raw(out), &size, out.size()) != 1) {
    throw Error(Code::crypto, "HMAC failed");
  }
  out.resize(size);
  return out;
}

class Hmac final : public Cipher {
 public:
  explicit Hmac(const Secret& secret) : ready_(new_mac("SHA256", secret.view())) {}

  std::string sign(std::string_view prefix, std::string_view bytes) const override {
    MacContext context = borrow();
    // With a null key the context starts again with the key it has; the key schedule is not repeated.
    if (EVP_MAC_init(context.get(), nullptr, 0, nullptr) != 1) throw Error(Code::crypto, "HMAC could not be started");
    std::string out = finish_mac(context.get(), prefix, bytes);
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(context));
    return out;
  }

  bool verify(std::string_view prefix, std::string_view bytes, std::string_view signature) const override {
    return core::equal_in_constant_time(sign(prefix, bytes), signature);
  }

  std::optional<std::string> public_key() const override { return std::nullopt; }
  bool can_sign() const noexcept override { return true; }

 private:
  MacContext borrow() const {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      MacContext out = std::move(spare_.back());
      spare_.pop_back();
      return out;
    }
    MacContext out(EVP_MAC_CTX_dup(ready_.get()));
    if (!out) throw Error(Code::memory, "no memory for an HMAC context");
    return out;
  }

  MacContext ready_;
  mutable std::mutex mutex_;
  mutable std::vector<MacContext> spare_;
};

class Ed25519 final : public Cipher {
 public:
  Ed25519(Key key, bool secret) : key_(std::move(key)), secret_(secret) {
    if (!key_) throw Error(Code::crypto, "not an Ed25519 key");
  }

  std::string sign(std::string_view prefix, std::string_view bytes) const override {
    if (!secret_) throw Error(Code::state, "a public key cannot sign");
    const std::string message = join(prefix, bytes);
    const DigestContext context(EVP_MD_CTX_new());
    std::string out(64, '\0');
    std::size_t size = out.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), raw(out), &size, raw(message), message.size()) != 1 || size != 64) {
      throw Error(Code::crypto, "Ed25519 signing failed");
    }
    return out;
  }

  bool verify(std::string_view prefix, std::string_view bytes, std::string_view signature) const override {
    if (signature.size() != 64) return false;
    const std::string message = join(prefix, bytes);
    const DigestContext context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1) {
      throw Error(Code::crypto, "Ed25519 verification could not be started");
    }
    return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
  }

  std::optional<std::string> public_key() const override {
    std::string out(32, '\0');
    std::size_t size = out.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), raw(out), &size) != 1 || size != 32) {
      throw Error(Code::crypto, "the public key could not be read");
    }
    return out;
  }
  bool can_sign() const noexcept override { return secret_; }

 private:
  static std::string join(std::string_view prefix, std::string_view bytes) {
    std::string out;
    out.reserve(prefix.size() + bytes.size());
    out += prefix;
    out += bytes;
    return out;
  }

  Key key_;
  bool secret_;
};

}  // namespace

void Secret::shrink(std::size_t size) {
  OPENSSL_cleanse(bytes_.data() + size, bytes_.size() - size);
  bytes_.resize(size);
}

void Secret::wipe() noexcept {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

Secret secret_from_base64(std::string_view text) {
  Secret out(text.size() / 4 * 3 + 1);
  const int n = text.empty() || text.size() % 4 != 0 ? -1
                                                     : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                                       raw(text), static_cast<int>(text.size()));
  if (n < 0) throw Error(Code::argument, "not Base64 with padding");
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  out.shrink(static_cast<std::size_t>(n) - padding);
  if (secret_to_base64(out.view()).view() != text) throw Error(Code::argument, "not Base64 with padding");
  return out;
}

Secret secret_to_base64(std::string_view bytes) {
  Secret out((bytes.size() + 2) / 3 * 4 + 1);
  const int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), raw(bytes), static_cast<int>(bytes.size()));
  out.shrink(static_cast<std::size_t>(n));
  return out;
}

std::string_view algorithm_name(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::hmac_sha256 ? "HMAC-SHA256" : "Ed25519";
}

std::optional<Algorithm> algorithm_named(std::string_view name) noexcept {
  if (name == "HMAC-SHA256") return Algorithm::hmac_sha256;
  if (name == "Ed25519") return Algorithm::ed25519;
  return std::nullopt;
}

std::unique_ptr<Cipher> make_cipher(Algorithm algorithm, const Secret& secret) {
  if (algorithm == Algorithm::hmac_sha256) {
    if (secret.size() < 32) {
      throw Error(Code::crypto, fmt::format("an HMAC key has at least 32 bytes, this one has {}", secret.size()));
    }
    return std::make_unique<Hmac>(secret);
  }
  if (secret.size() != 32) {
    throw Error(Code::crypto, fmt::format("an Ed25519 key has exactly 32 bytes, this one has {}", secret.size()));
  }
  return std::make_unique<Ed25519>(Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(secret.view()), 32)),
                                   true);
}

std::unique_ptr<Cipher> make_public_cipher(std::string_view bytes) {
  if (bytes.size() != 32) {
    throw Error(Code::crypto, fmt::format("an Ed25519 public key has exactly 32 bytes, this one has {}", bytes.size()));
  }
  return std::make_unique<Ed25519>(Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(bytes), 32)), false);
}

std::string plain_hmac(bool sha384, std::string_view key, std::string_view bytes) {
  return finish_mac(new_mac(sha384 ? "SHA384" : "SHA256", key).get(), {}, bytes);
}

Secret random_secret(std::size_t size) {
  Secret out(size);
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) != 1) {
    throw Error(Code::crypto, "the operating system gave no random bytes");
  }
  return out;
}

}  // namespace ballast::sign
