#include "host/run/resume.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "host/archived_run.hpp"
#include "host/replay.hpp"
#include "host/reviewed_source.hpp"
#include "host/run/identity.hpp"
#include "host/run/list.hpp"
#include "host/run/look_ahead.hpp"
#include "host/run/perform.hpp"
#include "host/run/record.hpp"
#include "host/run/resumed_secrets.hpp"
#include "host/run/stores.hpp"
#include "host/run/target_lock.hpp"
#include "host/script_error.hpp"
#include "host/version.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::host {
namespace {

enum class Purpose { go_on, take_back };

core::Error has_ended(const core::Json& end, const std::string& run) {
  return {core::Code::state, fmt::format("the run has ended ({})", end["status"].get<std::string>()), run};
}

/// Whether a run that ended like this can be opened again.
bool can_be_opened(const core::Json& end, Purpose purpose) {
  return end["kind"] != "run_finished" || (purpose == Purpose::take_back && end["status"] != "aborted");
}

/// What is served decides what is done next, so nobody but the engine may have written it. Throws: Error{crypto}.
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

/// A run's journal as it was before its lock is taken: enough to know what to open, and checked again then.
struct ReadRun {
  /// Throws: Error{not_found}; Error{state} for a run that was compacted, which has ended.
  ReadRun(const Desk& desk, const std::string& run) : folder(find_run_folder(desk, run)) {
    if (is_compacted(desk, run))
      throw core::Error(core::Code::state, "the run has ended; " + compacted_sentence(desk, run), run);
    records = journal::RunJournal::read(folder);
  }
  std::filesystem::path folder;
  std::vector<journal::RunRecord> records;
};

/// A run whose journal ended: it is only stated in the log, when the process died before it was. Returns nothing when
/// there is more to do. Throws: Error{state} when the log says so already.
std::optional<RunResult> finish_stating(const Desk& desk, const std::string& run, const ReadRun& read, Purpose purpose,
                                        bool by_parent) {
  const auto& [folder, records] = read;
  if (records.empty() || records.back().json["kind"] != "run_finished") return std::nullopt;
  const core::Json& end = records.back().json;
  const std::string status = end["status"].get<std::string>();
  if (journal::RunJournal::is_written(folder)) throw has_ended(end, run);  // by who is about to state it
  // Nobody believes an end, or states it, that the engine did not write.
  // What lies beside the journal is not asked: the record may be half written, and is written again below.
  journal::RunFacts facts;
  refuse_findings(journal::verify_run_parts(folder, sign::KeyRing::open(desk.keys), {}, {}, facts), run);
  const RunIdentity identity = recorded_identity(records.front().json);
  const core::SystemClock system;
  const core::FixedClock given(identity.time);
  OpenStores stores(desk, identity.clock_given ? static_cast<const core::Clock&>(given) : system, identity);
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

/// Who ordered a run answers for it until the end. Throws: Error{state}.
void require_no_parent(const Desk& desk, const RunIdentity& identity, bool by_parent) {
  if (by_parent || !identity.parent) return;
  const std::string& parent = identity.parent->run;
  if (!std::filesystem::exists(runs_folder(desk) / parent / journal::kRunJournalName)) return;  // nobody is left to ask
  const FoldedJournal journal = read_run(runs_folder(desk) / parent);
  if (journal.end && (*journal.end)["status"] == "aborted") return;
  throw core::Error(core::Code::state,
                    fmt::format("the run is a child of {0}: ballast runs resume {0} goes on with both, ballast runs "
                                "abort {0} takes both back",
                                parent),
                    identity.id);
}

/// What is to be left must be there to be taken back. A run with children passes names on to them.
/// Throws: Error{argument} with the nearest name.
void require_effects(const FoldedJournal& journal, const AbortRequest& request) {
  std::vector<std::string> names;
  for (const journal::RunRecord& each : journal.records) {
    if (is_begun_child(each.json)) return;
    if (each.json["kind"] == "plan") names.push_back(each.json["step"].get<std::string>());
  }
  for (const std::string& each : request.leave) {
    if (std::find(names.begin(), names.end(), each) != names.end()) continue;
    throw core::Error(core::Code::argument,
                      fmt::format("the run has no effect '{}'{}", each, core::did_you_mean(each, names)), "--leave");
  }
}

/// A run that was opened again: everything that it needs, in the order in which it is needed.
class Reopened {
 public:
  Reopened(const Desk& desk, const Configuration& configuration, Purpose purpose, ReadRun read,
           const std::string& actor, bool json, bool by_parent, std::vector<std::string> child_options)
      : desk_(desk),
        configuration_(configuration),
        purpose_(purpose),
        folder_(std::move(read.folder)),
        journal_(fold_journal(std::move(read.records))),
        identity(recorded_identity(journal_.started)),
        given_(identity.time),
        actor_(actor_name(configuration, actor)),
        manifest_(ReviewManifest::read(desk, sign::KeyRing::open(desk.keys))),
        source_(desk.source(), manifest_, identity.environment == Environment::live),
        children_(desk, configuration, std::move(child_options)),
        services(desk, configuration, clock()),
        state(services, runbook_profile(), source_, configuration.settings.limits.runbook) {
    require_open();
    require_no_parent(desk, identity, by_parent);
    services.with_children(children_);
    if (json) services.print_to_standard_error();
    if (purpose == Purpose::take_back) services.print_nothing();  // it goes through what was done, and does it not
    services.limit_output(static_cast<std::size_t>(configuration.settings.limits.runbook.output_kib) << 10);
    script_ = find_runbook(desk, journal_.started["runbook"]["place"].get<std::string>());
    if (identity.environment == Environment::live) manifest_.review({script_}, true);
    info_ = load_runbook(state, script_);
    identity.roots = recorded_roots(desk, configuration, info_, journal_.started);
    result.id = identity.id;
    result.runbook = info_.name;
    result.file = script_.place;
  }

  /// Refuses to go on over a change, unless it is accepted. Returns what changed.
  std::vector<std::string> check_pins(bool accept) {
    pins_ = current_pins(desk_, configuration_, script_, state.libraries());
    const journal::ObjectStore objects(objects_folder(desk_));
    std::vector<std::string> changed = RunPins::of_run(journal_.started, objects).changes(*pins_);
    if (changed.empty() || accept) return changed;
    FoldedJournal kept = journal_;
    kept.records.resize(kept_records(kept.records));
    const auto difference = first_difference(desk_, configuration_, script_, std::move(kept));
    throw core::Error(
        core::Code::state,
        fmt::format(
            "not as the run began with: {}. {} --accept-change goes on all the same, and is recorded",
            fmt::join(changed, ", "),
            difference ? "What would differ first: " + *difference + "." : "No step that it completed would differ."),
        identity.id);
  }

  const FoldedJournal& journal() const { return journal_; }
  /// Who goes on with the run, or takes it back.
  const std::string& actor() const { return actor_; }

  /// Opens the stores, takes the journal, records that the run goes on and has the history served.
  void open(const std::vector<std::string>& accepted) {
    const bool aborting = purpose_ == Purpose::take_back;
    target_.emplace(desk_, info_, identity, use_of_target(), clock());
    stores.emplace(desk_, clock(), identity);
    result.made_keys = stores->keys.made;
    std::set<std::uint64_t> named;
    take_journal(named);
    std::vector<journal::RunRecord> kept = std::move(journal_.records);
    kept.resize(kept_records(kept));
    keep_pinned(stores->objects, *pins_, configuration_, script_, state.libraries());
    core::Json payload = pins_->hashes();
    payload["keeps"] = kept.empty() ? std::uint64_t{1} : kept.back().seq;
    payload["actor"] = actor_;
    payload["engine"] = {{"version", std::string(kVersion)}, {"build", std::string(kBuild)}};
    payload["runbook_sha256"] = pins_->runbook_sha256;
    if (aborting) payload["aborting"] = true;
    if (!accepted.empty()) payload["accepted"] = accepted;
    stores->journal->append("run_resumed", payload);
    services.begin(identity, {&stores->objects, &stores->log, &*stores->journal, &stores->keys, &manifest_});
    services.adopt(unclaimed_entries(kept, named));
    services.serve(RunHistory(std::move(kept)));
    if (!aborting && journal_.started.contains("plan_sha256")) {
      const std::string hash = journal_.started["plan_sha256"].get<std::string>();
      services.plan.hold_to(recorded_value(journal_.started, "plan", stores->objects), hash);
    }
  }

  /// Nobody is asked for anything: what was done is only gone through.
  void without_people() { services.with_people({actor_, {}, false, nullptr, {}}); }

  /// Before anything is written: what is not there is told, and the run stays as it is.
  void read_secrets_again(const ResumeRequest& request) {
    secrets_ = secrets_again(journal_.started, info_.parameters, request.secrets, request.may_ask);
  }

  void with_people(const ResumeRequest& request) {
    services.with_people({actor_,
                          {request.confirmed.begin(), request.confirmed.end()},
                          request.may_ask,
                          &secrets_,
                          [this](const std::string& approval) {
                            return look_ahead(desk_, configuration_, source_, script_, identity, clock(), children_,
                                              approval);
                          }});
  }

  const core::Clock& clock() const { return identity.clock_given ? static_cast<const core::Clock&>(given_) : system_; }

 private:
  TargetUse use_of_target() const {
    if (purpose_ == Purpose::go_on) return TargetUse::resume;
    const bool ended = journal_.end && (*journal_.end)["kind"] == "run_finished";
    return ended ? TargetUse::abort_ended : TargetUse::abort;
  }

  void require_open() const {
    if (journal_.end && !can_be_opened(*journal_.end, purpose_)) throw has_ended(*journal_.end, identity.id);
  }

  /// Takes the journal's lock and reads it again under it: another process may have gone on with the run meanwhile.
  /// `named` gets the entries of the log that its records name.
  /// Throws: Error{crypto | state} when what is there is not what the run wrote, before anything is written.
  void take_journal(std::set<std::uint64_t>& named) {
    bool judged = false;
    const auto judge = [&](std::vector<journal::RunRecord> records) {
      judged = true;
      check_folder(records);
      check_stated(records);
      for (const journal::RunRecord& each : records) {
        if (each.json.contains("entry_seq")) named.insert(each.json["entry_seq"].get<std::uint64_t>());
      }
      journal_ = fold_journal(std::move(records));
      require_open();
    };
    const bool reopens = purpose_ == Purpose::take_back;
    try {
      stores->journal = journal::RunJournal::open(
          folder_, *stores->keys.journal, clock(),
          {&stores->keys.ring, judge, reopens ? journal::Ended::reopened : journal::Ended::refused});
    } catch (const core::Error&) {
      // A verification says more exactly what does not hold than who only reads along.
      if (!judged && !journal::RunJournal::is_written(folder_))
        refuse_findings(journal::verify_run(folder_, stores->keys.ring, {}), identity.id);
      throw;
    }
    stores->journal->tell(observer);
  }

  /// The same for what lies beside the journal: its record, and what recoveries kept aside.
  void check_folder(const std::vector<journal::RunRecord>& records) const {
    journal::VerifyReport report =
        journal::verify_tree(folder_, stores->keys.ring, {}, {std::string(journal::kRunJournalName)});
    journal::FindingList findings(report, 100);
    for (const journal::RunRecord& each : records) {
      if (each.json["kind"] != "recovery") continue;
      const std::string file = each.json["file"].get<std::string>();
      journal::check_recovery(folder_ / file, file, each.json["sha256"].get<std::string>(), findings);
    }
    if (identity.id != folder_.filename().string()) {
      findings.add({journal::FindingCode::changed, std::string(journal::kRunJournalName), 1, std::nullopt, 0, 1,
                    fmt::format("the journal is of the run '{}', its folder is called '{}'", identity.id,
                                folder_.filename().string())});
    }
    refuse_findings(report, identity.id);
  }

  /// The log states how far the journal came when the run stopped. Throws: Error{state} when it does not any more.
  void check_stated(const std::vector<journal::RunRecord>& records) {
    journal::Query query;
    query.run = identity.id;
    query.limit = 1000000;
    for (const journal::Entry& each : stores->log.query(query)) {
      const core::Json entry = each.json();
      if (!journal::states_journal(entry["kind"].get<std::string>())) continue;
      const auto stated = entry["journal"]["records"].get<std::uint64_t>();
      if (stated <= records.size() && records[stated - 1].sha256 == entry["journal"]["sha256"]) continue;
      throw core::Error(
          core::Code::state,
          fmt::format("entry {} of the log states another end of the run's journal, record {}: it was cut "
                      "or changed; run ballast verify",
                      each.place.seq, stated),
          identity.id);
    }
  }

  /// Entries that the run wrote and its kept records do not name. One that no record names was written just before the
  /// process died: it is named now, so that the run answers for it whatever comes.
  std::vector<journal::Entry> unclaimed_entries(const std::vector<journal::RunRecord>& kept,
                                                const std::set<std::uint64_t>& named) {
    std::set<std::uint64_t> claimed;
    for (const journal::RunRecord& each : kept) {
      if (each.json.contains("entry_seq")) claimed.insert(each.json["entry_seq"].get<std::uint64_t>());
    }
    journal::Query query;
    query.run = identity.id;
    query.limit = 1000000;
    std::vector<journal::Entry> out;
    for (journal::Entry& each : stores->log.query(query)) {
      if (claimed.contains(each.place.seq) || journal::states_journal(each.json()["kind"].get<std::string>())) continue;
      if (!named.contains(each.place.seq)) {
        stores->journal->append("note", {{"note", "an entry that was written before the process died"},
                                         {"entry_seq", each.place.seq},
                                         {"entry_sha256", each.place.sha256}});
      }
      out.push_back(std::move(each));
    }
    return out;
  }

  const Desk& desk_;
  const Configuration& configuration_;
  Purpose purpose_;
  std::filesystem::path folder_;
  FoldedJournal journal_;

 public:
  RunIdentity identity;

 private:
  core::SystemClock system_;
  core::FixedClock given_;
  std::string actor_;
  ReviewManifest manifest_;
  ReviewedSource source_;
  ChildRuns children_;
  Script script_;
  RunbookInfo info_;
  std::optional<RunPins> pins_;
  std::optional<TargetLock> target_;
  Secrets secrets_;

 public:
  RunServices services;
  State state;
  std::optional<OpenStores> stores;
  RunResult result;
  journal::RunObserver observer;
};

}  // namespace

RunResult resume_run(const Desk& desk, const Configuration& configuration, const ResumeRequest& request) {
  ReadRun read(desk, request.run);
  if (auto ended = finish_stating(desk, request.run, read, Purpose::go_on, request.by_parent)) return std::move(*ended);
  Reopened run(desk, configuration, Purpose::go_on, std::move(read), request.actor, request.json, request.by_parent,
               request.child_options);
  if (!run.journal().undone.empty()) {
    throw core::Error(core::Code::state,
                      fmt::format("the run is being aborted; finish that: ballast runs abort {}", request.run),
                      request.run);
  }
  const auto accepted = run.check_pins(request.accept_change);
  run.read_secrets_again(request);
  run.observer = request.observer;
  run.open(accepted);
  run.with_people(request);
  if (request.begun) request.begun(request.run);
  perform_run(run.state, run.services, *run.stores, run.identity, run.result);
  return std::move(run.result);
}

RunResult abort_run(const Desk& desk, const Configuration& configuration, const AbortRequest& request) {
  ReadRun read(desk, request.run);
  if (auto ended = finish_stating(desk, request.run, read, Purpose::take_back, request.by_parent))
    return std::move(*ended);
  Reopened run(desk, configuration, Purpose::take_back, std::move(read), request.actor, request.json, request.by_parent,
               request.child_options);
  // What is taken back is found by going through what was done, so a script that takes another way is refused there.
  const auto accepted = run.check_pins(true);
  require_effects(run.journal(), request);
  run.open(accepted);
  run.services.only_undo(run.journal().undone, request.leave);
  run.without_people();
  RunIdentity by = run.identity;
  by.actor = run.actor();
  const std::optional<core::Json> before = run.journal().end;
  const auto give_up = [&](const core::Error& error) {
    if (before && (*before)["kind"] == "run_finished" && !run.services.took_back()) {
      // It had ended, and still has: nothing was changed.
      core::Json payload = *before;
      for (const char* own : {"seq", "time", "kind", "previous", "signature", "status"}) payload.erase(own);
      payload["reason"] = fmt::format("an abort was given up: {}", error.message());
      end_run(*run.stores, by, (*before)["status"].get<std::string>(), std::move(payload));
    } else {
      stop_run(*run.stores, by, "failed", {{"error", error_document(error)["error"]}});
    }
  };
  std::string failed = "its verify failed, and the script went on";
  try {
    start_runbook(run.state, run.identity.runbook, run.services.run_information());
  } catch (const core::Error& e) {
    // A run that failed where its history ends fails there again, which is as far as it is followed.
    if (!run.services.all_served()) {
      give_up(e);
      throw;
    }
    failed = e.what();
  }
  if (!run.services.unsettled().empty()) {
    const core::Error unknown(
        core::Code::state,
        fmt::format("whether effect '{}' was applied is not known: {}", run.services.unsettled(), failed), request.run);
    give_up(unknown);
    throw unknown;
  }
  run.services.end_history();
  try {
    run.result.value = undo_runbook(run.state);
  } catch (const core::Error& e) {
    const std::string refused = run.services.give_up_undo();
    give_up(e);
    if (refused.empty()) throw;
    throw core::Error(
        e.code(),
        fmt::format("'{0}' was not taken back: {1}. Once that is mended, abort again; where it is to stay: "
                    "ballast runs abort {2} --leave '{0}'",
                    refused, e.message(), request.run),
        e.where());
  }
  run.result.status = "aborted";
  run.result.reason = request.reason;
  run.result.entries = run.services.entries();
  put_scripts(run.stores->objects, run.state.libraries());
  core::Json payload{{"result", run.result.value}, {"libraries_sha256", libraries_sha256(run.state.libraries())}};
  if (!request.reason.empty()) payload["reason"] = request.reason;
  end_run(*run.stores, by, "aborted", std::move(payload));
  return std::move(run.result);
}

}  // namespace ballast::host
