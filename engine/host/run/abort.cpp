#include "host/run/abort.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "host/evidence.hpp"
#include "host/limits.hpp"
#include "host/run/identity.hpp"
#include "host/run/perform.hpp"
#include "host/run/reopened_run.hpp"
#include "host/run/stores.hpp"
#include "host/script_error.hpp"

namespace ballast::host {
namespace {

/// What may be left of a run and its children: names of effects and of children, in the run and below as CHILD/NAME.
std::vector<std::string> names_to_leave(const Desk& desk, const FoldedJournal& journal) {
  std::vector<std::string> out;
  for (const journal::RunRecord& each : journal.records) {
    if (each.json["kind"] == "plan") out.push_back(each.json["step"].get<std::string>());
    if (!is_begun_child(each.json)) continue;
    const std::string child = each.json["name"].get<std::string>();
    out.push_back(child);
    const auto folder = runs_folder(desk) / each.json["run"].get<std::string>();
    if (!std::filesystem::exists(folder / journal::kRunJournalName)) continue;
    for (const std::string& name : names_to_leave(desk, read_run(folder))) out.push_back(child + "/" + name);
  }
  return out;
}

/// What is to be left must be there to be taken back. Throws: Error{argument} with the nearest name.
void require_effects(const Desk& desk, const FoldedJournal& journal, const AbortRequest& request) {
  if (request.by_parent || request.leave.empty()) return;  // the parent looked
  const std::vector<std::string> names = names_to_leave(desk, journal);
  // A plain name is for all.
  const auto is_there = [&](const std::string& wanted) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& each) {
      return each == wanted || (wanted.find('/') == std::string::npos && each.ends_with("/" + wanted));
    });
  };
  for (const std::string& each : request.leave) {
    if (is_there(each)) continue;
    throw core::Error(core::Code::argument,
                      fmt::format("the run has no effect '{}'{}", each, core::did_you_mean(each, names)), "--leave");
  }
}

/// An abort, from going through what was done to the end in the journal and the log.
class Abort {
 public:
  Abort(ReopenedRun& run, const AbortRequest& request) : run_(run), request_(request), by_(run.identity) {
    by_.actor = run.actor();
  }

  /// Follows the run to where its history ends; nothing is done there. Throws: what the script raised before that;
  /// Error{state} when nobody can say whether an effect was applied.
  void go_through() {
    std::string failed = "its verify failed, and the script went on";
    try {
      start_runbook(run_.state, run_.identity.runbook, run_.services.run_information());
    } catch (const core::Error& e) {
      // A run that failed where its history ends fails there again, which is as far as it is followed.
      if (!run_.services.all_served() || was_interrupted()) {
        give_up(e);
        throw;
      }
      failed = e.what();
    }
    if (run_.services.unsettled().empty()) return;
    const core::Error unknown(
        core::Code::state,
        fmt::format("whether effect '{}' was applied is not known: {}", run_.services.unsettled(), failed),
        request_.run);
    give_up(unknown);
    throw unknown;
  }

  void take_back() {
    run_.services.end_history();
    try {
      run_.result.value = undo_runbook(run_.state);
    } catch (const core::Error& e) {
      const std::string refused = run_.services.give_up_undo();
      give_up(e);
      if (refused.empty()) throw;
      throw core::Error(
          e.code(),
          fmt::format("'{0}' was not taken back: {1}. Once that is mended, abort again; where it is to stay: "
                      "ballast runs abort {2} --leave '{3}'",
                      refused, e.message(), head_of_family(run_.identity), name_for_head(run_.identity, refused)),
          e.where());
    }
  }

  void end() {
    run_.finish_artefacts();
    RunResult& result = run_.result;
    result.status = "aborted";
    result.reason = request_.reason;
    result.entries = run_.services.entries();
    put_scripts(run_.stores->objects, run_.state.libraries());
    core::Json payload{{"result", result.value}, {"libraries_sha256", libraries_sha256(run_.state.libraries())}};
    if (!request_.reason.empty()) payload["reason"] = request_.reason;
    end_run(*run_.stores, by_, "aborted", std::move(payload));
  }

 private:
  /// The abort has failed; a run that had ended, and of which nothing was taken back, stays as it was.
  void give_up(const core::Error& error) {
    const std::optional<core::Json>& before = run_.journal().end;
    if (!before || (*before)["kind"] != "run_finished" || run_.services.took_back()) {
      stop_run(*run_.stores, by_, was_interrupted() ? "interrupted" : "failed",
               {{"error", error_document(error)["error"]}});
      return;
    }
    core::Json payload = *before;
    for (const char* own : {"seq", "time", "kind", "previous", "signature", "status"}) payload.erase(own);
    payload["reason"] = fmt::format("an abort was given up: {}", error.message());
    end_run(*run_.stores, by_, (*before)["status"].get<std::string>(), std::move(payload));
  }

  ReopenedRun& run_;
  const AbortRequest& request_;
  RunIdentity by_;  // the run, as who takes it back
};

}  // namespace

RunResult abort_run(const Desk& desk, const Configuration& configuration, const AbortRequest& request) {
  ReadRun read(desk, request.run);
  if (auto ended = finish_stating(desk, request.run, read, Purpose::take_back, request.by_parent))
    return std::move(*ended);
  ReopenedRun run(
      desk, configuration, Purpose::take_back, std::move(read),
      {request.actor,
       request.json,
       request.by_parent,
       {.options = request.child_options, .confirmed = {}, .leave = {request.leave.begin(), request.leave.end()}}});
  // What is taken back is found by going through what was done, so a script that takes another way is refused there.
  const auto accepted = run.check_pins(true);
  require_effects(desk, run.journal(), request);
  run.open(accepted);
  run.services.only_undo(run.journal().undone, request.leave);
  run.without_people();
  Abort abort(run, request);
  abort.go_through();
  abort.take_back();
  abort.end();
  return std::move(run.result);
}

}  // namespace ballast::host
