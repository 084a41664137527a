#include "durability/approver.hpp"

#include <stdexcept>

#include "core/clock.hpp"
#include "durability/trial.hpp"
#include "host/run/approval.hpp"
#include "host/run/history.hpp"
#include "sign/key_ring.hpp"

namespace ballast::test {

Approver::Approver() { home_.run({"keys", "new", "--algorithm", "Ed25519", "--keys", keys()}); }

void Approver::make_known_to(const TestDesk& desk, const std::string& more) const {
  const core::Json key = home_.run({"approvals", "key", "bob", "--keys", keys(), "--json"}).json();
  desk.spill("config/core.yaml", "approvals:\n  approvers:\n    bob:\n      key: " + key["key"].get<std::string>() +
                                     "\n      public_key: " + key["public_key"].get<std::string>() +
                                     "\n      roles: [risk]\n" + more);
}

void Approver::approve(const TestDesk& desk, core::Instant time) const {
  const std::string run = begun_run(desk);
  const auto folder = desk.var() / "runs" / run;
  const host::FoldedJournal journal = host::read_run(folder);
  if (journal.records.empty() || journal.records.back().json["kind"] != "approval_asked")
    throw std::runtime_error("the run waits for no approval");
  const auto request =
      host::ApprovalRequest::read(journal.records.back().json, run, journal.started["actor"].get<std::string>());
  const core::SystemClock clock;
  const auto signer = sign::KeyRing::open(keys()).signer_for(core::Purpose::approval, sign::Algorithm::ed25519, clock);
  host::hand_in(host::sign_approval(request, "bob", "approve", "", time, *signer), folder);
}

std::vector<std::string> Approver::words(const std::string& run) const {
  return {"approvals", "approve", run, "--actor", "bob", "--keys", keys()};
}

std::vector<std::filesystem::path> answers_of(const TestDesk& desk, const std::string& run) {
  std::vector<std::filesystem::path> out;
  std::error_code none;
  for (const auto& each : std::filesystem::directory_iterator(desk.var() / "runs" / run / "approvals", none)) {
    if (each.path().extension() == ".json") out.push_back(each.path());
  }
  return out;
}

}  // namespace ballast::test
