#include "journal/verify.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "core/signature_file.hpp"
#include "journal/chain_check.hpp"
#include "journal/entry.hpp"
#include "journal/head.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {
namespace {

using core::FileStatus;
using core::Purpose;
using core::SignatureStatus;

struct Block {
  std::string text;
  std::uint64_t offset = 0, first_line = 0;
  std::vector<LineFact> facts;
  std::vector<std::pair<std::string, std::string>> recoveries;  ///< file and SHA-256 of what was cut and kept aside
  std::vector<EntryFact> entries;  ///< one for each fact that is readable, where somebody asked for them
};

std::string_view text_of(const core::ScannedMember* member) {
  return member == nullptr ? std::string_view() : core::plain_string(member->value).value_or("");
}

// The costly part, line by line and in parallel: grammar, hash, signature.
class BlockWorker {
 public:
  BlockWorker(const core::Verifier& verifier, const LogParts& parts) : verifier_(verifier), parts_(parts) {}

  void run(const std::string& file, Block& block) {
    block.facts.clear();
    block.entries.clear();
    block.recoveries.clear();
    const std::string shown = parts_.prefix + file;
    for_each_line(block.text, block.offset, [&](std::string_view text, std::uint64_t offset) {
      LineFact& fact = block.facts.emplace_back();
      fact.offset = offset;
      fact.line = block.first_line + block.facts.size() - 1;
      hasher_.update(text);
      fact.hash = hasher_.finish();
      LineView line;
      if (auto problem = read_line(text, line, members_)) {
        fact.problem = std::move(problem->sentence);
        fact.problem_offset = problem->offset;
        return;
      }
      fact.readable = true;
      fact.seq = line.seq;
      fact.previous = *digest_from_hex(line.previous);
      fact.is_signed = line.signature.has_value();
      if (fact.is_signed) {
        fact.status = verify_line(line, Purpose::log_entry, verifier_);
        if (fact.status != SignatureStatus::valid) fact.key_id = line.signature->key_id;
      }
      if (auto missing = missing_field(line.kind, members_)) fact.problem = std::move(*missing);
      if (parts_.objects != nullptr) check_objects({shown, "entry", fact.line, fact.seq, fact.offset});
      if (line.kind == "recovery") take_recovery(block);
      if (parts_.each_entry) block.entries.push_back(entry_fact(fact, line.kind));
    });
  }

 private:
  void check_objects(const ObjectUser& user) {
    ObjectCheck& objects = *parts_.objects;
    objects.check(text_of(core::find_member(members_, "libraries_sha256")), "libraries", user);
    objects.check(text_of(core::find_member(members_, "settings_sha256")), "settings", user);
    if (const auto* policy = core::find_member(members_, "policy")) {
      core::scan_canonical_object(policy->value, inner_);
      objects.check(text_of(core::find_member(inner_, "sha256")), "policy", user);
    }
    if (const auto* inputs = core::find_member(members_, "inputs")) {
      core::scan_canonical_array(inputs->value, items_);
      for (const std::string_view item : items_) {
        core::scan_canonical_object(item, inner_);
        objects.check(text_of(core::find_member(inner_, "sha256")), "inputs", user);
      }
    }
  }

  void take_recovery(Block& block) {
    const auto* recovery = core::find_member(members_, "recovery");
    if (recovery == nullptr || core::scan_canonical_object(recovery->value, inner_)) return;
    block.recoveries.emplace_back(text_of(core::find_member(inner_, "file")),
                                  text_of(core::find_member(inner_, "sha256")));
  }

  EntryFact entry_fact(const LineFact& fact, std::string_view kind) {
    EntryFact out{fact.seq, fact.hash, std::string(text_of(core::find_member(members_, "run"))), std::nullopt,
                  kind == "run_finished"};
    const auto* journal = states_journal(kind) ? core::find_member(members_, "journal") : nullptr;
    if (journal != nullptr && !core::scan_canonical_object(journal->value, inner_)) {
      const auto* records = core::find_member(inner_, "records");
      out.journal = JournalEnd{records == nullptr ? 0 : core::plain_integer(records->value).value_or(0),
                               std::string(text_of(core::find_member(inner_, "sha256"))),
                               std::string(text_of(core::find_member(inner_, "status")))};
    }
    return out;
  }

  const core::Verifier& verifier_;
  const LogParts& parts_;
  core::Sha256 hasher_;
  std::vector<core::ScannedMember> members_, inner_;
  std::vector<std::string_view> items_;
};

// What is on disk between two commits: writers hold the lock while lines and HEAD disagree.
struct Snapshot {
  std::optional<std::string> head;
  std::vector<std::pair<std::string, std::uint64_t>> segments;
};

Snapshot take_snapshot(const std::filesystem::path& folder, bool with_lock) {
  Snapshot out;
  core::FileDescriptor lock;
  if (with_lock && std::filesystem::is_regular_file(folder / "LOCK")) {
    lock = core::open_file(folder / "LOCK", O_RDONLY);
    // A commit takes milliseconds; who holds the lock for longer is not committing.
    if (!core::lock_file_within(lock.get(), core::LockKind::shared, std::chrono::seconds(10), folder / "LOCK")) {
      throw core::Error(core::Code::state, "another process has held the log's lock for ten seconds",
                        (folder / "LOCK").string());
    }
  }
  if (std::filesystem::is_regular_file(folder / "HEAD")) out.head = core::read_file(folder / "HEAD", 1 << 20);
  for (const std::string& name : list_segments(folder))
    if (std::filesystem::is_regular_file(folder / name))
      out.segments.emplace_back(name, std::filesystem::file_size(folder / name));
  return out;
}

void check_seals(const std::filesystem::path& folder, const Snapshot& snapshot, const core::Verifier& verifier,
                 FindingList& findings) {
  const auto add = [&](FindingCode code, const std::string& file, std::string sentence) {
    findings.add({code, file, 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  for (std::size_t i = 0; i < snapshot.segments.size(); ++i) {
    const std::string& name = snapshot.segments[i].first;
    const bool last = i + 1 == snapshot.segments.size();
    if (last && !std::filesystem::exists(folder / (name + ".sig"))) continue;
    const core::FileVerdict verdict = core::verify_file(folder / name, verifier, Purpose::log_segment);
    const std::string file = name + ".sig";
    switch (verdict.status) {
      case FileStatus::valid: break;
      case FileStatus::missing_signature:
        add(FindingCode::seal_missing, file, fmt::format("the segment {} is over and has no seal", name));
        break;
      case FileStatus::malformed: add(FindingCode::seal_malformed, file, verdict.sentence); break;
      case FileStatus::unknown_key: add(FindingCode::seal_unknown_key, file, verdict.sentence); break;
      case FileStatus::wrong_key:
      case FileStatus::refused_key: add(FindingCode::seal_wrong_key, file, verdict.sentence); break;
      case FileStatus::missing_file:
      case FileStatus::wrong_name:
      case FileStatus::size_differs:
      case FileStatus::changed: add(FindingCode::seal_changed, file, verdict.sentence); break;
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".sig") || !is_segment_name(name.substr(0, name.size() - 4))) continue;
    const std::string segment = name.substr(0, name.size() - 4);
    const bool there = std::any_of(snapshot.segments.begin(), snapshot.segments.end(),
                                   [&](const auto& each) { return each.first == segment; });
    if (!there)
      add(FindingCode::missing, segment, fmt::format("the segment {} is not there, but its seal is", segment));
  }
}

// Reads a HEAD; findings say what is wrong with it. Returns whether its signature holds.
bool take_head(std::string_view text, const std::string& file, const core::Verifier& verifier, FindingList& findings,
               Head& head) {
  const auto add = [&](FindingCode code, std::string sentence) {
    findings.add({code, file, 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  SignatureStatus status = SignatureStatus::wrong;
  if (const auto wrong = read_head(text, verifier, head, status)) {
    add(FindingCode::malformed, fmt::format("{} is not a HEAD in canonical form: {}", file, *wrong));
    return false;
  }
  if (status == SignatureStatus::valid) return true;
  const FindingCode code = status == SignatureStatus::unknown_key ? FindingCode::unknown_key
                           : status == SignatureStatus::wrong     ? FindingCode::changed
                                                                  : FindingCode::refused_key;
  add(code, fmt::format("{} is not proved by its signature by key '{}': {}", file, head.signature.key_id,
                        core::signature_status_text(status)));
  return false;
}

}  // namespace

VerifyReport verify_log_parts(const std::filesystem::path& folder, const core::Verifier& verifier,
                              const VerifyOptions& options, const LogParts& parts) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "decision_log";
  FindingList findings(report, options.most_findings);
  const Snapshot snapshot = take_snapshot(folder, options.lock);
  Head head;
  bool head_holds = false;
  if (!snapshot.head) {
    findings.add({FindingCode::no_head, "HEAD", 0, std::nullopt, 0, 1,
                  "the log has no HEAD: nobody can tell whether its end was removed"});
  } else {
    head_holds = take_head(*snapshot.head, "HEAD", verifier, findings, head);
  }
  ChainCheck chain(findings, options.chain_vouches && head_holds, kLogWords);
  if (head_holds) {
    report.head_seq = head.seq;
    report.head_sha256 = head.sha256;
    chain.set_genesis(*digest_from_hex(genesis_hash(kLogFormat, head.log_id)));
    chain.expect(head.seq, *digest_from_hex(head.sha256), "HEAD");
  }
  if (options.expect_head) {
    Head other;
    if (take_head(*options.expect_head, "expected HEAD", verifier, findings, other)) {
      if (head_holds && other.log_id != head.log_id) {
        findings.add({FindingCode::changed, "HEAD", 0, std::nullopt, 0, 1,
                      fmt::format("the HEAD kept elsewhere is of log {}, this is log {}", other.log_id, head.log_id)});
      }
      chain.expect(other.seq, *digest_from_hex(other.sha256), "the HEAD kept elsewhere");
    }
  }
  const std::size_t threads = std::clamp(options.threads, 1U, 16U);
  std::vector<BlockWorker> workers;
  std::vector<Block> blocks(threads);
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(verifier, parts);
  for (std::size_t s = 0; s < snapshot.segments.size(); ++s) {
    const std::string& name = snapshot.segments[s].first;
    const std::uint64_t size = snapshot.segments[s].second;
    BlockReader reader(folder / name, 0, size);
    std::uint64_t line = 1;
    for (bool more = true; more;) {
      std::size_t filled = 0;
      while (filled < threads && (more = reader.next(blocks[filled].text, blocks[filled].offset))) {
        blocks[filled].first_line = line;
        line += static_cast<std::uint64_t>(std::count(blocks[filled].text.begin(), blocks[filled].text.end(), '\n'));
        ++filled;
      }
      std::vector<std::jthread> running;
      for (std::size_t i = 1; i < filled; ++i) running.emplace_back([&, i] { workers[i].run(name, blocks[i]); });
      if (filled > 0) workers[0].run(name, blocks[0]);
      running.clear();
      for (std::size_t i = 0; i < filled; ++i) {
        for (const LineFact& fact : blocks[i].facts) {
          ++report.entries;
          if (fact.is_signed && fact.status == SignatureStatus::valid) ++report.signatures;
          chain.take(name, fact);
        }
        for (const auto& [file, sha256] : blocks[i].recoveries) check_recovery(folder / file, file, sha256, findings);
        for (const EntryFact& entry : blocks[i].entries) parts.each_entry(entry);
      }
    }
    if (!reader.torn().empty()) {
      findings.add(
          {FindingCode::truncated, name, line, std::nullopt, reader.torn_offset(), 1,
           fmt::format(
               "line {} ends without its line feed after {} bytes: an append was interrupted or the end was cut", line,
               reader.torn().size())});
    }
  }
  chain.finish();
  report.vouched = chain.vouched();
  if (head_holds && chain.last_seq() > head.seq) report.beyond_head = chain.last_seq() - head.seq;
  check_seals(folder, snapshot, verifier, findings);
  return report;
}

VerifyReport verify_log(const std::filesystem::path& folder, const core::Verifier& verifier,
                        const VerifyOptions& options) {
  if (!options.objects) return verify_log_parts(folder, verifier, options, {});
  VerifyReport store;
  ObjectCheck objects(*options.objects, store);
  VerifyReport report = verify_log_parts(folder, verifier, options, {&objects, {}, {}});
  report.objects = store.objects;
  report.references = objects.references();
  FindingList findings(report, options.most_findings);
  objects.finish(findings);
  return report;
}

}  // namespace ballast::journal
