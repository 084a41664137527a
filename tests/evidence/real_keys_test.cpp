// The key ring and the journal together: the promise that a decision can be proved elsewhere with public keys alone.
#include <doctest/doctest.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "journal/bundle.hpp"
#include "journal/decision_log.hpp"
#include "journal/run_journal.hpp"
#include "journal/verify.hpp"
#include "sign/key_ring.hpp"
#include "support/scratch_folder.hpp"

using namespace ballast;
using sign::Algorithm;
using sign::KeyRing;

namespace {

const core::FixedClock kClock(core::parse_instant("2026-03-01T12:00:00Z"));

struct Desk {
  support::ScratchFolder scratch;
  KeyRing ring = KeyRing::open(scratch / "keys");
  journal::ObjectStore objects{scratch / "var/objects"};
  std::filesystem::path folder = scratch / "var/audit/decision_log";
  std::unique_ptr<core::Signer> signer, head_signer;
  Desk() {
    for (const auto& [algorithm, id] :
         {std::pair{Algorithm::hmac_sha256, "desk-hmac"}, {Algorithm::ed25519, "desk-ed"}}) {
      sign::NewKey key;
      key.algorithm = algorithm;
      key.key_id = id;
      ring.create_key(std::move(key), kClock);
    }
    signer = ring.signer_for(core::Purpose::log_entry, Algorithm::hmac_sha256, kClock);
    head_signer = ring.signer_for(core::Purpose::log_head, Algorithm::ed25519, kClock);
    auto log = journal::DecisionLog::open(folder, *signer, *head_signer, ring, kClock, {"0.1.0", "test", {}});
    for (int i = 0; i < 5; ++i) {
      journal::Draft draft;
      draft.kind = "decision";
      draft.actor = "anna";
      draft.environment = "paper";
      draft.run = "run-1";
      draft.policy = journal::PolicyReference{"portfolio_governor", 3, objects.put("return {}")};
      draft.libraries_sha256 = objects.put("{}");
      draft.settings_sha256 = objects.put("{\"a\":1}");
      draft.inputs = {{"market", objects.put("market " + std::to_string(i))}};
      draft.decision = core::Json{{"allowed", true}};
      log.append(draft);
    }
  }
};

}  // namespace

TEST_SUITE("evidence") {
  TEST_CASE("a log and its bundle are proved with public keys alone, and a forged one is not") {
    Desk desk;
    CHECK(journal::verify_path(desk.folder, desk.ring).verified());
    CHECK(journal::verify_path(desk.folder, desk.ring).objects == 8);
    journal::LogReader reader(desk.folder);
    journal::BundleOptions options;
    options.public_keys = desk.ring.public_text();
    journal::export_bundle(reader, desk.objects, {2}, *desk.head_signer, desk.ring, kClock, desk.scratch / "b.bundle",
                           options);
    const KeyRing elsewhere = KeyRing::read_public(desk.ring.public_text(), "public keys");
    const auto proved = journal::verify_path(desk.scratch / "b.bundle", elsewhere);
    CHECK(proved.verified());
    CHECK(proved.vouched == 1);
    journal::VerifyOptions by_chain;
    by_chain.chain_vouches = true;
    CHECK(journal::verify_path(desk.folder, elsewhere, by_chain).vouched == 5);
    CHECK_FALSE(journal::verify_path(desk.folder, elsewhere).verified());
    // A stranger's bundle of the same content has other keys under the same names.
    Desk stranger;
    journal::LogReader other(stranger.folder);
    journal::export_bundle(other, stranger.objects, {2}, *stranger.head_signer, stranger.ring, kClock,
                           stranger.scratch / "b.bundle");
    CHECK_FALSE(journal::verify_path(stranger.scratch / "b.bundle", elsewhere).verified());
  }

  TEST_CASE("a revoked key's entries no longer count, a retired key's do, and the log goes on under the new key") {
    Desk desk;
    const sign::KeyInfo next = desk.ring.rotate_key("desk-hmac", kClock);
    const auto signer = desk.ring.signer_with(next.key_id, kClock);
    auto log =
        journal::DecisionLog::open(desk.folder, *signer, *desk.head_signer, desk.ring, kClock, {"0.1.0", "test", {}});
    log.annotate(1, "risk", "seen");
    CHECK(journal::verify_log(desk.folder, desk.ring).signatures == 6);
    desk.ring.set_state("desk-hmac", sign::KeyState::revoked);
    const auto report = journal::verify_log(desk.folder, desk.ring);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].code == journal::FindingCode::refused_key);
    CHECK(report.findings[0].count == 5);
  }

  TEST_CASE("the writer's key must be meant for what it signs") {
    Desk desk;
    CHECK_THROWS_AS(journal::DecisionLog::open(desk.scratch / "other", *desk.head_signer, *desk.signer, desk.ring,
                                               kClock, {"0.1.0", "test", {}}),
                    core::Error);
  }
}
