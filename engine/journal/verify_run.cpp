// Verification of one run: its records are signed and chained, and it ends where it says it does.
#include <fcntl.h>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "journal/line.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {
namespace {

using core::Json;

/// Whether a process holds the journal's lock, that is: the run is going on.
bool is_running(const std::filesystem::path& journal) {
  const core::FileDescriptor file = core::open_file(journal, O_RDONLY);
  struct ::flock asked {};
  asked.l_type = F_RDLCK;
  asked.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_OFD_GETLK, &asked) == 0 && asked.l_type == F_WRLCK;
}

/// Collects what a record names. Requires: `record` was read from a canonical line.
void take_record(RunFacts& facts, const Json& record, const LineFact& fact) {
  const std::string kind = record.at("kind").get<std::string>();
  const auto object = [&](const char* what, const Json& holder, const char* member) {
    if (holder.contains(member))
      facts.objects.push_back({fact.line, fact.offset, what, holder[member].get<std::string>()});
  };
  if (kind == "run_started") {
    if (record.contains("runbook") && record["runbook"].is_object()) object("runbook", record["runbook"], "sha256");
    object("settings", record, "settings_sha256");
    object("libraries", record, "libraries_sha256");
    if (record.contains("log_seq")) facts.log_seq = record["log_seq"].get<std::uint64_t>();
  } else if (kind == "recovery") {
    facts.recoveries[record.at("file").get<std::string>()] = record.at("sha256").get<std::string>();
  } else if (kind == "run_finished") {
    object("libraries", record, "libraries_sha256");
  } else if (kind == "answer") {
    object("answer", record, "answer_sha256");
  } else if (kind == "step_finished" && !record.contains("outcome")) {
    object("outcome", record, "outcome_sha256");
  } else if (kind == "artefact") {
    facts.artefacts[record.at("path").get<std::string>()] = {fact.line, fact.offset,
                                                             record.at("sha256").get<std::string>()};
  } else if (kind == "decision" || kind == "log") {
    object("policy", record, "policy_sha256");
    object("input", record, "input_sha256");
    if (!record.contains("entry_seq")) return;
    const auto hash = digest_from_hex(record.at("entry_sha256").get<std::string>());
    facts.entries.push_back(
        {fact.line, fact.offset, record["entry_seq"].get<std::uint64_t>(), hash.value_or(core::Digest{})});
  }
}

/// Reads one line of a journal: what it says of itself, and what it names.
class RecordReader {
 public:
  RecordReader(const core::Verifier& verifier, RunFacts& facts) : verifier_(verifier), facts_(facts) {}

  LineFact read(std::string_view text, std::uint64_t offset) {
    LineFact fact;
    fact.line = ++facts_.records;
    fact.offset = offset;
    fact.hash = core::sha256(text);
    LineView line;
    if (auto problem = read_line(text, line, members_)) {
      fact.problem = std::move(problem->sentence);
      fact.problem_offset = problem->offset;
      return fact;
    }
    fact.readable = true;
    fact.seq = line.seq;
    fact.previous = *digest_from_hex(line.previous);
    fact.is_signed = line.signature.has_value();
    if (fact.is_signed) {
      fact.status = verify_line(line, core::Purpose::run_journal, verifier_);
      if (fact.status != core::SignatureStatus::valid) fact.key_id = line.signature->key_id;
    }
    if (fact.line == 1) begin(line, fact);
    if (facts_.finished) fact.problem = "a record after the end of the run";
    facts_.finished = facts_.finished || line.kind == "run_finished";
    try {
      take_record(facts_, core::parse_json(text, "record"), fact);
    } catch (const Json::exception&) {
      if (fact.problem.empty())
        fact.problem = fmt::format("a record of kind {} lacks a member or has one of the wrong type", line.kind);
    }
    return fact;
  }

 private:
  void begin(const LineView& line, LineFact& fact) {
    const auto* run = core::find_member(members_, "run");
    const auto id = run == nullptr ? std::nullopt : core::plain_string(run->value);
    facts_.id = id.value_or("");
    if (line.kind != "run_started" || !id) fact.problem = "a run begins with run_started, which names it";
  }

  const core::Verifier& verifier_;
  RunFacts& facts_;
  std::vector<core::ScannedMember> members_;
};

}  // namespace

VerifyReport verify_run_parts(const std::filesystem::path& folder, const core::Verifier& verifier,
                              const VerifyOptions& options, const std::optional<JournalEnd>& end, std::uint64_t end_seq,
                              RunFacts& facts) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "run";
  report.runs = 1;
  FindingList findings(report, options.most_findings);
  const std::string name(kRunJournalName);
  const auto add = [&](FindingCode code, std::uint64_t line, std::uint64_t offset, std::string sentence) {
    findings.add({code, name, line, std::nullopt, offset, 1, std::move(sentence)});
  };
  if (!std::filesystem::is_regular_file(folder / name)) {
    add(FindingCode::missing, 0, 0, "the run has no journal");
    return report;
  }
  facts.running = is_running(folder / name);
  // Who has public keys only cannot check records by their HMAC; the log's signed entry of the run's end vouches for
  // them.
  ChainCheck chain(findings, options.chain_vouches && end.has_value(), kRunWords);
  if (const auto hash = end ? digest_from_hex(end->sha256) : std::nullopt) {
    chain.expect(end->records, *hash, fmt::format("entry {} of the log", end_seq));
  }
  BlockReader reader(folder / name);
  RecordReader records(verifier, facts);
  std::string block;
  std::uint64_t offset = 0;
  while (reader.next(block, offset)) {
    for_each_line(block, offset, [&](std::string_view text, std::uint64_t start) {
      const LineFact fact = records.read(text, start);
      if (fact.line == 1) chain.set_genesis(*digest_from_hex(genesis_hash(kRunFormat, facts.id)));
      if (fact.is_signed && fact.status == core::SignatureStatus::valid) ++report.signatures;
      chain.take(name, fact);
    });
  }
  report.records = facts.records;
  if (!reader.torn().empty() && !facts.running) {
    add(FindingCode::truncated, facts.records + 1, reader.torn_offset(),
        fmt::format("line {} ends without its line feed after {} bytes", facts.records + 1, reader.torn().size()));
  }
  if (facts.records == 0 && !facts.running) add(FindingCode::missing, 0, 0, "the run's journal has no record");
  for (const auto& [file, sha256] : facts.recoveries) check_recovery(folder / file, file, sha256, findings);
  chain.finish();
  report.vouched = chain.vouched();
  const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  const std::string called = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  if (facts.records > 0 && facts.id != called) {
    add(FindingCode::changed, 1, 0,
        fmt::format("the journal is of the run '{}', its folder is called '{}'", facts.id, called));
  }
  if (facts.running) {
    report.running = 1;
  } else if (facts.records > 0 && !facts.finished) {
    add(FindingCode::unfinished, facts.records, 0,
        fmt::format("the run did not finish: {} records are there, whether more followed nothing proves",
                    facts.records));
  }
  return report;
}

VerifyReport verify_run(const std::filesystem::path& folder, const core::Verifier& verifier,
                        const VerifyOptions& options) {
  RunFacts facts;
  VerifyReport report = verify_run_parts(folder, verifier, options, std::nullopt, 0, facts);
  FindingList findings(report, options.most_findings);
  if (options.objects) {
    VerifyReport store;
    ObjectCheck objects(*options.objects, store);
    const std::string name(kRunJournalName);
    for (const NamedObject& each : facts.objects)
      objects.check(each.sha256, each.what, {name, "record", each.line, each.line, each.offset});
    report.objects = store.objects;
    report.references = objects.references();
    objects.finish(findings);
  }
  merge(report, findings, verify_tree(folder, verifier, options, {std::string(kRunJournalName)}), "");
  return report;
}

}  // namespace ballast::journal
