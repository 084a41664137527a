#include "host/run.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/limits.hpp"
#include "host/run_services.hpp"
#include "host/runbook.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"
#include "host/version.hpp"

namespace ballast::host {
namespace {

/// Everything a run's name depends on: the same call with the same clock gives the same name.
std::string base_id(const std::string& name, core::Instant time, const core::Json& identity) {
  return fmt::format("{}-{}-{}", name, core::format_stamp(time),
                     core::sha256_hex(core::canonical_json(identity)).substr(0, 8));
}

/// The first of `base`, `base-2`, ... that `take` accepts.
template <class Take>
std::string first_id(const std::string& base, Take take) {
  std::string id = base;
  for (int again = 2; !take(id); ++again) id = fmt::format("{}-{}", base, again);
  return id;
}

/// A run's name and its folder, which belongs to whoever made it: of equal runs that begin at once each has its own.
/// A claim that no journal followed is given back.
class ClaimedRun {
 public:
  ClaimedRun(const std::filesystem::path& runs, const std::string& base) {
    core::create_folders(runs);
    id_ = first_id(base, [&](const std::string& id) {
      folder_ = runs / id;
      if (::mkdir(folder_.c_str(), 0777) == 0) return true;
      if (errno != EEXIST) core::throw_errno("create folder", folder_.string(), errno);
      return false;
    });
  }
  ClaimedRun(const ClaimedRun&) = delete;
  ClaimedRun& operator=(const ClaimedRun&) = delete;
  ~ClaimedRun() { ::rmdir(folder_.c_str()); }  // does nothing to a folder that holds a journal

  const std::string& id() const noexcept { return id_; }
  const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::string id_;
  std::filesystem::path folder_;
};

/// Gives libraries that were reviewed: in live the check stands before the code, whenever it is required.
class ReviewedSource final : public ScriptSource {
 public:
  ReviewedSource(FolderSource folders, const ReviewManifest& manifest, bool required)
      : folders_(std::move(folders)), manifest_(manifest), required_(required) {}
  Script library(const std::string& name) override {
    Script script = folders_.library(name);
    if (required_) manifest_.review({script}, true);
    return script;
  }
  Script policy(const std::string& name) override { return folders_.policy(name); }

 private:
  FolderSource folders_;
  const ReviewManifest& manifest_;
  bool required_;
};

/// Signers, objects, log and journal of one run. The log refers to the keys, so nothing here moves.
struct OpenStores {
  OpenStores(const Desk& desk, const core::Clock& clock, const RunIdentity& identity)
      : keys(open_keys(desk, identity.environment, clock)),
        objects(objects_folder(desk)),
        log(journal::DecisionLog::open(log_folder(desk), *keys.entry, *keys.head, keys.ring, clock,
                                       log_options(identity))) {
    log.seal_finished();  // days that are over take no more entries
  }
  OpenStores(const OpenStores&) = delete;
  OpenStores& operator=(const OpenStores&) = delete;

  Keys keys;
  journal::ObjectStore objects;
  journal::DecisionLog log;
  std::optional<journal::RunJournal> journal;

 private:
  static journal::LogOptions log_options(const RunIdentity& identity) {
    journal::LogOptions out{std::string(kVersion), std::string(kBuild), {}};
    // With a given clock everything follows from what was given, the name of a new log too.
    if (identity.clock_given) out.log_id = core::sha256_hex(identity.id).substr(0, 32);
    return out;
  }
};

std::string libraries_sha256(const std::vector<Script>& libraries) {
  return core::sha256_hex(core::canonical_json(library_manifest(libraries)));
}

void put_scripts(const journal::ObjectStore& objects, const std::vector<Script>& libraries) {
  for (const Script& each : libraries) objects.put(each.text);
  objects.put(core::canonical_json(library_manifest(libraries)));
}

core::Json started_payload(const RunIdentity& identity, const RunbookInfo& info, const Script& script,
                           const Configuration& configuration, const std::vector<Script>& libraries,
                           std::uint64_t log_seq) {
  core::Json out{
      {"runbook",
       {{"name", info.name}, {"version", info.version}, {"sha256", script.sha256()}, {"place", script.place}}},
      {"parameters", identity.parameters},
      {"actor", identity.actor},
      {"environment", std::string(core::name_of(identity.environment))},
      {"engine", {{"version", std::string(kVersion)}, {"build", std::string(kBuild)}}},
      {"settings_sha256", core::sha256_hex(configuration.bytes())},
      {"libraries_sha256", libraries_sha256(libraries)}};
  out["decision_time"] = core::format_instant(identity.time);
  if (identity.clock_given) out["clock"] = "given";
  out["log_seq"] = log_seq;  // where in the log's order the run began: clocks can be given and go back
  return out;
}

RunIdentity identify(const Desk& desk, const Configuration& configuration, const RunRequest& request,
                     const RunbookInfo& info, const ParameterValues& given, const Script& script, core::Instant time,
                     std::string& base) {
  RunIdentity out;
  out.runbook = info.name;
  out.parameters = given.values;
  out.actor = actor_name(configuration, request.actor);
  out.environment = configuration.settings.desk.environment;
  for (const Parameter& each : info.parameters) {
    if (each.type == "file" && given.was_given(each.name))
      out.named_files.push_back(out.parameters[each.name].get<std::string>());
  }
  out.clock_given = request.now.has_value();
  out.time = time;
  base = base_id(info.name, time,
                 {{"runbook", script.sha256()},
                  {"parameters", out.parameters},
                  {"settings", core::sha256_hex(configuration.bytes())},
                  {"time", core::format_instant(time)}});
  out.id = first_id(base, [&](const std::string& id) { return !std::filesystem::exists(runs_folder(desk) / id); });
  return out;
}

/// Ends a run's journal and states its end in the log, so that whoever removes the journal, or its end, is found out.
void end_run(OpenStores& stores, const RunIdentity& identity, const std::string& status, core::Json payload) {
  payload["status"] = status;
  const journal::RunRecord last = stores.journal->finish(payload);
  journal::Draft draft;
  draft.kind = "run_finished";
  draft.actor = identity.actor;
  draft.environment = std::string(core::name_of(identity.environment));
  draft.run = identity.id;
  draft.clock_given = identity.clock_given;
  draft.note = fmt::format("{} {}", identity.runbook, status);
  draft.journal = journal::JournalEnd{last.seq, last.sha256, status};
  stores.log.append(draft);
}

/// Runs main between the first and the last record of the journal.
core::Json perform(State& state, RunServices& services, OpenStores& stores, const RunIdentity& identity) {
  core::Json result;
  try {
    result = start_runbook(state, identity.runbook, services.run_information());
  } catch (const core::Error& e) {
    try {
      end_run(stores, identity, was_interrupted() ? "interrupted" : "failed", {{"error", error_document(e)["error"]}});
    } catch (const core::Error&) {
      // The journal itself may be what failed; the first error is the one to report.
    }
    throw;
  }
  put_scripts(stores.objects, state.libraries());
  end_run(stores, identity, "finished",
          {{"result", result}, {"libraries_sha256", libraries_sha256(state.libraries())}});
  return result;
}

}  // namespace

std::string actor_name(const Configuration& configuration, const std::string& given) {
  if (!given.empty()) return given;
  if (!configuration.settings.desk.actor.empty()) return configuration.settings.desk.actor;
  if (const passwd* entry = getpwuid(geteuid()); entry != nullptr) return entry->pw_name;
  return fmt::format("uid{}", geteuid());
}

RunResult execute_run(const Desk& desk, const Configuration& configuration, const RunRequest& request) {
  const bool live = configuration.settings.desk.environment == Environment::live;
  if (request.now && live) {
    throw core::Error(core::Code::argument,
                      "a given clock is refused in live: a decision there has the time it was made", "--now");
  }
  const core::SystemClock system;
  const core::FixedClock given(request.now.value_or(core::Instant{}));
  const core::Clock& clock = request.now ? static_cast<const core::Clock&>(given) : system;

  const Script script = find_runbook(desk, request.runbook);
  const ReviewManifest manifest = ReviewManifest::read(desk, sign::KeyRing::open(desk.keys));
  if (live) manifest.review({script}, true);
  ReviewedSource source(desk.source(), manifest, live);
  RunServices services(desk, configuration, clock);
  if (request.json) services.print_to_standard_error();
  services.limit_output(static_cast<std::size_t>(configuration.settings.limits.runbook.output_kib) << 10);
  State state(services, runbook_profile(), source, configuration.settings.limits.runbook);
  const RunbookInfo info = load_runbook(state, script);
  // Before the clock is read: people take their time to answer.
  const ParameterValues given_values = gather_parameters(info.parameters, request.parameters);
  std::string base;  // of the run's name, which equal runs share
  RunIdentity identity = identify(desk, configuration, request, info, given_values, script, clock.now(), base);

  RunResult result;
  result.runbook = info.name;
  result.file = script.place;
  result.dry_run = request.dry_run;
  if (request.dry_run) {
    result.id = identity.id;
    services.begin(identity, {});
    result.value = start_runbook(state, info.name, services.run_information());
    return result;
  }
  OpenStores stores(desk, clock, identity);
  result.made_keys = stores.keys.made;
  stores.objects.put(script.text);
  put_scripts(stores.objects, state.libraries());
  stores.objects.put(configuration.bytes());
  // As late as can be: a folder without a journal is a finding for whoever verifies at this moment.
  const ClaimedRun claimed(runs_folder(desk), base);
  result.id = identity.id = claimed.id();
  stores.journal = journal::RunJournal::create(
      claimed.folder(), identity.id,
      started_payload(identity, info, script, configuration, state.libraries(), stores.log.last_seq()),
      *stores.keys.journal, clock);
  services.begin(identity, {&stores.objects, &stores.log, &*stores.journal, &stores.keys, &manifest});
  result.value = perform(state, services, stores, identity);
  result.artefacts = services.artefacts();
  result.entries = services.entries();
  return result;
}

}  // namespace ballast::host
