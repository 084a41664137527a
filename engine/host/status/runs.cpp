// Runs that somebody has to look after: waiting, interrupted, failed, died, or whose journal cannot be read.
#include <algorithm>

#include <fmt/format.h>

#include "host/evidence.hpp"
#include "host/run/approval.hpp"
#include "host/run/journal_ends.hpp"
#include "host/run/list.hpp"
#include "host/status/status.hpp"

namespace ballast::host {
namespace {

/// The run and those that it began, and they.
std::vector<std::string> family_of(const Desk& desk, const std::string& run) {
  std::vector<std::string> out;
  for (const auto& folder : run_folders(desk)) {
    const std::string name = folder.filename().string();
    if (name == run || name.starts_with(run + ".")) out.push_back(name);
  }
  return out;
}

/// "failed 5min ago", "has been waiting for 2h".
std::string state_text(const RunSummary& run, core::Instant now) {
  if (run.changed.empty()) return "is " + run.status;
  const std::string age = format_age(core::parse_instant(run.changed), now);
  if (run.status == "waiting") return "has been waiting for " + age;
  const bool verb = run.status == "failed" || run.status == "died";
  return fmt::format("{}{} {} ago", verb ? "" : "was ", run.status, age);
}

std::string how_to_go_on(const StatusQuestion& question, const RunSummary& run) {
  const std::string& var = question.var_option;
  if (run.status == "unreadable")
    return fmt::format("ballast verify {}", (question.desk.var / "runs" / run.id).string());
  std::string first;
  if (run.status == "waiting") {
    for (const std::string& each : family_of(question.desk, run.id)) {
      if (open_request(question.desk, each)) first += fmt::format("ballast approvals show {}{}; ", each, var);
    }
    if (!first.empty()) first += "once it is answered ";
  }
  if (run.status == "denied") return fmt::format("ballast runs abort {}{}", run.id, var);
  if (run.status == "failed") first = fmt::format("ballast runs show {}{}; when it is corrected ", run.id, var);
  return fmt::format("{}ballast runs resume {}{} (or abort)", first, run.id, var);
}

}  // namespace

StatusPart runs_status(const StatusQuestion& question) {
  StatusPart out;
  std::size_t ended = 0, running = 0;
  core::Json open = core::Json::array();
  for (const auto& folder : run_folders(question.desk)) {
    try {
      const auto ends = read_journal_ends(folder);
      if (ends && ends->ended()) {
        ++ended;
        continue;
      }
    } catch (const std::exception&) {  // it is read whole below, which says what is wrong
    }
    const RunSummary run = summarise_run(folder);
    if (run.status == "finished" || run.status == "aborted") {  // just now
      ++ended;
      continue;
    }
    if (run.status == "running") ++running;
    core::Json row{{"run", run.id}, {"status", run.status}};
    if (run.status != "unreadable") row = run_document(run);
    if (run.open()) {
      const std::string action = how_to_go_on(question, run);
      row["go_on"] = action;
      out.findings.push_back({"run_" + run.status, run.id,
                              fmt::format("{} {}{}", run.id, state_text(run, question.now),
                                          run.at.empty() || run.at == run.status ? "" : ": " + run.at),
                              action});
    }
    open.push_back(std::move(row));
  }
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.code < b.code; });
  out.facts = {{"open", open}, {"running", running}, {"ended", ended}};
  out.lines.push_back(fmt::format("{} to look after, {} running, {} ended", out.findings.size(), running, ended));
  return out;
}

}  // namespace ballast::host
