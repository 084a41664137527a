#include "host/run.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/limits.hpp"
#include "host/run_services.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"
#include "host/version.hpp"

namespace ballast::host {
namespace {

Script load_runbook(const Desk& desk, const std::string& name) {
  const FolderSource source = desk.source();
  std::optional<std::filesystem::path> file = source.find(name);
  if (!file && name.find('/') == std::string::npos) file = source.find("runbooks/" + name + (name.ends_with(".lua") ? "" : ".lua"));
  if (!file) throw core::Error(core::Code::not_found, "no such runbook in the desk or the installation" + source.did_you_mean("runbooks", name), name);
  Script script = make_script(file->stem().string(), desk.place_of(*file), core::read_file(*file));
  script.file = *file;
  return script;
}

/// Everything a run's name depends on: the same call with the same clock gives the same name.
std::string run_id(const std::string& name, core::Instant time, const core::Json& identity, const std::filesystem::path& runs) {
  const std::string base = fmt::format("{}-{}-{}", name, core::format_stamp(time), core::sha256_hex(core::canonical_json(identity)).substr(0, 8));
  std::string id = base;
  for (int again = 2; std::filesystem::exists(runs / id); ++again) id = fmt::format("{}-{}", base, again);
  return id;
}

/// Gives libraries that were reviewed: in live the check stands before the code, whenever it is required.
class ReviewedSource final : public ScriptSource {
 public:
  ReviewedSource(FolderSource folders, const ReviewManifest* manifest, bool required)
      : folders_(std::move(folders)), manifest_(manifest), required_(required) {}
  Script library(const std::string& name) override {
    Script script = folders_.library(name);
    if (manifest_ != nullptr && required_) manifest_->review({script}, true);
    return script;
  }
  Script policy(const std::string& name) override { return folders_.policy(name); }

 private:
  FolderSource folders_;
  const ReviewManifest* manifest_;
  bool required_;
};

/// Signers, objects, log and journal of one run. The log refers to the keys, so nothing here moves.
struct OpenStores {
  OpenStores(const Desk& desk, Environment environment, const core::Clock& clock, const std::string& run, bool clock_given)
      : keys(open_keys(desk, environment, clock)),
        objects(objects_folder(desk)),
        log(journal::DecisionLog::open(log_folder(desk), *keys.entry, *keys.head, keys.ring, clock, log_options(run, clock_given))),
        manifest(ReviewManifest::read(desk, keys.ring)) {
    log.seal_finished();  // days that are over take no more entries
  }
  OpenStores(const OpenStores&) = delete;
  OpenStores& operator=(const OpenStores&) = delete;

  Keys keys;
  journal::ObjectStore objects;
  journal::DecisionLog log;
  ReviewManifest manifest;
  std::optional<journal::RunJournal> journal;  ///< begun once the runbook could be loaded

 private:
  static journal::LogOptions log_options(const std::string& run, bool clock_given) {
    journal::LogOptions out{std::string(kVersion), std::string(kBuild), {}};
    // With a given clock everything follows from what was given, the name of a new log too.
    if (clock_given) out.log_id = core::sha256_hex(run).substr(0, 32);
    return out;
  }
};

void put_scripts(const journal::ObjectStore& objects, const Script& runbook, const std::vector<Script>& libraries) {
  objects.put(runbook.text);
  for (const Script& each : libraries) objects.put(each.text);
  objects.put(core::canonical_json(library_manifest(libraries)));
}

core::Json started_payload(const RunIdentity& identity, const RunbookInfo& info, const Script& script, const Configuration& configuration,
                           const std::vector<Script>& libraries) {
  core::Json out{{"runbook", {{"name", info.name}, {"version", info.version}, {"sha256", script.sha256()}, {"place", script.place}}},
                 {"parameters", identity.parameters},
                 {"actor", identity.actor},
                 {"environment", std::string(core::name_of(identity.environment))},
                 {"engine", {{"version", std::string(kVersion)}, {"build", std::string(kBuild)}}},
                 {"settings_sha256", core::sha256_hex(configuration.bytes())},
                 {"libraries_sha256", core::sha256_hex(core::canonical_json(library_manifest(libraries)))}};
  out["decision_time"] = core::format_instant(identity.time);
  if (identity.clock_given) out["clock"] = "given";
  return out;
}

/// Loads a runbook with looking effects only and reads what it declares.
RunbookInfo describe_script(const Desk& desk, const Configuration& configuration, const Script& script) {
  FolderSource source = desk.source();
  const core::SystemClock clock;
  DeskServices services(desk, configuration, clock);
  State state(services, repl_profile(false), source, configuration.settings.limits.runbook);
  state.load(script);
  state.call(0, 1);
  return read_runbook(state, script.place);
}

}  // namespace

std::string actor_name(const Configuration& configuration, const std::string& given) {
  if (!given.empty()) return given;
  if (!configuration.settings.desk.actor.empty()) return configuration.settings.desk.actor;
  if (const passwd* entry = getpwuid(geteuid()); entry != nullptr) return entry->pw_name;
  return fmt::format("uid{}", geteuid());
}

RunbookInfo read_runbook(State& state, const std::string& place) {
  lua_State* L = state.get();
  const auto refuse = [&](std::string_view found) {
    return core::Error(core::Code::argument, fmt::format("not a runbook: expected the script to return runbook.define{{...}}, found {}", found), place);
  };
  if (lua_type(L, -1) != LUA_TTABLE) throw refuse(lua_typename(L, lua_type(L, -1)));
  const auto field = [&](const char* key) {
    lua_pushstring(L, key);
    lua_rawget(L, -2);
    const int type = lua_type(L, -1);
    if (type == LUA_TNIL || type == LUA_TFUNCTION) {
      lua_pop(L, 1);
      return core::Json();
    }
    return state.take_json(fmt::format("{}: {}", place, key));
  };
  RunbookInfo out;
  out.file = place;
  const core::Json name = field("name"), summary = field("summary");
  if (!name.is_string()) throw refuse("a table without a name");
  out.name = name.get<std::string>();
  if (summary.is_string()) out.summary = summary.get<std::string>();
  out.version = field("version");
  out.parameters = read_parameters(field("params"));
  lua_pushliteral(L, "start");
  lua_rawget(L, -2);
  if (lua_type(L, -1) != LUA_TFUNCTION) throw refuse("a table that runbook.define did not make");
  lua_pop(L, 1);
  return out;
}

RunbookInfo describe_runbook(const Desk& desk, const Configuration& configuration, const std::string& runbook) {
  return describe_script(desk, configuration, load_runbook(desk, runbook));
}

RunResult execute_run(const Desk& desk, const Configuration& configuration, const RunRequest& request) {
  const Environment environment = configuration.settings.desk.environment;
  if (request.now && environment == Environment::live) {
    throw core::Error(core::Code::argument, "a given clock is refused in live: a decision there has the time it was made", "--now");
  }
  const Script script = load_runbook(desk, request.runbook);
  const core::SystemClock system;
  const core::FixedClock given(request.now.value_or(core::Instant{}));
  const core::Clock& clock = request.now ? static_cast<const core::Clock&>(given) : system;

  // The parameters are declared by the script, so it is loaded once to read them before anything is written.
  const RunbookInfo info = describe_script(desk, configuration, script);
  RunIdentity identity;
  identity.runbook = info.name;
  identity.parameters = parameter_values(info.parameters, request.parameters);
  identity.actor = actor_name(configuration, request.actor);
  identity.environment = environment;
  for (const Parameter& each : info.parameters) {
    const bool named = std::any_of(request.parameters.begin(), request.parameters.end(), [&](const std::string& text) { return text.starts_with(each.name + "="); });
    if (each.type == "file" && named) identity.named_files.push_back(identity.parameters[each.name].get<std::string>());
  }
  identity.clock_given = request.now.has_value();
  const core::Instant started = clock.now();
  identity.time = started;
  identity.id = run_id(info.name, started, {{"runbook", script.sha256()}, {"parameters", identity.parameters}, {"settings", core::sha256_hex(configuration.bytes())},
                                            {"time", core::format_instant(started)}}, runs_folder(desk));

  RunResult result;
  result.id = identity.id;
  result.runbook = info.name;
  result.file = script.place;
  result.dry_run = request.dry_run;
  std::optional<OpenStores> stores;
  if (!request.dry_run) {
    stores.emplace(desk, environment, clock, identity.id, identity.clock_given);
    result.made_keys = stores->keys.made;
  }
  RunStores open;
  if (stores) open = {&stores->objects, &stores->log, nullptr, &stores->keys, &stores->manifest};
  RunServices services(desk, configuration, clock, identity, open);
  if (request.json) services.print_to_standard_error();
  services.limit_output(static_cast<std::size_t>(configuration.settings.limits.runbook.output_kib) << 10);
  ReviewedSource source(desk.source(), stores ? &stores->manifest : nullptr, environment == Environment::live);
  if (stores) stores->manifest.review({script}, environment == Environment::live);
  State state(services, runbook_profile(), source, configuration.settings.limits.runbook);
  state.load(script);
  state.call(0, 1);
  read_runbook(state, script.place);
  if (stores) {
    put_scripts(stores->objects, script, state.libraries());
    stores->objects.put(configuration.bytes());
    stores->journal = journal::RunJournal::create(runs_folder(desk) / identity.id, identity.id,
                                                  started_payload(identity, info, script, configuration, state.libraries()), clock);
    services.begin(*stores->journal);
  }
  try {
    lua_pushliteral(state.get(), "start");
    lua_rawget(state.get(), -2);
    state.push_json(services.run_information());
    state.call(1, 1);
    result.value = state.take_json(fmt::format("result of {}", info.name));
  } catch (const core::Error& e) {
    if (stores) {
      try {
        stores->journal->finish({{"status", was_interrupted() ? "interrupted" : "failed"}, {"error", error_document(e)["error"]}}, *stores->keys.journal);
      } catch (const core::Error&) {
        // The journal itself may be what failed; the first error is the one to report.
      }
    }
    throw;
  }
  if (stores) {
    put_scripts(stores->objects, script, state.libraries());
    stores->journal->finish({{"status", "finished"}, {"result", result.value},
                             {"libraries_sha256", core::sha256_hex(core::canonical_json(library_manifest(state.libraries())))}},
                            *stores->keys.journal);
  }
  result.artefacts = services.artefacts();
  result.entries = services.entries();
  return result;
}

}  // namespace ballast::host
