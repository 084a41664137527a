#include <doctest/doctest.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "sign/key_ring.hpp"
#include "sign/signature_file.hpp"
#include "support/scratch_folder.hpp"

using namespace ballast;
using core::FileStatus;
using core::Purpose;
using sign::Algorithm;

namespace {

const core::FixedClock kClock(core::parse_instant("2026-03-01T12:00:00Z"));

struct Desk {
  support::ScratchFolder scratch;
  sign::KeyRing ring = sign::KeyRing::open(scratch / "keys");
  std::filesystem::path file = scratch / "report.json";
  Desk() {
    for (const auto& [algorithm, id] :
         {std::pair{Algorithm::hmac_sha256, "desk-hmac"}, {Algorithm::ed25519, "desk-ed"}}) {
      sign::NewKey key;
      key.algorithm = algorithm;
      key.key_id = id;
      ring.create_key(std::move(key), kClock);
    }
    core::write_file_atomically(file, "{\"loss\":0.05}\n");
    const auto hmac = ring.signer_with("desk-hmac", kClock), ed = ring.signer_with("desk-ed", kClock);
    const core::Signer* const signers[] = {hmac.get(), ed.get()};
    sign::sign_file(file, Purpose::artefact, signers, kClock);
  }
  FileStatus status() const { return sign::verify_file(file, ring).status; }
};

}  // namespace

TEST_SUITE("sign") {
  TEST_CASE("a signed file verifies with the ring and, by its Ed25519 signature, with public keys alone") {
    Desk desk;
    const auto verdict = sign::verify_file(desk.file, desk.ring);
    CHECK(verdict.status == FileStatus::valid);
    CHECK(verdict.signatures.size() == 2);
    const sign::KeyRing elsewhere = sign::KeyRing::read_public(desk.ring.public_text(), "public");
    const auto there = sign::verify_file(desk.file, elsewhere);
    CHECK(there.status == FileStatus::valid);
    CHECK(there.signatures[0].status == core::SignatureStatus::unknown_key);
    CHECK(there.signatures[1].status == core::SignatureStatus::valid);
    const core::Json json = core::parse_json(core::read_file(desk.scratch / "report.json.sig"), "sig");
    CHECK(json["path"] == "report.json");
    CHECK(json["size"] == 14);
    CHECK(json["time"] == "2026-03-01T12:00:00Z");
  }

  TEST_CASE("every flipped bit of the file and of its signature file is found") {
    Desk desk;
    for (const char* name : {"report.json", "report.json.sig"}) {
      const std::string text = core::read_file(desk.scratch / name);
      for (std::size_t i = 0; i < text.size(); ++i) {
        for (const unsigned mask : {0x01U, 0x20U, 0x80U}) {
          std::string flipped = text;
          flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ mask);
          core::write_file_atomically(desk.scratch / name, flipped);
          CAPTURE(name);
          CAPTURE(i);
          CHECK(desk.status() != FileStatus::valid);
        }
      }
      core::write_file_atomically(desk.scratch / name, text);
      CHECK(desk.status() == FileStatus::valid);
    }
  }

  TEST_CASE("what is wrong with a signed file has a name") {
    Desk desk;
    const auto sig = desk.scratch / "report.json.sig";
    const std::string signature_text = core::read_file(sig);
    SUBCASE("changed") {
      core::write_file_atomically(desk.file, "{\"loss\":0.06}\n");
      CHECK(desk.status() == FileStatus::changed);
    }
    SUBCASE("size") {
      core::write_file_atomically(desk.file, "{\"loss\":0.05}\n\n");
      CHECK(sign::verify_file(desk.file, desk.ring).sentence == "report.json has 15 bytes, signed were 14 bytes");
      CHECK(desk.status() == FileStatus::size_differs);
    }
    SUBCASE("missing file") {
      std::filesystem::remove(desk.file);
      CHECK(desk.status() == FileStatus::missing_file);
    }
    SUBCASE("missing signature") {
      std::filesystem::remove(sig);
      CHECK(desk.status() == FileStatus::missing_signature);
    }
    SUBCASE("another file's signature") {
      std::filesystem::copy(desk.file, desk.scratch / "other.json");
      std::filesystem::copy(sig, desk.scratch / "other.json.sig");
      CHECK(sign::verify_file(desk.scratch / "other.json", desk.ring).status == FileStatus::wrong_name);
    }
    SUBCASE("an unknown key") {
      const support::ScratchFolder empty;
      CHECK(sign::verify_file(desk.file, sign::KeyRing::open(empty / "none")).status == FileStatus::unknown_key);
    }
    SUBCASE("a wrong key of the same name") {
      const Desk other;
      CHECK(sign::verify_file(desk.file, other.ring).status == FileStatus::wrong_key);
    }
    SUBCASE("another purpose") {
      CHECK(sign::verify_file(desk.file, desk.ring, Purpose::log_segment).status == FileStatus::wrong_key);
    }
    SUBCASE("a revoked key") {
      desk.ring.set_state("desk-hmac", sign::KeyState::revoked);
      CHECK(desk.status() == FileStatus::refused_key);
    }
    SUBCASE("a changed key id") {
      std::string text = signature_text;
      text.replace(text.find("desk-hmac"), 9, "desk-hmad");
      core::write_file_atomically(sig, text);
      CHECK(desk.status() == FileStatus::wrong_key);  // the other signature covers the names of all who signed
      text.replace(text.find("desk-ed"), 7, "desk-ee");
      core::write_file_atomically(sig, text);
      CHECK(desk.status() == FileStatus::unknown_key);
    }
    SUBCASE("a dropped signature") {
      core::Json json = core::parse_json(signature_text, "sig");
      json["signatures"].erase(0);
      core::write_file_atomically(sig, core::canonical_json(json) + "\n");
      CHECK(desk.status() == FileStatus::wrong_key);
    }
    SUBCASE("not canonical") {
      core::write_file_atomically(sig, core::pretty_json(core::parse_json(signature_text, "sig")));
      CHECK(desk.status() == FileStatus::malformed);
    }
  }

  TEST_CASE("signing nothing or without a signer is refused") {
    Desk desk;
    CHECK_THROWS_AS(sign::sign_file(desk.file, Purpose::artefact, {}, kClock), core::Error);
    const auto ed = desk.ring.signer_with("desk-ed", kClock);
    const core::Signer* const signers[] = {ed.get()};
    CHECK_THROWS_AS(sign::sign_file(desk.scratch / "absent", Purpose::artefact, signers, kClock), core::Error);
  }

  TEST_CASE("what is signed is the bytes in hand, not what somebody put into the file") {
    Desk desk;
    const auto ed = desk.ring.signer_with("desk-ed", kClock);
    const core::Signer* const signers[] = {ed.get()};
    core::write_file_atomically(desk.file, "{\"loss\":0.00}\n");
    core::sign_bytes(desk.file, "{\"loss\":0.05}\n", Purpose::artefact, signers, kClock);
    CHECK(desk.status() == FileStatus::changed);
    core::write_file_atomically(desk.file, "{\"loss\":0.05}\n");
    CHECK(desk.status() == FileStatus::valid);
  }
}
