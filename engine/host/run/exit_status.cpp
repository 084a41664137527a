#include "host/run/exit_status.hpp"

#include <set>

#include "host/cli.hpp"
#include "host/run/perform.hpp"

namespace ballast::host {
namespace {

/// Whether a mandatory policy refused and nobody overrode it.
bool was_denied(const std::vector<journal::RunRecord>& records) {
  std::set<std::string> refused;
  for (const journal::RunRecord& each : records) {
    const core::Json& record = each.json;
    if (record["kind"] == "decision" && record.value("outcome", core::Json()) == "deny") {
      const std::string level = record.value("enforcement", ""), policy = record["policy"].get<std::string>();
      if (level == "hard_mandatory") return true;
      if (level == "soft_mandatory") refused.insert("override " + policy);
    } else if (record["kind"] == "approval_given" && record["answer"] == "approved") {
      refused.erase(record["name"].get<std::string>());
    }
  }
  return !refused.empty();
}

}  // namespace

int exit_status_of(const FoldedJournal& run) {
  if (!run.end) return kError;
  const core::Json& end = *run.end;
  const std::string status = end["status"].get<std::string>();
  if (status == "aborted") return end["result"].value("left", core::Json::array()).empty() ? kPassed : kDenied;
  if (status == "finished") {
    const std::string word = status_of(end.value("result", core::Json()));
    return word == "denied" || word == "failed" || was_denied(run.records) ? kDenied : kPassed;
  }
  if (status == "waiting") return kWaiting;
  if (status == "interrupted") return kInterrupted;
  if (status == "denied" || status == "differs") return kDenied;
  const std::string code = end.contains("error") ? end["error"].value("code", "") : "";
  return code == "budget" || code == "memory" ? kStopped : kError;
}

}  // namespace ballast::host
