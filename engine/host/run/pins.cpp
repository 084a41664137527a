#include "host/run/pins.hpp"

#include <set>
#include <sstream>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "host/policy_runner.hpp"

namespace ballast::host {
namespace {

/// Policies by name with their SHA-256, the desk's before those of the installation.
core::Json policy_hashes(const Desk& desk) {
  core::Json out = core::Json::object();
  for (const auto& root : desk.roots()) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root / "policies", ignored)) {
      const std::string name = entry.path().stem().string();
      if (entry.path().extension() != ".lua" || name.ends_with("_test") || out.contains(name)) continue;
      out[name] = core::sha256_hex(core::read_file(entry.path()));
    }
  }
  return out;
}

void compare(const char* what, const core::Json& then, const core::Json& now, std::vector<std::string>& out) {
  std::set<std::string> names;
  for (const core::Json* each : {&then, &now}) {
    for (const auto& [name, sha256] : each->items()) names.insert(name);
  }
  for (const std::string& name : names) {
    if (then.value(name, "") != now.value(name, "")) out.push_back(fmt::format("the {} {}", what, name));
  }
}

}  // namespace

core::Json RunPins::hashes() const {
  return {{"settings_sha256", settings_sha256},
          {"libraries_sha256", core::sha256_hex(core::canonical_json(libraries))},
          {"policies_sha256", core::sha256_hex(core::canonical_json(policies))}};
}

core::Json RunPins::document() const {
  return {{"runbook", runbook_place},
          {"runbook_sha256", runbook_sha256},
          {"settings_sha256", settings_sha256},
          {"libraries", libraries},
          {"policies", policies}};
}

RunPins RunPins::read(const core::Json& document) {
  return {document.at("runbook").get<std::string>(), document.at("runbook_sha256").get<std::string>(),
          document.at("settings_sha256").get<std::string>(), document.at("libraries"), document.at("policies")};
}

RunPins RunPins::of_run(const core::Json& started, const journal::ObjectStore& objects) {
  const auto list = [&](const char* member) {
    return core::parse_json(objects.get(started.at(member).get<std::string>()), member);
  };
  return {started.at("runbook").at("place").get<std::string>(), started.at("runbook").at("sha256").get<std::string>(),
          started.at("settings_sha256").get<std::string>(), list("libraries_sha256"), list("policies_sha256")};
}

std::vector<std::string> RunPins::changes(const RunPins& now) const {
  std::vector<std::string> out;
  if (runbook_sha256 != now.runbook_sha256) out.push_back("the runbook " + runbook_place);
  compare("library", libraries, now.libraries, out);
  compare("policy", policies, now.policies, out);
  if (settings_sha256 != now.settings_sha256) out.emplace_back("the settings");
  return out;
}

std::vector<std::string> changed_settings(const core::Json& then, const core::Json& now) {
  std::set<std::string> out;
  for (const core::Json& change : core::Json::diff(then, now)) {
    std::string name;
    std::istringstream path(change["path"].get<std::string>());
    std::getline(path, name, '/');  // before the first
    name.clear();
    for (std::string part; std::getline(path, part, '/');) {
      if (part.find_first_not_of("0123456789-") == std::string::npos) break;  // a place in a list
      name += (name.empty() ? "" : ".") + part;
    }
    out.insert(name);
  }
  return {out.begin(), out.end()};
}

RunPins current_pins(const Desk& desk, const Configuration& configuration, const Script& script,
                     const std::vector<Script>& libraries) {
  return {script.place, script.sha256(), core::sha256_hex(configuration.bytes()), library_manifest(libraries),
          policy_hashes(desk)};
}

}  // namespace ballast::host
