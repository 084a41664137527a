#include "host/run/record.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/run/history.hpp"

namespace ballast::host {
namespace {

using core::Json;

double seconds_between(const Json& first, const Json& last) {
  const auto instant = [](const Json& record) { return core::parse_instant(record.at("time").get<std::string>()); };
  return static_cast<double>(instant(last).microseconds - instant(first).microseconds) / 1e6;
}

/// Units in order. A step that was begun and has no end is what the run was doing.
Json units_of(const std::vector<journal::RunRecord>& records) {
  Json out = Json::array();
  const Json* begun = nullptr;
  for (const journal::RunRecord& each : records) {
    const Json& record = each.json;
    const std::string kind = record["kind"].get<std::string>();
    if (kind == "step_started") begun = &record;
    if (!is_unit(record)) continue;
    Json unit{{"unit", describe_unit(record)}, {"time", record["time"]}, {"result", "done"}};
    if (kind == "step_finished") {
      if (begun != nullptr) unit["seconds"] = seconds_between(*begun, record);
      begun = nullptr;
      if (record.contains("error")) {
        unit["result"] = "failed";
        unit["error"] = record["error"].value("message", "");
      }
      if (record.contains("outcome_sha256")) unit["outcome_sha256"] = record["outcome_sha256"];
    }
    out.push_back(std::move(unit));
  }
  if (begun != nullptr)
    out.push_back({{"unit", describe_record(*begun)}, {"time", (*begun)["time"]}, {"result", "not completed"}});
  return out;
}

/// Members of the records of one kind, under the names that a summary has.
Json chosen(const std::vector<journal::RunRecord>& records, std::string_view kind,
            const std::vector<std::pair<const char*, const char*>>& members) {
  Json out = Json::array();
  for (const journal::RunRecord& each : records) {
    if (each.json["kind"] != kind) continue;
    Json row = Json::object();
    for (const auto& [from, to] : members) {
      if (each.json.contains(from)) row[to] = each.json[from];
    }
    out.push_back(std::move(row));
  }
  return out;
}

Json acceptance_of(const Json& started, const std::vector<journal::RunRecord>& records) {
  Json out = Json::array();
  for (const Json& text : started.value("acceptance", Json::array())) {
    const bool held = std::any_of(records.begin(), records.end(), [&](const journal::RunRecord& each) {
      return each.json["kind"] == "check" && each.json["text"] == text;
    });
    out.push_back({{"text", text}, {"held", held}});
  }
  return out;
}

/// Text for a cell: one line, and no bar that would end it.
std::string cell(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string table(const std::string& title, const std::vector<const char*>& names, const Json& rows) {
  if (rows.empty()) return {};
  std::string out = fmt::format("\n## {}\n\n|", title), line = "\n|";
  for (const char* name : names) {
    out += fmt::format(" {} |", name);
    line += "---|";
  }
  out += line + "\n";
  for (const Json& row : rows) {
    out += "|";
    for (const char* name : names) out += fmt::format(" {} |", row.contains(name) ? cell(row[name]) : "");
    out += "\n";
  }
  return out;
}

}  // namespace

Json run_summary(const std::vector<journal::RunRecord>& all) {
  const FoldedJournal run = fold_journal(all);
  const Json& started = run.started;
  Json out{{"format", std::string(kSummaryFormat)}, {"version", 1}};
  for (const char* member :
       {"run", "runbook", "actor", "environment", "engine", "decision_time", "clock", "scheduled", "parameters",
        "origins", "settings_sha256", "libraries_sha256", "policies_sha256", "plan_sha256", "planned_by", "parent"}) {
    if (started.contains(member)) out[member] = started[member];
  }
  out["started"] = started["time"];
  out["changed"] = all.back().json["time"];
  out["status"] = run.end ? (*run.end)["status"] : Json("died");
  if (run.end) {
    for (const char* member : {"reason", "result"}) {
      if (run.end->contains(member)) out[member] = (*run.end)[member];
    }
    if (run.end->contains("error")) out["error"] = (*run.end)["error"].value("message", "");
  }
  out["units"] = units_of(run.records);
  out["decisions"] =
      chosen(run.records, "decision",
             {{"policy", "policy"}, {"policy_sha256", "policy_sha256"}, {"outcome", "answer"}, {"entry_seq", "entry"}});
  out["approvals"] = Json::array();
  for (const journal::RunRecord& each : run.records) {
    if (each.json["kind"] != "approval_given") continue;
    for (const Json& answer : each.json["approvals"]) out["approvals"].push_back(answer["approval"]);
  }
  out["confirmations"] =
      chosen(run.records, "confirm", {{"name", "name"}, {"text", "text"}, {"actor", "actor"}, {"by", "by"}});
  out["artefacts"] = chosen(run.records, "artefact", {{"path", "path"}, {"sha256", "sha256"}});
  out["children"] = Json::array();
  for (Json& each :
       chosen(run.records, "child", {{"state", "state"}, {"name", "name"}, {"run", "run"}, {"status", "status"}})) {
    if (each["state"] == "begun") continue;
    each.erase("state");
    out["children"].push_back(std::move(each));
  }
  out["undone"] = Json::array();
  for (const auto& [name, state] : run.undone) out["undone"].push_back({{"effect", name}, {"state", state}});
  out["acceptance"] = acceptance_of(started, run.records);
  out["resumed"] = chosen(all, "run_resumed",
                          {{"time", "time"}, {"actor", "actor"}, {"accepted", "accepted"}, {"aborting", "aborting"}});
  out["remarks"] = Json::array();
  for (const journal::RunRecord& each : all) {  // that a wait began says nothing once it is over
    if (each.json["kind"] == "note" && !each.json.contains("wait") && !each.json.contains("artefact"))
      out["remarks"].push_back({{"time", each.json["time"]}, {"remark", each.json["note"]}});
  }
  for (Json& each : chosen(all, "warning", {{"time", "time"}, {"warning", "remark"}}))
    out["remarks"].push_back(std::move(each));
  out["journal"] = {{"records", all.size()}, {"sha256", all.back().sha256}};
  return out;
}

std::string run_markdown(const Json& summary) {
  const auto text = [&](const char* member) {
    return summary.contains(member) ? cell(summary[member]) : std::string();
  };
  std::string out = fmt::format("# Run {}\n\n", text("run"));
  out += fmt::format(
      "| | |\n|---|---|\n| runbook | {} version {} ({}) |\n| status | {}{} |\n| started | {} by {} in {}{} |\n"
      "{}| last record | {} |\n| decision time | {}{} |\n| engine | {} ({}) |\n| journal | {} records, SHA-256 {} |\n",
      cell(summary["runbook"]["name"]), cell(summary["runbook"]["version"]), cell(summary["runbook"]["place"]),
      text("status"),
      summary.contains("error")    ? ": " + text("error")
      : summary.contains("reason") ? ": " + text("reason")
                                   : "",
      text("started"), text("actor"), text("environment"),
      summary.contains("planned_by") ? ", planned by " + text("planned_by") : "",
      summary.contains("scheduled") ? fmt::format("| scheduled | {}, due {} |\n", cell(summary["scheduled"]["name"]),
                                                  cell(summary["scheduled"]["due"]))
                                    : "",
      text("changed"), text("decision_time"), summary.contains("clock") ? ", a given clock" : "",
      cell(summary["engine"]["version"]), cell(summary["engine"]["build"]),
      summary["journal"]["records"].get<std::uint64_t>(), cell(summary["journal"]["sha256"]));
  Json parameters = Json::array();
  for (const auto& [name, value] : summary["parameters"].items())
    parameters.push_back({{"parameter", name}, {"value", value}, {"from", summary["origins"].value(name, "")}});
  out += table("Parameters", {"parameter", "value", "from"}, parameters);
  out += table("What it did", {"unit", "result", "time", "seconds", "error"}, summary["units"]);
  out += table("Policies", {"policy", "answer", "entry", "policy_sha256"}, summary["decisions"]);
  out +=
      table("Approvals", {"name", "answer", "approver", "role", "time", "reason", "plan_sha256"}, summary["approvals"]);
  out += table("Confirmations", {"name", "text", "actor", "by"}, summary["confirmations"]);
  out += table("Child runs", {"name", "status", "run"}, summary["children"]);
  out += table("Artefacts", {"path", "sha256"}, summary["artefacts"]);
  out += table("Taken back", {"effect", "state"}, summary["undone"]);
  out += table("Resumed", {"time", "actor", "accepted", "aborting"}, summary["resumed"]);
  out += table("Remarks", {"time", "remark"}, summary["remarks"]);
  if (!summary["acceptance"].empty()) out += "\n## Acceptance\n\n";
  for (const Json& each : summary["acceptance"])
    out += fmt::format("- [{}] {}{}\n", each["held"].get<bool>() ? "x" : " ", cell(each["text"]),
                       each["held"].get<bool>() ? "" : " (not checked)");
  return out;
}

Json read_summary(const std::filesystem::path& run_folder) {
  const auto path = run_folder / kSummaryName;
  return core::parse_json(core::read_file(path), path.string());
}

void write_record(const OpenStores& stores, const std::filesystem::path& folder) {
  const Json summary = run_summary(journal::RunJournal::read(folder));
  write_signed(folder / kSummaryName, core::canonical_json(summary) + "\n", stores.keys, stores.clock);
  write_signed(folder / kRecordName, run_markdown(summary), stores.keys, stores.clock);
}

}  // namespace ballast::host
