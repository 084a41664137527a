// How far the decision log is verified: the whole of it, now, without the objects behind it.
#include <chrono>

#include <fmt/format.h>

#include "host/evidence.hpp"
#include "host/status/status.hpp"
#include "journal/verify.hpp"

namespace ballast::host {

StatusPart log_status(const StatusQuestion& question) {
  StatusPart out;
  const auto folder = log_folder(question.desk);
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    out.lines.emplace_back("there is none yet");
    return out;
  }
  const auto began = std::chrono::steady_clock::now();
  const journal::VerifyReport report = journal::verify_log(folder, open_verifier(question.desk, {}));
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  out.facts = {{"verified", report.verified()},
               {"entries", report.entries},
               {"verified_at", core::format_instant(core::SystemClock().now())},
               {"milliseconds", took},
               {"scope", "lines, chain, signatures, HEAD and seals; not the objects behind them"}};
  if (report.head_seq) out.facts["verified_to"] = *report.head_seq;
  if (report.verified()) {
    out.lines.push_back(fmt::format("verified now to entry {}, its HEAD ({} entries in {} ms)",
                                    report.head_seq.value_or(0), report.entries, took));
    return out;
  }
  const journal::Finding& first = report.findings.front();
  out.findings.push_back({"log_not_verified", folder.string(),
                          fmt::format("the decision log does not verify ({} findings): {}: {}", report.findings_total,
                                      journal::finding_code_name(first.code), first.sentence),
                          fmt::format("start nothing, copy the folder away, then ballast verify {} "
                                      "(docs/verification.md)",
                                      question.desk.var.string())});
  out.lines.push_back(fmt::format("NOT VERIFIED, {} findings", report.findings_total));
  return out;
}

}  // namespace ballast::host
