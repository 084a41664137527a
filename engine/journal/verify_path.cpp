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

constexpr std::uint64_t kLongestFirstLine = std::uint64_t{1} << 26;

/// The first line of a file, or what there is of it; nothing when the file does not begin like JSON.
std::string first_line(const fs::path& file) {
  if (!fs::is_regular_file(file)) return {};
  std::string block;
  std::uint64_t offset = 0;
  BlockReader beginning(file, 0, 1);
  beginning.next(block, offset);
  if (beginning.torn() != "{") return {};
  BlockReader reader(file, 0, kLongestFirstLine, std::size_t{1} << 16);
  if (!reader.next(block, offset)) return reader.torn();
  return block.substr(0, block.find('\n'));
}

bool is_bundle(const fs::path& file) {
  return file.extension() == ".bundle" || first_line(file).find("\"format\":\"ballast-bundle\"") != std::string::npos;
}

/// A HEAD of another program (git has one) makes no log.
bool is_log(const fs::path& folder) {
  return !list_segments(folder).empty() ||
         first_line(folder / "HEAD").find("\"format\":\"ballast-log-head\"") != std::string::npos;
}
bool is_run(const fs::path& folder) { return fs::is_regular_file(folder / kRunJournalName); }

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

bool belongs_to_log(const std::string& name) {
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  return is_segment_name(plain) || name.starts_with("HEAD") || name == "LOCK" || name == "SUSPECT" || name == "torn" ||
         name.starts_with("index.sqlite");
}

bool is_desk(const fs::path& folder) {
  const auto some = [](const fs::path& inside, const auto& holds) {
    if (!fs::is_directory(inside)) return false;
    const fs::directory_iterator all(inside);
    return std::any_of(fs::begin(all), fs::end(all), [&](const auto& entry) { return holds(entry.path()); });
  };
  return fs::is_directory(folder / kLogFolder) || some(folder / kRunsFolder, is_run) ||
         some(folder / kObjectsFolder, [](const fs::path& file) { return is_sha256_hex(file.filename().string()); });
}

bool is_evidence_name(const std::string& name) {
  return name.ends_with(".sig") || is_segment_name(name) || name.starts_with("HEAD") || name == kRunJournalName ||
         is_sha256_hex(name);
}

void check_recovery(const fs::path& file, const std::string& shown, const std::string& sha256, FindingList& findings) {
  if (!fs::is_regular_file(file)) {
    findings.add(
        {FindingCode::missing, shown, 0, std::nullopt, 0, 1, "what a recovery cut and kept aside is not there"});
  } else if (core::sha256_file_hex(file) != sha256) {
    findings.add(
        {FindingCode::changed, shown, 0, std::nullopt, 0, 1, "what a recovery cut and kept aside was changed"});
  }
}

void check_file(const fs::path& file, const std::string& shown, const core::Verifier& verifier, VerifyReport& report,
                FindingList& findings) {
  ++report.files;
  // The list of reviewed scripts is signed as an approval, everything else as an artefact.
  const bool manifest = file.filename() == "manifest.json" && file.parent_path().filename() == "policies";
  const core::FileVerdict verdict =
      core::verify_file(file, verifier, manifest ? core::Purpose::approval : core::Purpose::artefact);
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

namespace {

/// Verifies one entry of a folder, whatever it is.
class TreeWalk {
 public:
  TreeWalk(const core::Verifier& verifier, const VerifyOptions& options, const std::set<std::string>& skip,
           VerifyReport& report)
      : verifier_(verifier),
        options_(options),
        skip_(skip),
        report_(report),
        findings_(report, options.most_findings) {}

  void take(const fs::path& path) {
    const std::string name = path.filename().string();
    try {
      if (fs::is_symlink(path)) {
        take_link(path);
      } else if (fs::is_directory(path)) {
        merge(report_, findings_, verify_below(path, name), name);
      } else if (!fs::is_regular_file(path)) {
        add(FindingCode::unreadable, name, "a device, a pipe or a socket is no evidence");
      } else {
        take_file(path, name);
      }
    } catch (const fs::filesystem_error& e) {
      add(FindingCode::unreadable, name, e.code().message());
    } catch (const core::Error& e) {
      add(FindingCode::unreadable, name, e.message());
    }
  }

 private:
  void add(FindingCode code, const std::string& name, std::string sentence) {
    findings_.add({code, name, 0, std::nullopt, 0, 1, std::move(sentence)});
  }

  /// A link to a file is that file; one to a folder is not followed, as it may lead anywhere.
  void take_link(const fs::path& path) {
    std::error_code broken;
    if (fs::is_regular_file(path, broken)) {
      take_file(path, path.filename().string());
    } else {
      ++report_.unsigned_files;
    }
  }

  VerifyReport verify_below(const fs::path& path, const std::string& name) {
    // What is kept out further below: audit/decision_log keeps only decision_log out of audit.
    std::set<std::string> below;
    for (auto at = skip_.lower_bound(name + "/"); at != skip_.end() && at->starts_with(name + "/"); ++at) {
      below.insert(at->substr(name.size() + 1));
    }
    return below.empty() ? verify_folder(path, verifier_, options_) : verify_tree(path, verifier_, options_, below);
  }

  void take_file(const fs::path& path, const std::string& name) {
    if (name.ends_with(".sig")) {
      const std::string plain = name.substr(0, name.size() - 4);
      check_file(path.parent_path() / plain, plain, verifier_, report_, findings_);
    } else if (is_sha256_hex(name)) {
      if (core::sha256_file_hex(path) == name) {
        ++report_.objects;
      } else {
        add(FindingCode::object_changed, name, fmt::format("the object {} was changed", name));
      }
    } else if (is_bundle(path)) {
      merge(report_, findings_, verify_bundle(path, verifier_, options_), "");
    } else if (!fs::exists(path.string() + ".sig")) {
      ++report_.unsigned_files;
    }
  }

  const core::Verifier& verifier_;
  const VerifyOptions& options_;
  const std::set<std::string>& skip_;
  VerifyReport& report_;
  FindingList findings_;
};

/// Adds a finding when nothing could be verified, or when a HEAD to compare with had no log to be compared with.
void require_something(VerifyReport& report, const VerifyOptions& options) {
  FindingList findings(report, options.most_findings);
  const auto add = [&](FindingCode code, std::string sentence) {
    findings.add({code, "", 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  if (options.expect_head && !report.head_seq) {
    add(FindingCode::no_head, "there is no log here that could be compared with the HEAD kept elsewhere");
  }
  if (report.verified() && report.entries + report.records + report.files + report.objects == 0) {
    add(FindingCode::nothing,
        fmt::format("nothing here can be verified: no log, run, bundle or object, and none of {} files has a signature",
                    report.unsigned_files));
  }
}

}  // namespace

VerifyReport verify_tree(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options,
                         const std::set<std::string>& skip) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "folder";
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(folder)) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  TreeWalk walk(verifier, options, skip, report);
  for (const fs::path& path : inside) {
    if (!skip.contains(path.filename().string())) walk.take(path);
  }
  return report;
}

VerifyReport verify_path(const fs::path& path, const core::Verifier& verifier, const VerifyOptions& options) {
  const std::string name = path.filename().string();
  if (fs::is_directory(path)) {
    VerifyReport report = verify_folder(path, verifier, options);
    require_something(report, options);
    return report;
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  if (is_segment_name(plain) || (name.starts_with("HEAD") && is_log(folder)))
    return verify_path(folder, verifier, options);
  if (name == kRunJournalName) return verify_path(folder, verifier, options);
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
  if (is_sha256_hex(name)) {
    const std::set<std::string> nothing;
    TreeWalk(verifier, options, nothing, report).take(path);
  } else {
    FindingList findings(report, options.most_findings);
    check_file(folder / plain, plain, verifier, report, findings);
  }
  require_something(report, options);
  return report;
}

}  // namespace ballast::journal
