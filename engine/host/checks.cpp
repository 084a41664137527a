#include "host/checks.hpp"

#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/printable.hpp"
#include "host/archived_run.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "journal/bundle.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

core::Json report_document(const journal::VerifyReport& report) {
  core::Json findings = core::Json::array();
  for (const journal::Finding& each : report.findings) {
    core::Json finding{{"code", std::string(journal::finding_code_name(each.code))},
                       {"file", core::printable(each.file)},
                       {"sentence", core::printable(each.sentence)},
                       {"count", each.count}};
    if (each.line > 0) finding["line"] = each.line;
    if (each.seq) finding["seq"] = *each.seq;
    finding["offset"] = each.offset;
    findings.push_back(std::move(finding));
  }
  return {{"subject", core::printable(report.subject)},
          {"kind", report.kind},
          {"verified", report.verified()},
          {"entries", report.entries},
          {"runs", report.runs},
          {"running", report.running},
          {"stopped", report.stopped},
          {"compacted", report.compacted},
          {"archives_away", report.archives_away},
          {"records", report.records},
          {"files", report.files},
          {"unsigned_files", report.unsigned_files},
          {"objects", report.objects},
          {"plans", report.plans},
          {"references", report.references},
          {"signatures", report.signatures},
          {"vouched", report.vouched},
          {"findings", findings},
          {"findings_total", report.findings_total}};
}

/// "3 log entries, 2 runs (46 records), 4 signed files, 20 objects": what there was of each kind.
std::string counted(const journal::VerifyReport& report) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t count, std::string_view one, std::string_view many) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, count == 1 ? one : many));
  };
  add(report.entries, "log entry", "log entries");
  add(report.runs, "run", "runs");
  if (report.runs > 0) parts.back() += fmt::format(" ({} records)", report.records);
  add(report.running, "of them going on", "of them going on");
  add(report.stopped, "of them stopped, to be resumed", "of them stopped, to be resumed");
  add(report.compacted, "of them compacted", "of them compacted");
  add(report.archives_away, "archive elsewhere, not looked at", "archives elsewhere, not looked at");
  add(report.files, "signed file", "signed files");
  add(report.objects, "object", "objects");
  add(report.signatures, "signature", "signatures");
  add(report.vouched, "line proved by the signed HEAD", "lines proved by the signed HEAD");
  add(report.references, "reference followed", "references followed");
  if (report.head_seq) parts.push_back(fmt::format("HEAD at entry {}", *report.head_seq));
  add(report.unsigned_files, "file has no signature", "files have no signature");
  return fmt::format("{}", fmt::join(parts, ", "));
}

void show_report(const journal::VerifyReport& report) {
  const std::string counts = counted(report);
  if (report.verified() && report.plans > 0) {
    fmt::print("nothing to verify in {}: no run began there yet; {} {} that nobody carried out\n",
               core::printable(report.subject), report.plans, report.plans == 1 ? "plan" : "plans");
    return;
  }
  fmt::print("{} {} ({}){}{}\n", report.verified() ? "verified" : "NOT VERIFIED", core::printable(report.subject),
             report.kind, counts.empty() ? "" : ": ", counts);
  for (const journal::Finding& each : report.findings) {
    std::string place = core::printable(each.file.empty() ? report.subject : each.file);
    if (each.line > 0) place += fmt::format(":{}", each.line);
    fmt::print("  {}: {}: {}", place, journal::finding_code_name(each.code), core::printable(each.sentence));
    if (each.line > 0) fmt::print(" [byte {}]", each.offset);
    fmt::print("\n");
  }
  if (report.findings_total > report.findings.size()) fmt::print("  ... {} findings in all\n", report.findings_total);
}

/// Returns the folder of a run that verifies: what is sealed is vouched for.
std::filesystem::path verified_run(const Desk& desk, const std::string& run, const core::Verifier& verifier) {
  if (run.empty() || run.front() == '.' || run.find('/') != std::string::npos)
    throw core::Error(core::Code::argument, fmt::format("'{}' cannot name a run", run), "SUBJECT");
  std::filesystem::path folder = runs_folder(desk) / run;
  if (journal::is_compacted(folder))
    throw core::Error(core::Code::state, compacted_sentence(folder) + ", which is a bundle of it", folder.string());
  if (!std::filesystem::exists(folder / journal::kRunJournalName)) {
    throw core::Error(core::Code::not_found,
                      fmt::format("the run '{}' has no journal, so no bundle is made of it", run), folder.string());
  }
  journal::VerifyOptions options;
  if (std::filesystem::is_directory(objects_folder(desk))) options.objects = objects_folder(desk);
  const journal::VerifyReport report = journal::verify_run(folder, verifier, options);
  if (!report.verified()) {
    throw core::Error(core::Code::state,
                      fmt::format("the run does not verify, so no bundle is made of it: {}; its entries can be "
                                  "exported one by one by their number",
                                  report.findings.front().sentence),
                      folder.string());
  }
  if (report.running > 0) {
    throw core::Error(core::Code::state, "the run is going on; a bundle is made of it once it has ended",
                      folder.string());
  }
  return folder;
}

}  // namespace

journal::VerifyReport verify_at(const Desk& desk, const std::filesystem::path& path, const VerifyRequest& request) {
  const sign::KeyRing keys = open_verifier(desk, request.public_keys);
  journal::VerifyOptions options;
  // Without secrets, HMACs cannot be checked; the chain to the signed HEAD proves the entries then.
  options.chain_vouches = request.public_keys.has_value();
  if (request.expect_head) options.expect_head = core::read_file(*request.expect_head, std::size_t{1} << 20);
  std::error_code ignored;
  // The desk's own objects, but only for what is the desk's: other logs have theirs beside them.
  const auto below = std::filesystem::weakly_canonical(path, ignored)
                         .lexically_relative(std::filesystem::weakly_canonical(desk.var, ignored));
  const bool own = !below.empty() && *below.begin() != "..";
  if (own && std::filesystem::is_directory(objects_folder(desk), ignored)) options.objects = objects_folder(desk);
  return journal::verify_path(path, keys, options);
}

int show_reports(const std::vector<journal::VerifyReport>& reports, bool json) {
  bool verified = true;
  core::Json all = core::Json::array();
  for (const journal::VerifyReport& each : reports) {
    verified = verified && each.verified();
    if (json) {
      all.push_back(report_document(each));
    } else {
      show_report(each);
    }
  }
  if (json) fmt::print("{}\n", core::canonical_json({{"verified", verified}, {"reports", all}}));
  return verified ? kPassed : kDenied;
}

void export_evidence(const Desk& desk, const std::string& subject, const std::filesystem::path& file) {
  const core::SystemClock clock;
  const sign::KeyRing keys = sign::KeyRing::open(desk.keys);
  const auto signer = keys.signer_for(core::Purpose::artefact, sign::Algorithm::ed25519, clock);
  journal::LogReader log(log_folder(desk));
  const journal::ObjectStore objects(objects_folder(desk));
  journal::BundleOptions options;
  options.public_keys = keys.public_text();
  std::uint64_t seq = 0;
  const auto [end, problem] = std::from_chars(subject.data(), subject.data() + subject.size(), seq);
  if (problem == std::errc() && end == subject.data() + subject.size()) {
    journal::export_bundle(log, objects, {seq}, *signer, keys, clock, file, options);
    return;
  }
  options.files[std::string(journal::kRunJournalName)] = verified_run(desk, subject, keys) / journal::kRunJournalName;
  journal::export_run_bundle(log, objects, subject, *signer, keys, clock, file, options);
}

}  // namespace ballast::host
