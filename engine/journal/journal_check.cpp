#include "journal/journal_check.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "journal/run_journal.hpp"

namespace ballast::journal {
namespace {

using core::Json;

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
    object("policies", record, "policies_sha256");
    object("plan", record, "plan_sha256");
    if (record.contains("log_seq")) facts.log_seq = record["log_seq"].get<std::uint64_t>();
  } else if (kind == "recovery") {
    facts.recoveries[record.at("file").get<std::string>()] = record.at("sha256").get<std::string>();
  } else if (kind == "run_finished" || kind == "run_stopped") {
    object("libraries", record, "libraries_sha256");
  } else if (kind == "run_resumed") {
    for (const char* member : {"runbook_sha256", "settings_sha256", "libraries_sha256", "policies_sha256"})
      object("pin", record, member);
  } else if (kind == "answer") {
    object("answer", record, "answer_sha256");
  } else if (kind == "step_finished" && !record.contains("outcome")) {
    object("outcome", record, "outcome_sha256");
  } else if (kind == "child") {
    if (!record.contains("given")) object("parameters", record, "given_sha256");
    if (!record.contains("result")) object("result", record, "result_sha256");
    object("plan", record, "plan_sha256");
    if (record.at("state") == "ended") {
      facts.children.push_back(
          {fact.line,
           fact.offset,
           record.at("run").get<std::string>(),
           {record.at("records").get<std::uint64_t>(), record.at("sha256").get<std::string>(), {}}});
    }
  } else if (kind == "approval_asked") {
    object("plan", record, "plan_sha256");
  } else if (kind == "artefact") {
    facts.artefacts[record.at("path").get<std::string>()] = {fact.line, fact.offset,
                                                             record.at("sha256").get<std::string>()};
  } else if (record.contains("entry_seq")) {
    object("policy", record, "policy_sha256");
    object("input", record, "input_sha256");
    if (!record.contains("plan")) object("plan", record, "plan_sha256");
    const auto hash = digest_from_hex(record.at("entry_sha256").get<std::string>());
    facts.entries.push_back(
        {fact.line, fact.offset, record["entry_seq"].get<std::uint64_t>(), hash.value_or(core::Digest{})});
  }
}

}  // namespace

JournalCheck::JournalCheck(std::string name, const core::Verifier& verifier, bool chain_vouches, VerifyReport& report,
                           FindingList& findings, RunFacts& facts)
    : name_(std::move(name)),
      verifier_(verifier),
      report_(report),
      findings_(findings),
      facts_(facts),
      chain_(findings, chain_vouches, kRunWords) {}

void JournalCheck::expect(const JournalEnd& end, std::string said_by) {
  if (const auto hash = digest_from_hex(end.sha256)) chain_.expect(end.records, *hash, std::move(said_by));
}

void JournalCheck::take(std::string_view text, std::uint64_t offset) {
  const LineFact fact = read(text, offset);
  ++report_.records;
  if (fact.line == 1) chain_.set_genesis(*digest_from_hex(genesis_hash(kRunFormat, facts_.id)));
  if (fact.is_signed && fact.status == core::SignatureStatus::valid) ++report_.signatures;
  chain_.take(name_, fact);
}

void JournalCheck::finish() {
  if (facts_.records == 0) {
    findings_.add({FindingCode::missing, name_, 0, std::nullopt, 0, 1, "the run's journal has no record"});
  }
  chain_.finish();
  report_.vouched += chain_.vouched();
}

LineFact JournalCheck::read(std::string_view text, std::uint64_t offset) {
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
  if (facts_.finished && !follows_the_end(line.kind)) fact.problem = "a record after the end of the run";
  if (facts_.finished) facts_.finished = line.kind != "run_resumed";
  if (line.kind == "run_finished") facts_.finished = true;
  facts_.stopped = line.kind == "run_stopped";
  try {
    take_record(facts_, core::parse_json(text, "record"), fact);
  } catch (const Json::exception&) {
    if (fact.problem.empty())
      fact.problem = fmt::format("a record of kind {} lacks a member or has one of the wrong type", line.kind);
  }
  return fact;
}

void JournalCheck::begin(const LineView& line, LineFact& fact) {
  const auto* run = core::find_member(members_, "run");
  const auto id = run == nullptr ? std::nullopt : core::plain_string(run->value);
  facts_.id = id.value_or("");
  if (line.kind != "run_started" || !id) fact.problem = "a run begins with run_started, which names it";
}

}  // namespace ballast::journal
