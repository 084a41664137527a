// Verification of the files in a folder and below.
#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/signature_file.hpp"
#include "journal/bundle.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/object_store.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {

using core::FileStatus;
namespace fs = std::filesystem;

void check_recovery(const fs::path& file, const std::string& shown, const std::string& sha256, FindingList& findings) {
  if (!fs::is_regular_file(file)) {
    findings.add(
        {FindingCode::missing, shown, 0, std::nullopt, 0, 1, "what a recovery cut and kept aside is not there"});
  } else if (core::sha256_file_hex(file) != sha256) {
    findings.add(
        {FindingCode::changed, shown, 0, std::nullopt, 0, 1, "what a recovery cut and kept aside was changed"});
  }
}

void check_object(const fs::path& file, VerifyReport& report, FindingList& findings) {
  const std::string name = file.filename().string();
  if (core::sha256_file_hex(file) == name) {
    ++report.objects;
  } else {
    findings.add(
        {FindingCode::object_changed, name, 0, std::nullopt, 0, 1, fmt::format("the object {} was changed", name)});
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
  into.stopped += part.stopped;
  into.compacted += part.compacted;
  into.archives_away += part.archives_away;
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
      check_object(path, report_, findings_);
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

VerifyReport verify_beside_log(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  std::set<std::string> own;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const std::string name = entry.path().filename().string(); belongs_to_log(name)) own.insert(name);
  }
  return verify_tree(folder, verifier, options, own);
}

}  // namespace ballast::journal
