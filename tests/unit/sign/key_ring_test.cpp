#include <sys/stat.h>

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "sign/key_ring.hpp"
#include "support/scratch_folder.hpp"

using namespace ballast;
using core::Purpose;
using core::SignatureStatus;
using sign::Algorithm;
using sign::KeyRing;
using sign::KeyState;

namespace {

const core::FixedClock kClock(core::parse_instant("2026-03-01T12:00:00Z"));

sign::NewKey new_key(Algorithm algorithm, const std::string& id) {
  sign::NewKey out;
  out.algorithm = algorithm;
  out.key_id = id;
  return out;
}

sign::Secret secret_of(std::string_view bytes) {
  sign::Secret out(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.data());
  return out;
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

}  // namespace

TEST_SUITE("sign") {
  TEST_CASE("Ed25519 gives the signature of RFC 8032, 7.1, test 2") {
    const auto cipher = sign::make_cipher(
        Algorithm::ed25519, secret_of(from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
    CHECK(core::to_hex(*cipher->public_key()) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const std::string signature = cipher->sign("", "\x72");
    CHECK(core::to_hex(signature) ==
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    const auto check = sign::make_public_cipher(*cipher->public_key());
    CHECK(check->verify("", "\x72", signature));
    CHECK_FALSE(check->verify("", "\x73", signature));
    CHECK_THROWS_WITH_AS(static_cast<void>(check->sign("", "x")), "a public key cannot sign", core::Error);
  }

  TEST_CASE("HMAC gives the values of RFC 4231, cases 2 and 6") {
    CHECK(core::to_hex(sign::plain_hmac(false, "Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(core::to_hex(sign::plain_hmac(true, "Jefe", "what do ya want for nothing?")) ==
          "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
    const auto cipher = sign::make_cipher(Algorithm::hmac_sha256, secret_of(std::string(131, '\xaa')));
    for (int again = 0; again < 3; ++again) {
      CHECK(core::to_hex(cipher->sign("Test Using Larger Than ", "Block-Size Key - Hash Key First")) ==
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
  }

  TEST_CASE("a key ring keeps keys across openings and signs what it verifies") {
    const support::ScratchFolder scratch;
    {
      KeyRing ring = KeyRing::open(scratch / "keys");
      CHECK(ring.list().empty());
      ring.create_key(new_key(Algorithm::hmac_sha256, "desk-hmac"), kClock);
      ring.create_key(new_key(Algorithm::ed25519, "desk-ed"), kClock);
    }
    const KeyRing ring = KeyRing::open(scratch / "keys");
    CHECK(ring.list().size() == 2);
    for (const auto& [algorithm, purpose] :
         {std::pair{Algorithm::hmac_sha256, Purpose::log_entry}, {Algorithm::ed25519, Purpose::log_head}}) {
      const auto signer = ring.signer_for(purpose, algorithm, kClock);
      const core::Signature signature = signer->sign(purpose, "bytes");
      CHECK(ring.verify(purpose, "bytes", signature) == SignatureStatus::valid);
      CHECK(ring.verify(purpose, "Bytes", signature) == SignatureStatus::wrong);
      CHECK(ring.verify(Purpose::artefact, "bytes", signature) == SignatureStatus::wrong);
      CHECK_THROWS_AS(static_cast<void>(signer->sign(
                          algorithm == Algorithm::ed25519 ? Purpose::log_entry : Purpose::log_head, "bytes")),
                      core::Error);
      core::Signature other = signature;
      other.key_id = "someone";
      CHECK(ring.verify(purpose, "bytes", other) == SignatureStatus::unknown_key);
      other = signature;
      other.algorithm = "HMAC-MD5";
      CHECK(ring.verify(purpose, "bytes", other) == SignatureStatus::unknown_algorithm);
      other.algorithm = algorithm == Algorithm::ed25519 ? "HMAC-SHA256" : "Ed25519";
      CHECK(ring.verify(purpose, "bytes", other) == SignatureStatus::wrong);
    }
  }

  TEST_CASE("the key id is inside what is signed: two names for one secret do not share signatures (W-30)") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    for (const char* id : {"first", "second"}) {
      auto key = new_key(Algorithm::hmac_sha256, id);
      key.secret = secret_of("0123456789abcdef0123456789abcdef");
      ring.create_key(std::move(key), kClock);
    }
    core::Signature signature = ring.signer_with("first", kClock)->sign(Purpose::artefact, "x");
    CHECK(ring.verify(Purpose::artefact, "x", signature) == SignatureStatus::valid);
    signature.key_id = "second";
    CHECK(ring.verify(Purpose::artefact, "x", signature) == SignatureStatus::wrong);
  }

  TEST_CASE("short and empty keys are refused (W-31)") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    for (const std::size_t size : {0U, 1U, 31U}) {
      auto key = new_key(Algorithm::hmac_sha256, "short");
      key.secret = sign::Secret(size);
      CHECK_THROWS_WITH_AS(ring.create_key(std::move(key), kClock),
                           ("an HMAC key has at least 32 bytes, this one has " + std::to_string(size)).c_str(),
                           core::Error);
    }
    CHECK(ring.list().empty());
    CHECK(KeyRing::open(scratch / "keys").list().empty());
  }

  TEST_CASE("a named key that is absent is an error that names the nearest, never a fallback (W-12, W-29)") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    ring.create_key(new_key(Algorithm::hmac_sha256, "desk-hmac"), kClock);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(ring.signer_with("desk-hmca", kClock)),
        ("no key 'desk-hmca' in the key ring " + (scratch / "keys").string() + " (did you mean 'desk-hmac'?)").c_str(),
        core::Error);
    CHECK_THROWS_AS(static_cast<void>(ring.signer_for(Purpose::log_head, Algorithm::ed25519, kClock)), core::Error);
    CHECK_THROWS_AS(static_cast<void>(ring.signer_for(Purpose::log_head, Algorithm::hmac_sha256, kClock)), core::Error);
    CHECK_THROWS_AS(ring.create_key(new_key(Algorithm::hmac_sha256, "desk-hmac"), kClock), core::Error);
    CHECK_THROWS_AS(ring.create_key(new_key(Algorithm::hmac_sha256, "../evil"), kClock), core::Error);
  }

  TEST_CASE("retired keys verify, revoked ones do not, and validity is checked at the stated time") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    auto key = new_key(Algorithm::hmac_sha256, "dated");
    key.valid_from = core::parse_instant("2026-01-01T00:00:00Z");
    key.valid_until = core::parse_instant("2026-06-01T00:00:00Z");
    ring.create_key(std::move(key), kClock);
    const auto signer = ring.signer_with("dated", kClock);
    const auto signature = signer->sign(Purpose::log_entry, "x");
    const auto at = [&](const char* time) {
      return ring.verify_at(Purpose::log_entry, "x", signature, core::parse_instant(time));
    };
    CHECK(at("2026-01-01T00:00:00Z") == SignatureStatus::valid);
    CHECK(at("2025-12-31T23:59:59Z") == SignatureStatus::outside_validity);
    CHECK(at("2026-06-01T00:00:00Z") == SignatureStatus::outside_validity);
    const core::FixedClock late(core::parse_instant("2026-07-01T00:00:00Z"));
    CHECK_THROWS_AS(static_cast<void>(ring.signer_with("dated", late)), core::Error);
    const sign::KeyInfo next = ring.rotate_key("dated", kClock);
    CHECK(next.key_id != "dated");
    CHECK(ring.find("dated")->state == KeyState::retired);
    CHECK(at("2026-03-01T00:00:00Z") == SignatureStatus::valid);
    CHECK_THROWS_AS(static_cast<void>(ring.signer_with("dated", kClock)), core::Error);
    ring.set_state("dated", KeyState::revoked);
    CHECK(at("2026-03-01T00:00:00Z") == SignatureStatus::revoked);
    CHECK(KeyRing::open(scratch / "keys").verify(Purpose::log_entry, "x", signature) == SignatureStatus::revoked);
    CHECK_THROWS_AS(ring.set_state("dated", KeyState::active), core::Error);
  }

  TEST_CASE("key files and folders that others could read are refused") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    ring.create_key(new_key(Algorithm::hmac_sha256, "k"), kClock);
    const auto file = scratch / "keys/k.json";
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    REQUIRE(::stat((scratch / "keys").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
    for (const unsigned mode : {0640U, 0604U, 0620U, 0666U}) {
      ::chmod(file.c_str(), mode);
      CHECK_THROWS_AS(KeyRing::open(scratch / "keys"), core::Error);
    }
    ::chmod(file.c_str(), 0400);
    CHECK(KeyRing::open(scratch / "keys").list().size() == 1);
    ::chmod((scratch / "keys").c_str(), 0750);
    CHECK_THROWS_AS(KeyRing::open(scratch / "keys"), core::Error);
  }

  TEST_CASE("a damaged key file is an error at its place and never shows the secret") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    ring.create_key(new_key(Algorithm::ed25519, "k"), kClock);
    const auto file = scratch / "keys/k.json";
    const std::string text = core::read_file(file);
    const core::Json json = core::parse_json(text, "k");
    for (const char* name :
         {"format", "version", "key_id", "algorithm", "state", "purposes", "created", "secret", "public"}) {
      CAPTURE(name);
      core::Json damaged = json;
      damaged[name] = "nonsense";
      core::write_file_atomically(file, core::canonical_json(damaged), 0600);
      try {
        KeyRing::open(scratch / "keys");
        FAIL("accepted");
      } catch (const core::Error& e) {
        CHECK(e.where() == file.string());
        CHECK(std::string(e.what()).find(json["secret"].get<std::string>()) == std::string::npos);
      }
    }
  }

  TEST_CASE("the public export verifies elsewhere, holds no HMAC secret and cannot sign") {
    const support::ScratchFolder scratch;
    KeyRing ring = KeyRing::open(scratch / "keys");
    auto hmac = new_key(Algorithm::hmac_sha256, "desk-hmac");
    hmac.secret = secret_of("0123456789abcdef0123456789abcdef");
    ring.create_key(std::move(hmac), kClock);
    ring.create_key(new_key(Algorithm::ed25519, "desk-ed"), kClock);
    ring.export_public(scratch / "public.json");
    const std::string text = core::read_file(scratch / "public.json");
    CHECK(text.find("secret") == std::string::npos);
    CHECK(text.find("hmac") == std::string::npos);
    CHECK(text.find(core::to_base64("0123456789abcdef0123456789abcdef")) == std::string::npos);
    KeyRing elsewhere = KeyRing::open_public(scratch / "public.json");
    REQUIRE(elsewhere.list().size() == 1);
    const auto signature = ring.signer_with("desk-ed", kClock)->sign(Purpose::log_head, "x");
    CHECK(elsewhere.verify(Purpose::log_head, "x", signature) == SignatureStatus::valid);
    CHECK(elsewhere.verify(Purpose::log_head, "y", signature) == SignatureStatus::wrong);
    CHECK_THROWS_AS(static_cast<void>(elsewhere.signer_with("desk-ed", kClock)), core::Error);
    CHECK_THROWS_AS(elsewhere.create_key(new_key(Algorithm::ed25519, "n"), kClock), core::Error);
  }

  TEST_CASE("a secret that was let go is zero") {
    sign::Secret secret = secret_of("0123456789abcdef0123456789abcdef0123456789abcdef");
    const char* where = secret.data();
    sign::Secret moved = std::move(secret);
    CHECK(moved.data() == where);
    CHECK(secret.size() == 0);
    moved.shrink(4);
    CHECK(std::string_view(where + 4, 44) == std::string(44, '\0'));
  }
}
