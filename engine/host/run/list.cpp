#include "host/run/list.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "host/evidence.hpp"
#include "host/run/history.hpp"
#include "host/run/journal_ends.hpp"
#include "host/run/record.hpp"
#include "journal/compacted_run.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {
namespace {

/// What the run does, or came to, last.
std::string place_of(const FoldedJournal& run) {
  if (run.end) {
    if (run.end->contains("error")) return (*run.end)["error"].value("message", "");
    return run.end->value("reason", "");
  }
  for (auto at = run.records.rbegin(); at != run.records.rend(); ++at) {
    const std::string kind = at->json["kind"].get<std::string>();
    if (kind == "step_finished") return "after " + describe_unit(at->json);
    if (kind == "step_started" || is_begun_child(at->json)) return "in " + describe_record(at->json);
  }
  return {};
}

/// What the last process of the run waits for; empty when it does something else.
std::string wait_of(const std::vector<journal::RunRecord>& records) {
  if (records.empty()) return {};
  const core::Json& last = records.back().json;
  if (last["kind"] != "note" || !last.contains("wait")) return {};
  return fmt::format("waits '{}' until {}", last["wait"].get<std::string>(), last["until"].get<std::string>());
}

/// Who took the run back, and why.
std::string abort_of(const std::vector<journal::RunRecord>& records) {
  std::string out;
  for (const journal::RunRecord& each : records) {
    if (each.json["kind"] == "run_resumed" && each.json.value("aborting", false))
      out = "by " + each.json.value("actor", "");
  }
  const std::string reason = records.empty() ? "" : records.back().json.value("reason", "");
  return reason.empty() ? out : out + ": " + reason;
}

/// A compacted run as its record tells.
RunSummary from_record(const std::filesystem::path& folder) {
  const core::Json summary = read_summary(folder);
  RunSummary out;
  out.id = folder.filename().string();
  out.archive = journal::archive_of(journal::read_compacted(folder), folder).string();
  out.started = summary.at("started").get<std::string>();
  out.changed = summary.at("changed").get<std::string>();
  out.runbook = summary.at("runbook").at("name").get<std::string>();
  out.actor = summary.at("actor").get<std::string>();
  out.environment = summary.at("environment").get<std::string>();
  out.status = summary.at("status").get<std::string>();
  out.units = summary.at("units").size();
  out.planned_by = summary.value("planned_by", "");
  if (summary.contains("parent")) out.parent = summary["parent"]["run"].get<std::string>();
  return out;
}

RunSummary summarise(const std::filesystem::path& folder) {
  if (journal::is_compacted(folder)) return from_record(folder);
  RunSummary out;
  out.id = folder.filename().string();
  // Asked before the journal is read: a run that ends meanwhile is not taken for dead.
  const bool running = journal::RunJournal::is_written(folder);
  std::vector<journal::RunRecord> records = journal::RunJournal::read(folder);
  if (!records.empty()) {
    out.started = records.front().json["time"].get<std::string>();
    out.changed = records.back().json["time"].get<std::string>();
  }
  const std::string waits = wait_of(records), aborted = abort_of(records);
  const FoldedJournal run = fold_journal(std::move(records));
  out.runbook = run.started["runbook"]["name"].get<std::string>();
  out.actor = run.started["actor"].get<std::string>();
  out.planned_by = run.started.value("planned_by", "");
  out.environment = run.started["environment"].get<std::string>();
  out.units = static_cast<std::size_t>(
      std::count_if(run.records.begin(), run.records.end(), [](const auto& each) { return is_unit(each.json); }));
  if (run.started.contains("parent")) {
    out.parent = run.started["parent"]["run"].get<std::string>();
    const auto parent = folder.parent_path() / out.parent;
    if (std::filesystem::exists(parent / journal::kRunJournalName)) {
      try {
        const auto ends = read_journal_ends(parent);
        out.with_parent = ends && !ends->ended();
      } catch (const core::Error&) {  // the parent is damaged, and says so itself
      }
    }
  }
  out.status = run.end ? (*run.end)["status"].get<std::string>() : running ? "running" : "died";
  if (out.status == "aborted") {
    out.at = aborted;
  } else if (out.status != "finished") {
    out.at = out.status == "running" && !waits.empty() ? waits : place_of(run);
  }
  return out;
}

}  // namespace

std::filesystem::path find_run_folder(const Desk& desk, const std::string& run) {
  const auto folder = runs_folder(desk) / run;
  if (!run.empty() && run.front() != '.' && run.find('/') == std::string::npos && journal::is_run(folder))
    return folder;
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(runs_folder(desk), ignored)) {
    std::string name = entry.path().filename().string();
    if (!name.starts_with('.')) names.push_back(std::move(name));
  }
  throw core::Error(core::Code::not_found,
                    fmt::format("there is no such run{}; ballast runs list shows them", core::did_you_mean(run, names)),
                    run);
}

RunSummary summarise_run(const std::filesystem::path& folder) {
  try {
    return summarise(folder);
  } catch (const std::exception& e) {  // one bad journal hides no other run
    RunSummary unreadable;
    unreadable.id = folder.filename().string();
    unreadable.status = "unreadable";
    unreadable.at = e.what();
    return unreadable;
  }
}

std::vector<RunSummary> list_runs(const Desk& desk) {
  std::vector<RunSummary> out;
  for (const auto& folder : run_folders(desk)) out.push_back(summarise_run(folder));
  std::sort(out.begin(), out.end(), [](const RunSummary& a, const RunSummary& b) {
    return std::tie(a.started, a.id) < std::tie(b.started, b.id);
  });
  return out;
}

RunSummary find_run(const Desk& desk, const std::string& run) { return summarise(find_run_folder(desk, run)); }

core::Json run_document(const RunSummary& run) {
  core::Json out{
      {"run", run.id},          {"runbook", run.runbook}, {"actor", run.actor},   {"environment", run.environment},
      {"started", run.started}, {"changed", run.changed}, {"status", run.status}, {"units", run.units}};
  if (!run.at.empty()) out["at"] = run.at;
  if (!run.parent.empty()) out["parent"] = run.parent;
  if (!run.planned_by.empty()) out["planned_by"] = run.planned_by;
  if (!run.archive.empty()) out["archive"] = run.archive;
  return out;
}

core::Json run_units(const Desk& desk, const std::string& run) {
  const auto folder = find_run_folder(desk, run);
  if (journal::is_compacted(folder)) return read_summary(folder).at("units");
  core::Json out = core::Json::array();
  for (const journal::RunRecord& each : read_run(folder).records) {
    if (is_unit(each.json)) out.push_back(each.json);
  }
  return out;
}

namespace {

/// A unit in a line, with who answered where people were asked.
std::string unit_text(const core::Json& unit) {
  if (unit.contains("unit")) return unit["unit"].get<std::string>();  // of a compacted run
  if (unit["kind"] == "confirm") return fmt::format("{} by {}", describe_unit(unit), unit["actor"].get<std::string>());
  if (unit["kind"] != "approval_given") return describe_unit(unit);
  std::string by;
  for (const core::Json& each : unit["approvals"])
    by += (by.empty() ? "" : ", ") + each["approval"]["approver"].get<std::string>();
  return fmt::format("approval '{}' {} by {}", unit["name"].get<std::string>(), unit["answer"].get<std::string>(), by);
}

}  // namespace

std::string run_text(const Desk& desk, const RunSummary& run) {
  std::string out =
      fmt::format("{}\nrunbook    {}\nstatus     {}{}\nstarted    {} by {} in {}{}\nlast       {}\n\n", run.id,
                  run.runbook, run.status, run.at.empty() ? "" : ": " + run.at, run.started, run.actor, run.environment,
                  run.planned_by.empty() ? "" : ", planned by " + run.planned_by, run.changed);
  if (!run.archive.empty()) out += fmt::format("compacted: the journal is in {}\n\n", run.archive);
  for (const core::Json& each : run_units(desk, run.id)) {
    std::string failed;
    if (each.contains("error"))
      failed = "  failed: " +
               (each["error"].is_string() ? each["error"].get<std::string>() : each["error"].value("message", ""));
    out += fmt::format("  {:<20}  {}{}\n", each["time"].get<std::string>(), unit_text(each), failed);
  }
  return out;
}

}  // namespace ballast::host
