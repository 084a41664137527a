#include "host/run/identity.hpp"

#include <fmt/format.h>

#include "core/digest.hpp"
#include "host/version.hpp"

namespace ballast::host {

RunIdentity new_identity(const Configuration& configuration, const RunRequest& request, const RunbookInfo& info,
                         const ParameterValues& given, core::Instant time) {
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
  return out;
}

RunIdentity recorded_identity(const core::Json& recorded) {
  RunIdentity out;
  out.id = recorded["run"].get<std::string>();
  out.runbook = recorded["runbook"]["name"].get<std::string>();
  out.parameters = recorded["parameters"];
  out.actor = recorded["actor"].get<std::string>();
  const std::string environment = recorded["environment"].get<std::string>();
  for (const auto& [value, name] : core::Names<Environment>::values) {
    if (name == environment) out.environment = value;
  }
  out.clock_given = recorded.value("clock", "") == "given";
  if (recorded.contains("files")) out.named_files = recorded["files"].get<std::vector<std::string>>();
  out.time = core::parse_instant(recorded["decision_time"].get<std::string>());
  if (recorded.contains("parent")) {
    const core::Json& parent = recorded["parent"];
    out.parent = ParentRun{parent["run"].get<std::string>(), parent["name"].get<std::string>(),
                           parent["depth"].get<std::size_t>()};
  }
  return out;
}

std::string head_of_family(const RunIdentity& identity) {
  return identity.parent ? identity.id.substr(0, identity.id.find('.')) : identity.id;
}

std::string name_for_head(const RunIdentity& identity, const std::string& name) {
  // Further down the names on the way are not known here; without them the name is for all.
  return identity.parent && identity.parent->depth == 1 ? identity.parent->name + "/" + name : name;
}

journal::Draft draft_entry(const RunIdentity& identity, const std::string& kind) {
  journal::Draft out;
  out.kind = kind;
  out.actor = identity.actor;
  out.environment = std::string(core::name_of(identity.environment));
  out.run = identity.id;
  out.clock_given = identity.clock_given;
  return out;
}

std::string base_id(const RunIdentity& identity, const Script& script, const Configuration& configuration) {
  const core::Json depends_on{{"runbook", script.sha256()},
                              {"parameters", identity.parameters},
                              {"settings", core::sha256_hex(configuration.bytes())},
                              {"time", core::format_instant(identity.time)}};
  return fmt::format("{}-{}-{}", identity.runbook, core::format_stamp(identity.time),
                     core::sha256_hex(core::canonical_json(depends_on)).substr(0, 8));
}

std::string first_id(const std::string& base, const std::function<bool(const std::string&)>& take) {
  std::string id = base;
  for (int again = 2; !take(id); ++again) id = fmt::format("{}-{}", base, again);
  return id;
}

core::Json identity_payload(const RunIdentity& identity, const RunbookInfo& info, const Script& script,
                            const ParameterValues& given) {
  core::Json out{
      {"runbook",
       {{"name", info.name}, {"version", info.version}, {"sha256", script.sha256()}, {"place", script.place}}},
      {"parameters", identity.parameters},
      {"origins", given.origins},
      {"actor", identity.actor},
      {"environment", std::string(core::name_of(identity.environment))},
      {"engine", {{"version", std::string(kVersion)}, {"build", std::string(kBuild)}}},
      {"decision_time", core::format_instant(identity.time)}};
  if (identity.clock_given) out["clock"] = "given";
  if (!info.acceptance.empty()) out["acceptance"] = info.acceptance;
  if (!given.secret_references.empty()) out["secrets"] = given.secret_references;  // never what they lead to
  if (!identity.named_files.empty()) out["files"] = identity.named_files;
  if (identity.parent) {
    out["parent"] = {{"run", identity.parent->run}, {"name", identity.parent->name}, {"depth", identity.parent->depth}};
  }
  return out;
}

}  // namespace ballast::host
