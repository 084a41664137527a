// Verification of runs and of whatever a path turns out to be.
#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "journal/bundle.hpp"
#include "journal/chain_check.hpp"
#include "journal/line.hpp"
#include "journal/object_store.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"
#include "journal/verify.hpp"

namespace ballast::journal {
namespace {

using core::FileStatus;
namespace fs = std::filesystem;

bool is_log(const fs::path& folder) { return fs::exists(folder / "HEAD") || !list_segments(folder).empty(); }
bool is_run(const fs::path& folder) { return fs::exists(folder / "journal.jsonl"); }

bool is_bundle(const fs::path& file) {
  const core::FileDescriptor descriptor = core::open_file(file, 0);
  BlockReader reader(file, 0, 4096);
  std::string block;
  std::uint64_t offset = 0;
  reader.next(block, offset);
  return block.substr(0, block.find('\n')).find("\"format\":\"ballast-bundle\"") != std::string::npos;
}

void check_file(const fs::path& file, const std::string& name, const core::Verifier& verifier, VerifyReport& report, FindingList& findings) {
  ++report.entries;
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
  findings.add({code, name, 0, std::nullopt, 0, 1, verdict.sentence});
}

// Adds what was found in a part of a folder, its files named from the folder.
void merge(VerifyReport& into, FindingList& findings, const VerifyReport& part, const std::string& prefix) {
  into.entries += part.entries;
  into.signatures += part.signatures;
  into.vouched += part.vouched;
  into.objects += part.objects;
  into.beyond_head += part.beyond_head;
  std::uint64_t listed = 0;
  for (Finding each : part.findings) {
    listed += each.count;
    each.file = prefix.empty() ? each.file : prefix + "/" + each.file;
    findings.add(std::move(each));
  }
  into.findings_total += part.findings_total - listed;
}

VerifyReport verify_folder(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "folder";
  FindingList findings(report, options.most_findings);
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(folder)) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  for (const fs::path& path : inside) {
    const std::string name = path.filename().string();
    if (fs::is_directory(path)) {
      merge(report, findings, verify_path(path, verifier, options), name);
    } else if (name.ends_with(".sig")) {
      check_file(path.parent_path() / name.substr(0, name.size() - 4), name.substr(0, name.size() - 4), verifier, report, findings);
    } else if (is_sha256_hex(name)) {
      if (core::sha256_file_hex(path) == name) {
        ++report.objects;
      } else {
        findings.add({FindingCode::object_changed, name, 0, std::nullopt, 0, 1, fmt::format("the object {} was changed", name)});
      }
    } else if (name.ends_with(".bundle") && is_bundle(path)) {
      merge(report, findings, verify_bundle(path, verifier, options), "");
    }
  }
  return report;
}

}  // namespace

VerifyReport verify_run(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "run";
  FindingList findings(report, options.most_findings);
  ChainCheck chain(findings, options.chain_vouches);
  const std::string name = "journal.jsonl";
  BlockReader reader(folder / name);
  std::string block;
  std::uint64_t offset = 0, number = 0;
  bool finished = false;
  std::vector<core::ScannedMember> members;
  while (reader.next(block, offset)) {
    for_each_line(block, offset, [&](std::string_view text, std::uint64_t start) {
      LineFact fact;
      fact.line = ++number;
      fact.offset = start;
      fact.hash = core::sha256(text);
      LineView line;
      ++report.entries;
      if (auto problem = read_line(text, line, members)) {
        fact.problem = std::move(problem->sentence);
        fact.problem_offset = problem->offset;
      } else {
        fact.readable = true;
        fact.seq = line.seq;
        fact.previous = *digest_from_hex(line.previous);
        if (number == 1) {
          const auto* run = core::find_member(members, "run");
          const auto id = run == nullptr ? std::nullopt : core::plain_string(run->value);
          chain.set_genesis(*digest_from_hex(genesis_hash(kRunFormat, id.value_or(""))));
          if (line.kind != "run_started" || !id) fact.problem = "a run begins with run_started, which names it";
        }
        if (finished) fact.problem = "a record after the end of the run";
        // Records are covered by the signature at the end; only that one must be signed.
        finished = finished || line.kind == "run_finished";
        fact.is_signed = line.kind != "run_finished" || line.signature.has_value();
        if (line.signature) {
          fact.status = verify_line(line, core::Purpose::run_journal, verifier);
          if (fact.status == core::SignatureStatus::valid) {
            ++report.signatures;
          } else {
            fact.key_id = line.signature->key_id;
          }
        }
      }
      chain.take(name, fact);
    });
  }
  if (!reader.torn().empty()) {
    findings.add({FindingCode::truncated, name, number + 1, std::nullopt, reader.torn_offset(), 1,
                  fmt::format("line {} ends without its line feed after {} bytes", number + 1, reader.torn().size())});
  }
  if (number == 0) findings.add({FindingCode::missing, name, 0, std::nullopt, 0, 1, "the run's journal has no record"});
  chain.finish();
  const fs::path artefacts = folder / "artefacts";
  if (fs::is_directory(artefacts)) merge(report, findings, verify_folder(artefacts, verifier, options), "artefacts");
  return report;
}

VerifyReport verify_path(const fs::path& path, const core::Verifier& verifier, const VerifyOptions& options) {
  const std::string name = path.filename().string();
  if (fs::is_directory(path)) {
    if (is_log(path)) {
      VerifyOptions with_objects = options;
      // var/audit/decision_log has its objects in var/objects.
      const fs::path objects = fs::absolute(path).lexically_normal().parent_path().parent_path() / "objects";
      if (!with_objects.objects && fs::is_directory(objects)) with_objects.objects = objects;
      return verify_log(path, verifier, with_objects);
    }
    if (is_run(path)) return verify_run(path, verifier, options);
    return verify_folder(path, verifier, options);
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  if (is_segment_name(plain) || (name == "HEAD" && is_log(folder))) return verify_path(folder, verifier, options);
  if (name == "journal.jsonl") return verify_run(folder, verifier, options);
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
