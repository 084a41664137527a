// Keys for tests of the journal, which may not know the real ones: a keyed hash under any algorithm name.
#pragma once

#include <map>
#include <string>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/signer.hpp"

namespace ballast::support {

inline std::string fake_mac(const std::string& secret, core::Purpose purpose, const core::Signature& names,
                            std::string_view bytes) {
  core::Sha256 hash;
  hash.update(secret);
  hash.update(core::purpose_name(purpose));
  hash.update(names.algorithm + "\n" + names.key_id + "\n");
  hash.update(bytes);
  const core::Digest digest = hash.finish();
  return core::to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

class FakeSigner final : public core::Signer {
 public:
  FakeSigner(std::string algorithm, std::string key_id, std::string secret)
      : names_{std::move(algorithm), std::move(key_id), ""}, secret_(std::move(secret)) {}
  core::Signature sign(core::Purpose purpose, std::string_view bytes) const override {
    if (refuse) throw core::Error(core::Code::crypto, "this key may not sign");
    core::Signature out = names_;
    out.value = fake_mac(secret_, purpose, names_, bytes);
    return out;
  }
  bool refuse = false;

 private:
  core::Signature names_;
  std::string secret_;
};

class FakeRing final : public core::Verifier {
 public:
  std::map<std::string, std::string> secrets;
  std::map<std::string, core::SignatureStatus> refused;
  core::SignatureStatus verify(core::Purpose purpose, std::string_view bytes,
                               const core::Signature& signature) const override {
    const auto at = secrets.find(signature.key_id);
    if (at == secrets.end()) return core::SignatureStatus::unknown_key;
    if (fake_mac(at->second, purpose, signature, bytes) != signature.value) return core::SignatureStatus::wrong;
    const auto no = refused.find(signature.key_id);
    return no == refused.end() ? core::SignatureStatus::valid : no->second;
  }
};

/// A clock that a test moves.
class TestClock final : public core::Clock {
 public:
  explicit TestClock(const char* text) : now_(core::parse_instant(text)) {}
  core::Instant now() const override { return now_; }
  void wait_until(core::Instant, const core::Stop&) const override {}
  void set(const char* text) { now_ = core::parse_instant(text); }

 private:
  core::Instant now_;
};

}  // namespace ballast::support
