#include "journal/bundle_journal.hpp"

#include <fmt/format.h>

#include "core/digest.hpp"
#include "journal/line.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

using core::SignatureStatus;

/// The entry that states how the run's journal ended, where the bundle holds it.
const BundleEntry* end_of(const std::string& run, const std::vector<BundleEntry>& entries) {
  for (const BundleEntry& each : entries) {
    const core::Json& json = each.json;
    if (json.value("kind", core::Json()) == "run_finished" && json.value("run", core::Json()) == run &&
        json.contains("journal") && json["journal"].is_object())
      return &each;
  }
  return nullptr;
}

}  // namespace

void check_bundled_journal(const std::string& bytes, const std::vector<BundleEntry>& entries,
                           const core::Verifier& verifier, bool vouched, const std::string& name, VerifyReport& report,
                           FindingList& findings) {
  const std::size_t whole = bytes.rfind('\n') == std::string::npos ? 0 : bytes.rfind('\n') + 1;
  std::uint64_t records = 0;
  std::string run, hash;
  std::vector<core::ScannedMember> members;
  for_each_line(std::string_view(bytes).substr(0, whole), 0, [&](std::string_view text, std::uint64_t offset) {
    ++records;
    const auto add = [&](FindingCode code, std::string sentence) {
      findings.add({code, name, records, std::nullopt, offset, 1, std::move(sentence)});
    };
    LineView line;
    if (const auto problem = read_line(text, line, members)) {
      add(FindingCode::malformed, fmt::format("record {} of the run's journal: {}", records, problem->sentence));
    } else {
      if (records == 1) {
        const auto* member = core::find_member(members, "run");
        run = member == nullptr ? "" : core::plain_string(member->value).value_or("");
        hash = genesis_hash(kRunFormat, run);
      }
      if (line.seq != records || line.previous != hash)
        add(FindingCode::changed, fmt::format("record {} of the run's journal is not chained to the one before", records));
      const SignatureStatus status =
          line.signature ? verify_line(line, core::Purpose::run_journal, verifier) : SignatureStatus::wrong;
      if (!line.signature) {
        add(FindingCode::unsigned_entry, fmt::format("record {} of the run's journal has no signature", records));
      } else if (status == SignatureStatus::valid) {
        ++report.signatures;
      } else if (status == SignatureStatus::unknown_key && vouched) {
        ++report.vouched;
      } else {
        add(status == SignatureStatus::unknown_key ? FindingCode::unknown_key
            : status == SignatureStatus::wrong     ? FindingCode::wrong_key
                                                   : FindingCode::refused_key,
            fmt::format("the signature of record {} of the run's journal by key '{}' does not prove it: {}", records,
                        line.signature->key_id, core::signature_status_text(status)));
      }
    }
    hash = core::sha256_hex(text);
  });
  report.records += records;
  const auto add = [&](FindingCode code, std::string sentence) {
    findings.add({code, name, 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  if (whole != bytes.size()) add(FindingCode::truncated, "the run's journal ends without its line feed");
  for (const BundleEntry& each : entries) {
    if (const auto of = each.json.find("run"); of != each.json.end() && *of != run) {
      add(FindingCode::changed,
          fmt::format("the journal is of the run '{}', entry {} of the run {}", run, each.seq, of->dump()));
      return;
    }
  }
  const BundleEntry* end = end_of(run, entries);
  if (end == nullptr) return;
  const core::Json& said = end->json["journal"];
  if (said.value("records", core::Json()) != records || said.value("sha256", core::Json()) != hash) {
    add(FindingCode::changed,
        fmt::format("the run's journal is not the one that entry {} says ended with record {}", end->seq,
                    said.value("records", core::Json()).dump()));
  }
}

}  // namespace ballast::journal
