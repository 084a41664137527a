#include "host/run/child_runs.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/run/exit_status.hpp"
#include "host/run/history.hpp"
#include "host/run/perform.hpp"
#include "host/run/run.hpp"

namespace ballast::host {

std::vector<std::string> names_for_child(const std::string& child, const std::vector<std::string>& names) {
  const std::string own = child + "/";
  std::vector<std::string> out;
  for (const std::string& each : names) {
    if (each.starts_with(own)) {
      out.push_back(each.substr(own.size()));
    } else if (each.find('/') == std::string::npos) {
      out.push_back(each);
    }
  }
  return out;
}

namespace {

/// How a child failed, in its own words. Returns whether it said anything.
bool take_said(const std::string& said, ChildEnd& out) {
  if (said.empty()) return false;
  const core::Error error = recorded_error(core::parse_json(said, "what the child run said"));
  out.status = "failed";
  out.text = error.what();
  out.code = error.code();
  return true;
}

}  // namespace

void ChildRuns::check(const ChildOrder& order) const { check_child(desk_, configuration_, order); }

ChildPlan ChildRuns::plan(const ChildOrder& order) const { return plan_child(desk_, configuration_, order); }

std::vector<std::string> ChildRuns::command(const ChildOrder& order, const std::string& actor) const {
  std::vector<std::string> out{"runs", "child", order.parent, order.name, "--actor", actor};
  out.insert(out.end(), given_.options.begin(), given_.options.end());
  for (const std::string& each : names_for_child(order.name, given_.confirmed))
    out.insert(out.end(), {"--confirm", each});
  for (const std::string& each : names_for_child(order.name, given_.leave)) out.insert(out.end(), {"--leave", each});
  return out;
}

ChildEnd ChildRuns::end_of(const ChildOrder& order, const Ending& process) const {
  ChildEnd out;
  const auto folder = runs_folder(desk_) / order.run;
  if (!std::filesystem::exists(folder / journal::kRunJournalName)) {
    out.status = "failed";
    out.text = "it did not begin";
    if (take_said(process.said, out)) out.text = "it did not begin: " + out.text;
    return out;
  }
  if (take_said(process.said, out)) return out;  // refused now, whatever its journal says of earlier
  std::vector<journal::RunRecord> records = journal::RunJournal::read(folder);
  out.records = records.size();
  if (!records.empty()) out.sha256 = records.back().sha256;
  const FoldedJournal journal = fold_journal(std::move(records));
  if (!journal.end || ((*journal.end)["kind"] == "run_finished" && !process.well)) {
    out.status = "died";
    out.text = "its process ended without a word";
    return out;
  }
  const core::Json& end = *journal.end;
  out.status = end["status"].get<std::string>();
  out.ended = end["kind"] == "run_finished";
  out.result = end.value("result", core::Json());
  if (out.ended && out.status == "finished") {
    out.status = status_of(out.result);
    // A policy's word, whatever main made of it.
    if (out.status != "failed" && exit_status_of(journal) == kDenied) out.status = "denied";
  }
  if (out.ended) return out;
  out.text = end.value("reason", "");
  if (end.contains("error")) {
    const core::Error error = recorded_error(end["error"]);
    out.text = error.message();
    out.code = error.code();
  }
  return out;
}

void ChildRuns::wait_while_executed(const ChildOrder& order, const core::Stop& stop) const {
  const auto folder = runs_folder(desk_) / order.run;
  for (int looks = 0; std::filesystem::exists(folder / journal::kRunJournalName); ++looks) {
    if (!journal::RunJournal::is_written(folder)) return;
    if (looks == 20)
      fmt::print(stderr, "note: child run '{}' is still being executed by an earlier process; waiting for it\n",
                 order.name);
    stop.check();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

std::vector<ChildEnd> ChildRuns::run(const std::vector<ChildOrder>& orders, std::size_t at_once,
                                     const std::string& actor, const core::Stop& stop) const {
  std::vector<ChildProcess> processes;
  std::vector<std::size_t> whose;  // of each process the order
  std::vector<Ending> endings(orders.size());
  for (std::size_t next = 0; next < orders.size() || !processes.empty();) {
    if (next < orders.size() && processes.size() < at_once && !stop.requested()) {
      wait_while_executed(orders[next], stop);
      processes.push_back(start_process(given_.program, command(orders[next], actor)));
      whose.push_back(next++);
    } else if (!processes.empty()) {
      Ending ending = wait_for_one(processes, stop);
      const auto at = static_cast<std::ptrdiff_t>(ending.index);
      endings[whose[ending.index]] = std::move(ending);
      processes.erase(processes.begin() + at);
      whose.erase(whose.begin() + at);
    } else {
      break;  // stopped before the others began
    }
  }
  std::vector<ChildEnd> out;
  for (std::size_t i = 0; i < orders.size(); ++i) out.push_back(end_of(orders[i], endings[i]));
  return out;
}

std::vector<std::string> ChildRuns::take_back(const ChildOrder& order, const std::string& actor,
                                              const core::Stop& stop) const {
  wait_while_executed(order, stop);
  const auto folder = runs_folder(desk_) / order.run;
  if (std::filesystem::exists(folder / journal::kCompactedName))
    throw core::Error(core::Code::state, "the child run was compacted, and is not taken back any more", order.run);
  if (!std::filesystem::exists(folder / journal::kRunJournalName)) return {};  // it never began
  std::vector<std::string> arguments = command(order, actor);
  arguments.emplace_back("--take-back");
  std::vector<ChildProcess> processes;
  processes.push_back(start_process(given_.program, std::move(arguments)));
  const ChildEnd end = end_of(order, wait_for_one(processes, stop));
  if (end.status != "aborted") {
    throw core::Error(core::Code::state,
                      fmt::format("child run '{}' was not taken back: {}{}{}", order.name, end.status,
                                  end.text.empty() ? "" : ": ", end.text),
                      order.run);
  }
  return end.result.value("left", std::vector<std::string>());
}

}  // namespace ballast::host
