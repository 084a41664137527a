// Verification of whatever a path turns out to be.
#include <fmt/format.h>

#include "core/error.hpp"
#include "journal/bundle.hpp"
#include "journal/desk_layout.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/object_store.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {

namespace fs = std::filesystem;

namespace {

/// The store of the desk that a log or run stands in, or nothing.
std::optional<fs::path> objects_near(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  for (const std::string_view place : {kLogFolder, std::string_view("runs/any")}) {
    fs::path desk = whole.has_filename() ? whole : whole.parent_path();
    for ([[maybe_unused]] const fs::path& part : fs::path(place)) desk = desk.parent_path();
    if (fs::is_directory(desk / kObjectsFolder) && is_desk(desk)) return desk / kObjectsFolder;
  }
  return std::nullopt;
}

/// Plans that nobody carried out: of a `var` in which no run began, of its folder of runs, or of one of these.
std::uint64_t count_plans(const fs::path& folder) {
  if (is_plan(folder)) return 1;
  std::uint64_t out = 0;
  std::error_code ignored;
  for (const fs::path& runs : {folder, folder / kRunsFolder}) {
    for (const auto& entry : fs::directory_iterator(runs, ignored)) out += is_plan(entry.path()) ? 1 : 0;
  }
  return out;
}

/// Adds a finding when nothing could be verified, or when a HEAD to compare with had no log to be compared with.
void require_something(VerifyReport& report, const fs::path& path, const VerifyOptions& options) {
  FindingList findings(report, options.most_findings);
  const auto add = [&](FindingCode code, std::string sentence) {
    findings.add({code, "", 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  if (options.expect_head && !report.head_seq) {
    add(FindingCode::no_head, "there is no log here that could be compared with the HEAD kept elsewhere");
  }
  if (report.verified() && report.entries + report.records + report.files + report.objects == 0) {
    // A plan is known by its hash and is checked by whoever carries it out; before the first run there is nothing more.
    report.plans = count_plans(path);
    if (report.plans > 0) return;
    add(FindingCode::nothing,
        fmt::format("nothing here can be verified: no log, run, bundle or object, and none of {} files has a signature",
                    report.unsigned_files));
  }
}

}  // namespace

VerifyReport verify_folder(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  if (is_desk(folder)) return verify_desk(folder, verifier, options);
  VerifyOptions with_objects = options;
  if (!with_objects.objects) with_objects.objects = objects_near(folder);
  if (is_log(folder)) {
    VerifyReport report = verify_log(folder, verifier, with_objects);
    FindingList findings(report, options.most_findings);
    merge(report, findings, verify_beside_log(folder, verifier, options), "");
    return report;
  }
  return is_run(folder) ? verify_run(folder, verifier, with_objects) : verify_tree(folder, verifier, options, {});
}

VerifyReport verify_path(const fs::path& path, const core::Verifier& verifier, const VerifyOptions& options) {
  const std::string name = path.filename().string();
  if (fs::is_directory(path)) {
    VerifyReport report = verify_folder(path, verifier, options);
    require_something(report, path, options);
    return report;
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  if (is_segment_name(plain) || (name.starts_with("HEAD") && is_log(folder)))
    return verify_path(folder, verifier, options);
  if (name == kRunJournalName || name == kCompactedName) return verify_path(folder, verifier, options);
  if (!fs::exists(path) && !fs::exists(path.string() + ".sig")) {
    throw core::Error(core::Code::not_found, "there is nothing here to verify", path.string());
  }
  if (fs::exists(path) && !fs::is_regular_file(path)) {
    throw core::Error(core::Code::argument, "neither a file nor a folder: it cannot be verified", path.string());
  }
  if (fs::exists(path) && is_bundle(path)) return verify_bundle(path, verifier, options);
  VerifyReport report;
  report.subject = path.string();
  report.kind = "file";
  FindingList findings(report, options.most_findings);
  if (is_sha256_hex(name)) {
    check_object(path, report, findings);
  } else {
    check_file(folder / plain, plain, verifier, report, findings);
  }
  require_something(report, path, options);
  return report;
}

}  // namespace ballast::journal
