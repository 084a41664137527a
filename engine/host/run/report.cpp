#include "host/run/report.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/evidence.hpp"
#include "host/run/approval.hpp"
#include "host/run/plan_file.hpp"
#include "host/run/record.hpp"

namespace ballast::host {
namespace {

/// Where everything is and how to check it, as commands that can be pasted.
void show_result(const CommonOptions& common, const Desk& desk, const RunResult& result) {
  const std::string var = common.var_option();
  for (const std::string& each : result.made_keys)
    fmt::print("\nmade key {} in {} (there was none)", each, desk.keys.string());
  if (result.id.empty()) {  // it did not begin
    fmt::print("{}: {}\n", result.status, result.reason);
    return;
  }
  fmt::print("\n{:<10} {} ({})\n", result.dry_run ? "dry run" : "run", result.id, result.file);
  if (result.dry_run) {
    fmt::print("\n{}\n", plan_text(result.plan));
    fmt::print("{:<10} {}\n", "plan", (runs_folder(desk) / result.id / journal::kPlanName).string());
    fmt::print("{:<10} {}\n", "hash", result.plan_hash);
    fmt::print("{:<10} ballast run {} --plan {}{}\n", "do it", result.runbook, result.plan_hash.substr(0, 12), var);
    return;
  }
  if (!result.reason.empty()) {
    fmt::print("{:<10} {}\n", result.status, result.reason);
  } else if (result.status != "finished") {
    fmt::print("{:<10} {}\n", "status", result.status);
  }
  if (result.status == "aborted") {
    const auto names = [&](const char* member) {
      return fmt::format("{}", fmt::join(result.value.value(member, std::vector<std::string>()), ", "));
    };
    fmt::print("{:<10} {}\n", "taken back", result.value["undone"].empty() ? "nothing" : names("undone"));
    if (!result.value["left"].empty()) fmt::print("{:<10} {}\n", "left", names("left"));
  }
  for (const std::string& each : result.artefacts) {
    const auto file = desk.var / std::filesystem::path(each).lexically_relative("var");
    fmt::print("{:<10} {} (signature {}.sig)\n", "artefact", file.string(), file.filename().string());
  }
  for (const std::uint64_t seq : result.entries)
    fmt::print("{:<10} {}, entry {}\n", "log", log_folder(desk).string(), seq);
  fmt::print("{:<10} {}\n", "record", (runs_folder(desk) / result.id / kRecordName).string());
  fmt::print("{:<10} ballast verify {}\n", "verify", common.var);
  for (const std::uint64_t seq : result.decisions) fmt::print("{:<10} ballast replay {}{}\n", "replay", seq, var);
}

core::Json document(const RunResult& result) {
  core::Json out{{"run", result.id},
                 {"runbook", result.runbook},
                 {"file", result.file},
                 {"status", result.status},
                 {"dry_run", result.dry_run},
                 {"result", result.value},
                 {"artefacts", result.artefacts},
                 {"entries", result.entries},
                 {"keys_made", result.made_keys}};
  if (!result.reason.empty()) out["reason"] = result.reason;
  if (result.dry_run) {
    out["plan"] = result.plan;
    out["plan_sha256"] = result.plan_hash;
  }
  return out;
}

}  // namespace

int show_run(const CommonOptions& common, const Desk& desk,
             const std::function<RunResult(const std::function<void(const std::string&)>&)>& work) {
  const RunResult result = work([&](const std::string& id) { *common.open_run = id; });
  if (common.json) {
    fmt::print("{}\n", core::canonical_json(document(result)));
  } else {
    show_result(common, desk, result);
  }
  std::fflush(stdout);  // what to do about it comes after what came of it
  if (result.status == "waiting") {
    if (open_request(desk, result.id)) {
      const std::string var = common.var_option();
      fmt::print(stderr, "answer it: ballast approvals show {0}{1}, then ballast approvals approve {0}{1} or reject\n",
                 result.id, var);
    }
    fmt::print(stderr, "{}", common.how_to_go_on());
    return kWaiting;
  }
  const bool left = result.status == "aborted" && !result.value["left"].empty();
  // Stopped by a refusal: what it did before can be taken back, and nothing else is left to do.
  if (result.status == "denied" && !result.reason.empty())
    fmt::print(stderr, "take it back: ballast runs abort {}{}\n", result.id, common.var_option());
  if (result.status == "differs") fmt::print(stderr, "{}", common.how_to_go_on());
  const bool refused = result.status == "denied" || result.status == "failed" || result.status == "differs";
  return refused || left ? kDenied : kPassed;
}

}  // namespace ballast::host
