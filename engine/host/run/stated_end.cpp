#include "host/run/stated_end.hpp"

#include <fmt/format.h>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/archived_run.hpp"
#include "host/run/identity.hpp"
#include "host/run/list.hpp"
#include "host/run/perform.hpp"
#include "host/run/record.hpp"
#include "host/run/stores.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {

ReadRun::ReadRun(const Desk& desk, const std::string& run) : folder(find_run_folder(desk, run)) {
  if (journal::is_compacted(folder))
    throw core::Error(core::Code::state, "the run has ended; " + compacted_sentence(folder), run);
  records = journal::RunJournal::read(folder);
}

core::Error has_ended(const core::Json& end, const std::string& run) {
  return {core::Code::state, fmt::format("the run has ended ({})", end["status"].get<std::string>()), run};
}

bool can_be_opened(const core::Json& end, Purpose purpose) {
  return end["kind"] != "run_finished" || (purpose == Purpose::take_back && end["status"] != "aborted");
}

void refuse_findings(const journal::VerifyReport& report, const std::string& run) {
  using journal::FindingCode;
  for (const journal::Finding& each : report.findings) {
    if (each.code != FindingCode::changed && each.code != FindingCode::wrong_key &&
        each.code != FindingCode::unsigned_entry)
      continue;
    throw core::Error(core::Code::crypto,
                      fmt::format("the run's journal does not verify, so it is not gone on with: {}", each.sentence),
                      run);
  }
}

std::optional<RunResult> finish_stating(const Desk& desk, const std::string& run, const ReadRun& read, Purpose purpose,
                                        bool by_parent) {
  const auto& [folder, records] = read;
  if (records.empty() || records.back().json["kind"] != "run_finished") return std::nullopt;
  const core::Json& end = records.back().json;
  const std::string status = end["status"].get<std::string>();
  // Of two that find the end not stated, one states it.
  core::FileDescriptor held;
  try {
    held = journal::RunJournal::hold(folder);
  } catch (const core::Error& e) {
    if (e.code() != core::Code::state) throw;
    throw has_ended(end, run);
  }
  // Nobody believes an end, or states it, that the engine did not write.
  // What lies beside the journal is not asked: the record may be half written, and is written again below.
  journal::RunFacts facts;
  refuse_findings(journal::verify_run_parts(folder, sign::KeyRing::open(desk.keys), {}, {}, facts), run);
  const RunIdentity identity = recorded_identity(records.front().json);
  const core::ChosenClock clock(identity.clock_given ? std::optional(identity.time) : std::nullopt);
  OpenStores stores(desk, clock, identity);
  RunResult out;
  if (!is_stated(stores, identity, records.back())) {
    out.reason = "it had ended, and the log did not say so";
    write_record(stores, folder);
    state_end(stores, identity, records.back());
  } else if (!can_be_opened(end, purpose) && !by_parent) {  // a parent asks how it ended
    throw has_ended(end, run);
  }
  if (can_be_opened(end, purpose)) return std::nullopt;
  out.id = identity.id;
  out.runbook = identity.runbook;
  out.file = records.front().json["runbook"]["place"].get<std::string>();
  out.value = end.value("result", core::Json());
  out.status = status == "finished" ? status_of(out.value) : status;
  return out;
}

}  // namespace ballast::host
