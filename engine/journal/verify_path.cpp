// Verification of whatever a path turns out to be.
#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "journal/bundle.hpp"
#include "journal/desk_layout.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {
namespace {

using core::FileStatus;
namespace fs = std::filesystem;

bool is_log(const fs::path& folder) { return fs::exists(folder / "HEAD") || !list_segments(folder).empty(); }
bool is_run(const fs::path& folder) { return fs::exists(folder / kRunJournalName); }

bool is_bundle(const fs::path& file) {
  BlockReader reader(file, 0, 4096);
  std::string block;
  std::uint64_t offset = 0;
  reader.next(block, offset);
  return block.substr(0, block.find('\n')).find("\"format\":\"ballast-bundle\"") != std::string::npos;
}

/// Whether a name is one that a decision log keeps for itself in its folder.
bool belongs_to_log(const std::string& name) {
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  return is_segment_name(plain) || name.starts_with("HEAD") || name == "LOCK" || name == "SUSPECT" || name == "torn" ||
         name.starts_with("index.sqlite");
}

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

VerifyReport verify_folder(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  if (is_desk(folder)) return verify_desk(folder, verifier, options);
  VerifyOptions with_objects = options;
  if (!with_objects.objects) with_objects.objects = objects_near(folder);
  if (!is_log(folder) && is_run(folder)) return verify_run(folder, verifier, with_objects);
  if (!is_log(folder)) return verify_tree(folder, verifier, options, {});
  // A folder that holds a log may hold other things: nobody hides them by putting a HEAD beside them.
  VerifyReport report = verify_log(folder, verifier, with_objects);
  FindingList findings(report, options.most_findings);
  std::set<std::string> skip;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const std::string name = entry.path().filename().string(); belongs_to_log(name)) skip.insert(name);
  }
  merge(report, findings, verify_tree(folder, verifier, options, skip), "");
  return report;
}

}  // namespace

bool is_desk(const fs::path& folder) {
  return fs::is_directory(folder / kRunsFolder) || fs::is_directory(folder / kObjectsFolder) ||
         fs::is_directory(folder / kLogFolder);
}

bool is_evidence_name(const std::string& name) {
  return name.ends_with(".sig") || is_segment_name(name) || name.starts_with("HEAD") || name == kRunJournalName ||
         is_sha256_hex(name);
}

void check_file(const fs::path& file, const std::string& shown, const core::Verifier& verifier, VerifyReport& report,
                FindingList& findings) {
  ++report.files;
  const core::FileVerdict verdict = core::verify_file(file, verifier);
  for (const auto& each : verdict.signatures) report.signatures += each.status == core::SignatureStatus::valid ? 1 : 0;
  FindingCode code = FindingCode::changed;
  switch (verdict.status) {
    case FileStatus::valid: return;
    case FileStatus::missing_file: code = FindingCode::missing; break;
    case FileStatus::missing_signature: code = FindingCode::unsigned_entry; break;
    case FileStatus::malformed: code = FindingCode::malformed; break;
    case FileStatus::wrong_key: code = FindingCode::wrong_key; break;
    case FileStatus::unknown_key: code = FindingCode::unknown_key; break;
    case FileStatus::refused_key: code = FindingCode::refused_key; break;
    case FileStatus::wrong_name:
    case FileStatus::size_differs:
    case FileStatus::changed: break;
  }
  findings.add({code, shown, 0, std::nullopt, 0, 1, verdict.sentence});
}

void merge(VerifyReport& into, FindingList& findings, const VerifyReport& part, const std::string& prefix) {
  into.entries += part.entries;
  into.runs += part.runs;
  into.running += part.running;
  into.records += part.records;
  into.files += part.files;
  into.unsigned_files += part.unsigned_files;
  into.references += part.references;
  into.signatures += part.signatures;
  into.vouched += part.vouched;
  into.objects += part.objects;
  into.beyond_head += part.beyond_head;
  std::uint64_t listed = 0;
  for (Finding each : part.findings) {
    listed += each.count;
    if (!prefix.empty()) each.file = each.file.empty() ? prefix : prefix + "/" + each.file;
    findings.add(std::move(each));
  }
  into.findings_total += part.findings_total - listed;
}

VerifyReport verify_tree(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options,
                         const std::set<std::string>& skip) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "folder";
  FindingList findings(report, options.most_findings);
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(folder)) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  for (const fs::path& path : inside) {
    const std::string name = path.filename().string();
    if (skip.contains(name)) continue;
    if (fs::is_symlink(path) && fs::is_directory(path)) {
      ++report.unsigned_files;
    } else if (fs::is_directory(path)) {
      // What is kept out further below: audit/decision_log keeps only decision_log out of audit.
      std::set<std::string> below;
      for (auto at = skip.lower_bound(name + "/"); at != skip.end() && at->starts_with(name + "/"); ++at) {
        below.insert(at->substr(name.size() + 1));
      }
      merge(report, findings,
            below.empty() ? verify_folder(path, verifier, options) : verify_tree(path, verifier, options, below), name);
    } else if (name.ends_with(".sig")) {
      const std::string plain = name.substr(0, name.size() - 4);
      check_file(path.parent_path() / plain, plain, verifier, report, findings);
    } else if (is_sha256_hex(name)) {
      if (core::sha256_file_hex(path) == name) {
        ++report.objects;
      } else {
        findings.add(
            {FindingCode::object_changed, name, 0, std::nullopt, 0, 1, fmt::format("the object {} was changed", name)});
      }
    } else if (fs::is_regular_file(path) && is_bundle(path)) {
      merge(report, findings, verify_bundle(path, verifier, options), "");
    } else if (!fs::exists(path.string() + ".sig")) {
      ++report.unsigned_files;
    }
  }
  return report;
}

VerifyReport verify_path(const fs::path& path, const core::Verifier& verifier, const VerifyOptions& options) {
  const std::string name = path.filename().string();
  if (fs::is_directory(path)) {
    VerifyReport report = verify_folder(path, verifier, options);
    if (report.verified() && report.entries + report.records + report.files + report.objects == 0) {
      FindingList findings(report, options.most_findings);
      findings.add(
          {FindingCode::nothing, "", 0, std::nullopt, 0, 1,
           fmt::format(
               "nothing here can be verified: no log, run, bundle or object, and none of {} files has a signature",
               report.unsigned_files)});
    }
    return report;
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  if (is_segment_name(plain) || (name == "HEAD" && is_log(folder))) return verify_path(folder, verifier, options);
  if (name == kRunJournalName) return verify_path(folder, verifier, options);
  if (!fs::exists(path) && !fs::exists(path.string() + ".sig")) {
    throw core::Error(core::Code::not_found, "there is nothing here to verify", path.string());
  }
  if (!name.ends_with(".sig") && fs::exists(path) && is_bundle(path)) return verify_bundle(path, verifier, options);
  VerifyReport report;
  report.subject = path.string();
  report.kind = "file";
  FindingList findings(report, options.most_findings);
  check_file(folder / plain, plain, verifier, report, findings);
  return report;
}

}  // namespace ballast::journal
