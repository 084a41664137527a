#include "journal/bundle_journal.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "journal/journal_check.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

/// How the bytes themselves end: what a seal over them says of the journal.
JournalEnd end_of(std::string_view lines) {
  JournalEnd out;
  out.records = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  const std::string_view but_last_feed = lines.substr(0, lines.empty() ? 0 : lines.size() - 1);
  out.sha256 = core::sha256_hex(but_last_feed.substr(but_last_feed.rfind('\n') + 1));
  return out;
}

/// Has the journal stop and end where the entries of the bundle say that it did.
void expect_stated_ends(const std::vector<BundleEntry>& entries, JournalCheck& journal) {
  for (const BundleEntry& each : entries) {
    if (!states_journal(each.json.value("kind", ""))) continue;
    const core::Json& said = each.json.at("journal");
    journal.expect({said.at("records").get<std::uint64_t>(), said.at("sha256").get<std::string>(), {}},
                   fmt::format("entry {} of the log", each.seq));
  }
}

}  // namespace

void check_bundled_journal(const std::string& bytes, const std::vector<BundleEntry>& entries,
                           const core::Verifier& verifier, bool vouched, const std::string& name, VerifyReport& report,
                           FindingList& findings) {
  const auto add = [&](FindingCode code, std::string sentence) {
    findings.add({code, name, 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  const std::size_t last_feed = bytes.rfind('\n');
  const std::string_view lines = std::string_view(bytes).substr(0, last_feed == std::string::npos ? 0 : last_feed + 1);
  RunFacts facts;
  JournalCheck journal(name, verifier, vouched, report, findings, facts);
  if (vouched && !lines.empty()) journal.expect(end_of(lines), "the seal");
  try {
    expect_stated_ends(entries, journal);
  } catch (const core::Json::exception&) {
    add(FindingCode::malformed, "an entry that states the end of the run lacks a member or has one of the wrong type");
  }
  for_each_line(lines, 0, [&](std::string_view text, std::uint64_t offset) { journal.take(text, offset); });
  journal.finish();
  if (lines.size() != bytes.size()) add(FindingCode::truncated, "the run's journal ends without its line feed");
  for (const BundleEntry& each : entries) {
    if (const auto of = each.json.find("run"); of != each.json.end() && *of != facts.id) {
      add(FindingCode::changed,
          fmt::format("the journal is of the run '{}', entry {} of the run {}", facts.id, each.seq, of->dump()));
      return;
    }
  }
}

}  // namespace ballast::journal
