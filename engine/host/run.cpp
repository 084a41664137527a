#include "host/run.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/perform_run.hpp"
#include "host/reviewed_source.hpp"
#include "host/run_stores.hpp"
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

/// Begins the journal under the first of the run's names that is free: of equal runs that begin at once each has its
/// own. Returns the name.
std::string begin_journal(OpenStores& stores, const Desk& desk, const std::string& base, const core::Json& payload,
                          const core::Clock& clock) {
  return first_id(base, [&](const std::string& id) {
    const auto folder = runs_folder(desk) / id;
    try {
      stores.journal = journal::RunJournal::create(folder, id, payload, *stores.keys.journal, clock);
    } catch (const core::Error& e) {
      if (e.code() != core::Code::state || !std::filesystem::exists(folder)) throw;
      return false;
    }
    return true;
  });
}

core::Json started_payload(const RunIdentity& identity, const RunbookInfo& info, const Script& script,
                           const ParameterValues& given, const RunPins& pins, std::uint64_t log_seq) {
  core::Json out = pins.json();
  out["runbook"] = {
      {"name", info.name}, {"version", info.version}, {"sha256", script.sha256()}, {"place", script.place}};
  out["parameters"] = identity.parameters;
  out["actor"] = identity.actor;
  out["environment"] = std::string(core::name_of(identity.environment));
  out["engine"] = {{"version", std::string(kVersion)}, {"build", std::string(kBuild)}};
  out["decision_time"] = core::format_instant(identity.time);
  if (identity.clock_given) out["clock"] = "given";
  out["origins"] = given.origins;
  if (!given.secret_references.empty()) out["secrets"] = given.secret_references;  // never what they lead to
  if (!identity.named_files.empty()) out["files"] = identity.named_files;
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
  const core::FixedClock fixed(request.now.value_or(core::Instant{}));
  const core::Clock& clock = request.now ? static_cast<const core::Clock&>(fixed) : system;

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
  const ParameterValues given = gather_parameters(info.parameters, request.parameters);
  std::string base;  // of the run's name, which equal runs share
  RunIdentity identity = identify(desk, configuration, request, info, given, script, clock.now(), base);
  identity.roots = resolve_roots(desk, configuration, info);

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
  const RunPins pins = current_pins(desk, configuration, script, state.libraries());
  keep_pinned(stores.objects, pins, configuration, script, state.libraries());
  result.id = identity.id = begin_journal(
      stores, desk, base, started_payload(identity, info, script, given, pins, stores.log.last_seq()), clock);
  if (request.begun) request.begun(identity.id);
  services.begin(identity, {&stores.objects, &stores.log, &*stores.journal, &stores.keys, &manifest});
  perform_run(state, services, stores, identity, result);
  return result;
}

}  // namespace ballast::host
