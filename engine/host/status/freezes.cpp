// Freezes in force, by the override files that a running system reads: docs/formats/freeze_override.md.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/run/stores.hpp"
#include "host/status/status.hpp"

namespace ballast::host {
namespace {

constexpr std::array<std::string_view, 4> kActions{"block_entries", "cancel_resting_orders", "reduce", "flatten"};

struct FreezeInForce {
  std::string kind, subject, reason;
  core::Instant until;
  std::vector<std::string> actions;
};

/// What the file says is in force now; nothing when all of it is over.
/// Throws: what a reader of the file does not understand, which blocks entries until somebody looked.
std::optional<FreezeInForce> read_override(const std::filesystem::path& file, const StatusQuestion& question) {
  const core::Json json = core::parse_json(core::read_file(file, std::size_t{1} << 20), file.string());
  const auto require = [&](bool holds, const char* what) {
    if (!holds) throw core::Error(core::Code::argument, fmt::format("it has an unknown {}", what), file.string());
  };
  require(json.is_object() && json.value("format", "") == "ballast-freeze-override", "format");
  require(json.value("version", 0) == 1, "version");
  const auto environment = core::name_of(question.configuration.settings.desk.environment);
  require(json.value("environment", "") == environment, "environment");
  const char* kind = json.contains("symbol") ? "symbol" : "strategy";
  FreezeInForce out{kind, json.at(kind).get<std::string>(), json.value("reason", ""), {}, {}};
  std::map<std::string, core::Instant> running;
  for (const core::Json& freeze : json.at("freezes")) {
    const core::Instant until = core::parse_instant(freeze.at("until").get<std::string>());
    if (question.now < until) running[freeze.at("freeze_id").get<std::string>()] = until;
  }
  for (const core::Json& action : json.at("actions")) {
    const std::string name = action.at("action").get<std::string>();
    require(std::find(kActions.begin(), kActions.end(), name) != kActions.end(), "action");
    bool in_force = false;
    for (const core::Json& id : action.at("freezes")) {
      const auto at = running.find(id.get<std::string>());
      if (at == running.end()) continue;
      in_force = true;
      out.until = std::max(out.until, at->second);
    }
    if (in_force) out.actions.push_back(name);
  }
  if (out.actions.empty()) return std::nullopt;
  return out;
}

}  // namespace

StatusPart freezes_status(const StatusQuestion& question) {
  StatusPart out;
  out.facts = core::Json::array();
  const auto folder = root_folder(question.desk, question.configuration.settings.runbooks.roots, "overrides") /
                      core::name_of(question.configuration.settings.desk.environment);
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".json") && (name.starts_with("symbol-") || name.starts_with("strategy-")))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    try {
      const auto freeze = read_override(file, question);
      if (!freeze) continue;
      const std::string until = core::format_instant(freeze->until);
      out.facts.push_back({{"subject", freeze->subject},
                           {"kind", freeze->kind},
                           {"until", until},
                           {"actions", freeze->actions},
                           {"reason", freeze->reason},
                           {"file", file.string()}});
      const std::string actions = fmt::format("{}", fmt::join(freeze->actions, ", "));
      out.findings.push_back(
          {"freeze_in_force", freeze->subject,
           fmt::format("{} is frozen until {} ({}): {}{}", freeze->subject, until,
                       format_age(freeze->until, question.now), actions,
                       freeze->reason.empty() ? "" : ", because: " + freeze->reason),
           fmt::format(
               "let it run out, or: ballast run incident_freeze --set action=release --set {}={} --set reason=...",
               freeze->kind, freeze->subject)});
      out.lines.push_back(fmt::format("{:<16} until {}, {}", freeze->subject, until, actions));
    } catch (const std::exception& e) {
      out.findings.push_back({"freeze_unreadable", file.filename().string(),
                              fmt::format("{} cannot be read, which blocks entries: {}", file.string(), e.what()),
                              "look at the file; a new decision of incident_freeze replaces it"});
      out.facts.push_back({{"file", file.string()}, {"unreadable", e.what()}});
      out.lines.push_back(fmt::format("{} cannot be read", file.filename().string()));
    }
  }
  if (out.lines.empty()) out.lines.emplace_back("none in force");
  return out;
}

}  // namespace ballast::host
