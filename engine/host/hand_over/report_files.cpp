#include "host/hand_over/report_files.hpp"

#include <chrono>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "host/checks.hpp"
#include "host/run/history.hpp"
#include "host/run/record.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/log_reader.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

namespace fs = std::filesystem;
using core::Json;

[[noreturn]] void refuse(const std::string& why, const fs::path& where) {
  throw core::Error(core::Code::state, why, where.string());
}

/// The files of a report before they have their place.
class Staging {
 public:
  Staging(const fs::path& to, const Report& report)
      : folder_(to / report.week / ("." + report.run + ".tmp")), place_(to / report.folder()) {
    fs::remove_all(folder_);
    core::create_folders(folder_);
  }
  ~Staging() {
    std::error_code ignored;
    if (!done_) fs::remove_all(folder_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const fs::path& folder() const { return folder_; }
  /// Returns the SHA-256 of what was copied.
  std::string copy(const fs::path& from, const std::string& name) {
    const std::string bytes = core::read_file(from);
    core::write_file_atomically(folder_ / name, bytes);
    std::string sha256 = core::sha256_hex(bytes);
    files_.push_back({{"path", name}, {"size", bytes.size()}, {"sha256", sha256}});
    return sha256;
  }
  /// What was copied counts, not what stands in the desk now.
  void verify(const std::string& name, const core::Verifier& verifier) const {
    const core::FileVerdict verdict = core::verify_file(folder_ / name, verifier);
    if (verdict.status != core::FileStatus::valid)
      refuse(fmt::format("{}: {}", core::file_status_name(verdict.status), verdict.sentence), name);
  }
  void forget(const std::string& name) {
    std::erase_if(files_, [&](const Json& each) { return each["path"] == name || each["path"] == name + ".sig"; });
    for (const char* ending : {"", ".sig"}) fs::remove(folder_ / (name + ending));
  }
  const std::vector<Json>& files() const { return files_; }
  void put_in_place() {
    std::error_code problem;
    fs::rename(folder_, place_, problem);
    if (problem) core::throw_errno("rename", place_.string(), problem.value());
    done_ = true;
    core::sync_folder(place_.parent_path());
  }

 private:
  fs::path folder_, place_;
  std::vector<Json> files_;
  bool done_ = false;
};

/// The records of a run whose journal verifies, and whose end the log, which the caller verified, states.
std::vector<journal::RunRecord> read_verified(const Desk& desk, const Report& report) {
  const fs::path folder = runs_folder(desk) / report.run;
  const journal::VerifyReport verified = verify_at(desk, folder, {});
  if (!verified.verified()) refuse(verified.findings.front().sentence, folder);
  std::vector<journal::RunRecord> records = journal::RunJournal::read(folder);
  journal::Query query;
  query.run = report.run;
  query.kind = "run_finished";
  journal::LogReader log(log_folder(desk));
  const auto stated = log.query(query);
  if (stated.empty()) refuse("the log does not state the end of the run; `ballast runs resume` does", folder);
  const Json end = stated.back().json()["journal"];
  if (end["records"] != records.back().seq || end["sha256"] != records.back().sha256)
    refuse("the journal is not the one whose end the log states", folder);
  return records;
}

/// The artefacts that the run wrote, by path below var; of one that it wrote twice the later bytes.
std::map<std::string, std::string> artefacts_of(std::vector<journal::RunRecord> records) {
  std::map<std::string, std::string> out;
  for (const journal::RunRecord& each : fold_journal(std::move(records)).records) {
    if (each.json["kind"] != "artefact") continue;
    const fs::path below = fs::path(each.json["path"].get<std::string>()).lexically_relative("var");
    if (below.empty() || *below.begin() == ".." || below.is_absolute()) refuse("an artefact outside of var", below);
    out[below.string()] = each.json["sha256"].get<std::string>();
  }
  return out;
}

}  // namespace

std::string iso_week(core::Instant instant) {
  using namespace std::chrono;
  const auto day = floor<days>(sys_time<microseconds>{microseconds{instant.microseconds}});
  // A week belongs to the year of its Thursday.
  const auto thursday = day - days{weekday{day}.iso_encoding() - 1} + days{3};
  const auto year = year_month_day{thursday}.year();
  const auto first = sys_days{year / January / 1};
  return fmt::format("{:04}-W{:02}", int(year), (thursday - first).count() / 7 + 1);
}

Report describe_report(const JournalEnds& ends) {
  Report out;
  out.run = ends.run;
  out.ended = core::parse_instant(ends.last.at("time").get<std::string>());
  out.week = iso_week(out.ended);
  out.runbook = ends.first.at("runbook").at("name").get<std::string>();
  out.actor = ends.first.at("actor").get<std::string>();
  out.status = ends.last.at("status").get<std::string>();
  return out;
}

void put_report(const Desk& desk, const Keys& keys, const core::Clock& clock, const fs::path& to, Report& report) {
  if (journal::is_compacted(runs_folder(desk) / report.run))
    refuse("the run was compacted before it was handed over; its archive is what there is to hand over", report.run);
  std::vector<journal::RunRecord> records = read_verified(desk, report);
  const journal::RunRecord end = records.back();
  const fs::path run_folder = runs_folder(desk) / report.run;
  Staging staging(to, report);
  for (const std::string_view part : {kSummaryName, kRecordName}) {
    const std::string name(part);
    staging.copy(run_folder / name, name);
    staging.copy(run_folder / (name + ".sig"), name + ".sig");
    staging.verify(name, keys.ring);
  }
  Json replaced = Json::array();
  for (const auto& [path, sha256] : artefacts_of(std::move(records))) {
    const std::string name = "artefacts/" + path;
    const std::string copied = staging.copy(desk.var / path, name);
    staging.copy(desk.var / (path + ".sig"), name + ".sig");
    staging.verify(name, keys.ring);
    // A file that another run signed since is that run's artefact: this run's is gone.
    if (copied == sha256) continue;
    staging.forget(name);
    replaced.push_back({{"path", path}, {"sha256", sha256}});
  }
  report.files = staging.files().size();
  report.replaced = replaced.size();
  const Json statement{{"format", std::string(kHandOverFormat)},
                       {"version", 1},
                       {"run", report.run},
                       {"runbook", report.runbook},
                       {"actor", report.actor},
                       {"status", report.status},
                       {"week", report.week},
                       {"ended", core::format_instant(report.ended)},
                       {"journal", {{"records", end.seq}, {"sha256", end.sha256}}},
                       {"files", staging.files()},
                       {"replaced", replaced}};
  write_signed(staging.folder() / kHandOverName, core::canonical_json(statement) + "\n", keys, clock);
  staging.put_in_place();
}

void check_report(const Desk& desk, const core::Verifier& verifier, const fs::path& to, Report& report) {
  const fs::path folder = to / report.folder();
  const auto statement_file = folder / kHandOverName;
  if (!fs::is_regular_file(statement_file)) refuse("it is there and was not handed over by ballast", folder);
  const core::FileVerdict verdict = core::verify_file(statement_file, verifier);
  if (verdict.status != core::FileStatus::valid) refuse(verdict.sentence, statement_file);
  const Json statement = core::parse_json(core::read_file(statement_file), statement_file.string());
  if (statement.value("format", "") != kHandOverFormat || statement.value("version", 0) != 1 ||
      statement.value("run", "") != report.run)
    refuse(fmt::format("expected the {} of {} in version 1", kHandOverFormat, report.run), statement_file);
  std::set<std::string> known{std::string(kHandOverName), std::string(kHandOverName) + ".sig"};
  for (const Json& each : statement.at("files")) {
    const std::string name = each.at("path").get<std::string>();
    known.insert(name);
    if (!fs::is_regular_file(folder / name)) refuse("it was handed over and is not there any more", folder / name);
    std::string wanted = each.at("sha256").get<std::string>();
    // What the desk still has counts more than what the other side says of itself.
    if (!name.starts_with("artefacts/")) wanted = core::sha256_file_hex(runs_folder(desk) / report.run / name);
    if (core::sha256_file_hex(folder / name) != wanted)
      refuse("it is there with other bytes than those that were handed over; nothing is rewritten", folder / name);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (!entry.is_directory() && !known.contains(name)) refuse("it does not belong to the report", entry.path());
  }
  report.files = statement.at("files").size();
  report.replaced = statement.at("replaced").size();
}

}  // namespace ballast::host
