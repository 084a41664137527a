// Verification of one run: its records are signed and chained, and it ends where it says it does.
#include <fmt/format.h>

#include "core/file.hpp"
#include "journal/compacted_run.hpp"
#include "journal/desk_layout.hpp"
#include "journal/journal_check.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {

std::set<std::string> run_files() { return {std::string(kRunJournalName), std::string(kCompactedName)}; }

void check_named_objects(const RunFacts& facts, const std::string& file, ObjectCheck& objects) {
  for (const NamedObject& each : facts.objects)
    objects.check(each.sha256, each.what, {file, "record", each.line, each.line, each.offset});
}

VerifyReport verify_run_parts(const std::filesystem::path& folder, const core::Verifier& verifier,
                              const VerifyOptions& options, const std::vector<StatedEnd>& ends, RunFacts& facts) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "run";
  report.runs = 1;
  FindingList findings(report, options.most_findings);
  const std::string name(kRunJournalName);
  const auto add = [&](FindingCode code, std::uint64_t line, std::uint64_t offset, std::string sentence) {
    findings.add({code, name, line, std::nullopt, offset, 1, std::move(sentence)});
  };
  const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  const std::string called = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  if (!std::filesystem::is_regular_file(folder / name)) {
    if (!std::filesystem::is_regular_file(folder / kCompactedName)) {
      add(FindingCode::missing, 0, 0, "the run has no journal");
      return report;
    }
    verify_compacted(folder, verifier, ends, report, findings, facts);
    for (const auto& [file, sha256] : facts.recoveries) check_recovery(folder / file, file, sha256, findings);
    if (report.compacted > 0 && facts.id != called) {
      findings.add({FindingCode::changed, std::string(kCompactedName), 0, std::nullopt, 0, 1,
                    fmt::format("the statement is of the run '{}', its folder is called '{}'", facts.id, called)});
    }
    return report;
  }
  facts.running = RunJournal::is_written(folder);
  // Who has public keys only cannot check records by their HMAC; the log's signed entry of the run's end vouches for
  // them.
  JournalCheck journal(name, verifier, options.chain_vouches && !ends.empty(), report, findings, facts);
  for (const StatedEnd& each : ends) journal.expect(each.journal, fmt::format("entry {} of the log", each.seq));
  BlockReader reader(folder / name);
  std::string block;
  std::uint64_t offset = 0;
  while (reader.next(block, offset)) {
    for_each_line(block, offset, [&](std::string_view text, std::uint64_t start) { journal.take(text, start); });
  }
  if (!reader.torn().empty() && !facts.running) {
    add(FindingCode::truncated, facts.records + 1, reader.torn_offset(),
        fmt::format("line {} ends without its line feed after {} bytes", facts.records + 1, reader.torn().size()));
  }
  for (const auto& [file, sha256] : facts.recoveries) check_recovery(folder / file, file, sha256, findings);
  if (facts.records > 0 || !facts.running) journal.finish();  // a run that has just begun has no record yet
  if (facts.records > 0 && facts.id != called) {
    add(FindingCode::changed, 1, 0,
        fmt::format("the journal is of the run '{}', its folder is called '{}'", facts.id, called));
  }
  if (facts.running) {
    report.running = 1;
  } else if (facts.stopped) {
    report.stopped = 1;
  } else if (facts.records > 0 && !facts.finished) {
    add(FindingCode::unfinished, facts.records, 0,
        fmt::format("the run died: {} records are there, whether more followed nothing proves; resume or abort it",
                    facts.records));
  }
  return report;
}

VerifyReport verify_run(const std::filesystem::path& folder, const core::Verifier& verifier,
                        const VerifyOptions& options) {
  RunFacts facts;
  VerifyReport report = verify_run_parts(folder, verifier, options, {}, facts);
  FindingList findings(report, options.most_findings);
  if (options.objects) {
    VerifyReport store;
    ObjectCheck objects(*options.objects, store);
    const std::string name(kRunJournalName);
    check_named_objects(facts, name, objects);
    report.objects = store.objects;
    report.references = objects.references();
    objects.finish(findings);
  }
  merge(report, findings, verify_tree(folder, verifier, options, run_files()), "");
  return report;
}

}  // namespace ballast::journal
