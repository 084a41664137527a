#include "host/checks.hpp"

#include <charconv>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "journal/bundle.hpp"

namespace ballast::host {
namespace {

core::Json report_document(const journal::VerifyReport& report) {
  core::Json findings = core::Json::array();
  for (const journal::Finding& each : report.findings) {
    core::Json finding{{"code", std::string(journal::finding_code_name(each.code))}, {"file", each.file}, {"sentence", each.sentence}, {"count", each.count}};
    if (each.line > 0) finding["line"] = each.line;
    if (each.seq) finding["seq"] = *each.seq;
    finding["offset"] = each.offset;
    findings.push_back(std::move(finding));
  }
  return {{"subject", report.subject}, {"kind", report.kind}, {"verified", report.verified()}, {"entries", report.entries}, {"signatures", report.signatures},
          {"objects", report.objects}, {"findings", findings}, {"findings_total", report.findings_total}};
}

void show_report(const journal::VerifyReport& report) {
  fmt::print("{} {} ({}): {} entries, {} signatures, {} objects checked", report.verified() ? "verified" : "NOT VERIFIED", report.subject, report.kind, report.entries,
             report.signatures, report.objects);
  if (report.vouched > 0) fmt::print("; {} entries proved by the chain to the signed HEAD", report.vouched);
  if (report.head_seq) fmt::print("; HEAD at entry {}", *report.head_seq);
  fmt::print("\n");
  for (const journal::Finding& each : report.findings) {
    std::string place = each.file;
    if (each.line > 0) place += fmt::format(":{}", each.line);
    if (each.seq) place += fmt::format(" (entry {})", *each.seq);
    fmt::print("  {}: {}: {} [byte {}]\n", place, journal::finding_code_name(each.code), each.sentence, each.offset);
  }
  if (report.findings_total > report.findings.size()) fmt::print("  ... {} findings in all\n", report.findings_total);
}

}  // namespace

journal::VerifyReport verify_at(const Desk& desk, const std::filesystem::path& path, const VerifyRequest& request) {
  const sign::KeyRing keys = open_verifier(desk, request.public_keys);
  journal::VerifyOptions options;
  // Without secrets, HMACs cannot be checked; the chain to the signed HEAD proves the entries then.
  options.chain_vouches = request.public_keys.has_value();
  if (request.expect_head) options.expect_head = core::read_file(*request.expect_head, std::size_t{1} << 20);
  std::error_code ignored;
  if (std::filesystem::is_directory(objects_folder(desk), ignored)) options.objects = objects_folder(desk);
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
  const auto journal_file = runs_folder(desk) / subject / "journal.jsonl";
  std::error_code ignored;
  if (std::filesystem::exists(journal_file, ignored)) options.files["journal.jsonl"] = journal_file;
  journal::export_run_bundle(log, objects, subject, *signer, keys, clock, file, options);
}

}  // namespace ballast::host
