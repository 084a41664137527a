#include "host/run/reopened_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "host/replay.hpp"
#include "host/run/identity.hpp"
#include "host/run/look_ahead.hpp"
#include "host/run/record.hpp"
#include "host/run/resumed_secrets.hpp"
#include "host/version.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::host {
namespace {

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

}  // namespace

ReopenedRun::ReopenedRun(const Desk& desk, const Configuration& configuration, Purpose purpose, ReadRun read,
                         Reopener by)
    : desk_(desk),
      configuration_(configuration),
      purpose_(purpose),
      folder_(std::move(read.folder)),
      journal_(fold_journal(std::move(read.records))),
      identity(recorded_identity(journal_.started)),
      clock_(identity.clock_given ? std::optional(identity.time) : std::nullopt),
      actor_(actor_name(configuration, by.actor)),
      manifest_(ReviewManifest::read(desk, sign::KeyRing::open(desk.keys))),
      source_(desk.source(), manifest_, identity.environment == Environment::live),
      children_(desk, configuration, std::move(by.for_children)),
      services(desk, configuration, clock_),
      state(services, runbook_profile(), source_, configuration.settings.limits.runbook) {
  require_open();
  require_no_parent(desk, identity, by.by_parent);
  services.with_children(children_);
  if (by.json) services.print_to_standard_error();
  if (purpose == Purpose::take_back) services.print_nothing();  // it goes through what was done, and does it not
  services.limit_output(static_cast<std::size_t>(configuration.settings.limits.runbook.output_kib) << 10);
  script_ = find_runbook(desk, journal_.started["runbook"]["place"].get<std::string>());
  if (identity.environment == Environment::live) manifest_.review({script_}, true);
  info_ = load_runbook(state, script_);
  identity.roots = resolve_roots(desk, recorded_roots(journal_.started, configuration.settings.runbooks.roots), info_);
  result.id = identity.id;
  result.runbook = info_.name;
  result.file = script_.place;
}

std::vector<std::string> ReopenedRun::check_pins(bool accept) {
  pins_ = current_pins(desk_, configuration_, script_, state.libraries());
  const journal::ObjectStore objects(objects_folder(desk_));
  const RunPins then = RunPins::of_run(journal_.started, objects);
  std::vector<std::string> changed = then.changes(*pins_);
  if (then.settings_sha256 != pins_->settings_sha256) {
    const auto names = changed_settings(core::parse_json(objects.get(then.settings_sha256), "settings"),
                                        core::parse_json(configuration_.bytes(), "settings"));
    changed.back() += fmt::format(" {}", fmt::join(names, ", "));  // they are named last
  }
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

void ReopenedRun::open(const std::vector<std::string>& accepted) {
  const bool aborting = purpose_ == Purpose::take_back;
  target_.emplace(desk_, info_, identity, use_of_target(), clock_);
  stores.emplace(desk_, clock_, identity);
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

void ReopenedRun::read_secrets_again(const ResumeRequest& request) {
  secrets_ = secrets_again(journal_.started, info_.parameters, request.secrets, request.may_ask);
}

void ReopenedRun::with_people(const ResumeRequest& request) {
  services.with_people({actor_,
                        {request.confirmed.begin(), request.confirmed.end()},
                        request.may_ask,
                        &secrets_,
                        [this](const std::string& approval) {
                          return look_ahead(desk_, configuration_, source_, script_, identity, clock_, children_,
                                            approval);
                        }});
}

TargetUse ReopenedRun::use_of_target() const {
  if (purpose_ == Purpose::go_on) return TargetUse::resume;
  const bool ended = journal_.end && (*journal_.end)["kind"] == "run_finished";
  return ended ? TargetUse::abort_ended : TargetUse::abort;
}

void ReopenedRun::require_open() const {
  if (journal_.end && !can_be_opened(*journal_.end, purpose_)) throw has_ended(*journal_.end, identity.id);
}

void ReopenedRun::take_journal(std::set<std::uint64_t>& named) {
  bool judged = false;
  const auto judge = [&](std::vector<journal::RunRecord> records) {
    judged = true;
    check_folder(records);
    check_stated(records);
    for (const journal::RunRecord& each : records) {
      if (each.json.contains("entry_seq")) named.insert(each.json["entry_seq"].get<std::uint64_t>());
    }
    unfinished_ = unfinished_artefacts(records);
    journal_ = fold_journal(std::move(records));
    require_open();
  };
  const bool reopens = purpose_ == Purpose::take_back;
  try {
    stores->journal = journal::RunJournal::open(
        folder_, *stores->keys.journal, clock_,
        {&stores->keys.ring, judge, reopens ? journal::Ended::reopened : journal::Ended::refused});
  } catch (const core::Error&) {
    // A verification says more exactly what does not hold than who only reads along.
    if (!judged && !journal::RunJournal::is_written(folder_))
      refuse_findings(journal::verify_run(folder_, stores->keys.ring, {}), identity.id);
    throw;
  }
  stores->journal->tell(observer);
}

void ReopenedRun::check_folder(const std::vector<journal::RunRecord>& records) {
  std::set<std::string> own{std::string(journal::kRunJournalName)};
  // Who dies between a stop's record and what the log says of it leaves a summary that is half written; it follows from
  // the journal, and is written again when the run stops or ends.
  if (!records.empty() && records.back().json["kind"] == "run_stopped" &&
      !is_stated(*stores, identity, records.back())) {
    for (const std::string_view each : {kSummaryName, kRecordName})
      own.insert({std::string(each), fmt::format("{}.sig", each)});
  }
  journal::VerifyReport report = journal::verify_tree(folder_, stores->keys.ring, {}, own);
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

void ReopenedRun::check_stated(const std::vector<journal::RunRecord>& records) {
  journal::Query query;
  query.run = identity.id;
  query.limit = 1000000;
  for (const journal::Entry& each : stores->log.query(query)) {
    const core::Json entry = each.json();
    if (!journal::states_journal(entry["kind"].get<std::string>())) continue;
    const auto stated = entry["journal"]["records"].get<std::uint64_t>();
    if (stated <= records.size() && records[stated - 1].sha256 == entry["journal"]["sha256"]) continue;
    throw core::Error(core::Code::state,
                      fmt::format("entry {} of the log states another end of the run's journal, record {}: it was cut "
                                  "or changed; run ballast verify",
                                  each.place.seq, stated),
                      identity.id);
  }
}

std::vector<journal::Entry> ReopenedRun::unclaimed_entries(const std::vector<journal::RunRecord>& kept,
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

}  // namespace ballast::host
