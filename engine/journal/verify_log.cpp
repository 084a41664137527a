#include "journal/verify.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "journal/chain_check.hpp"
#include "journal/entry.hpp"
#include "journal/head.hpp"
#include "journal/line.hpp"
#include "journal/object_store.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

using core::FileStatus;
using core::Purpose;
using core::SignatureStatus;

// Looks objects up once for each name that is near in the log; every file of the store is hashed once, before.
class ObjectCheck {
 public:
  ObjectCheck(const std::filesystem::path& folder, VerifyReport& report, FindingList& findings)
      : store_(folder), seen_(kSlots), findings_(findings) {
    if (!std::filesystem::is_directory(folder)) return;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (!is_sha256_hex(name)) continue;
      if (core::sha256_file_hex(entry.path()) == name) {
        ++report.objects;
      } else {
        bad_.emplace(name, false);
      }
    }
  }

  void check(std::string_view sha256, std::string_view what, const std::string& file, const LineFact& fact) {
    const auto digest = digest_from_hex(sha256);
    if (!digest) return;
    const std::lock_guard lock(mutex_);
    core::Digest& slot = seen_[static_cast<std::size_t>((*digest)[0] | ((*digest)[1] << 8)) % kSlots];
    if (slot == *digest) return;
    const std::string name(sha256);
    if (const auto at = bad_.find(name); at != bad_.end()) {
      if (!at->second) add(FindingCode::object_changed, file, fact, fmt::format("the object {} behind the {} of entry {} was changed", name, what, fact.seq));
      at->second = true;
    } else if (!store_.has(name)) {
      add(FindingCode::object_missing, file, fact, fmt::format("the object {} behind the {} of entry {} is not in the store", name, what, fact.seq));
    } else {
      slot = *digest;
    }
  }

  void finish() {
    for (const auto& [name, reported] : bad_) {
      if (!reported) {
        findings_.add({FindingCode::object_changed, name, 0, std::nullopt, 0, 1,
                       fmt::format("the object {} was changed; no entry of this log speaks of it", name)});
      }
    }
    std::sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) { return std::tie(a.file, a.line, a.sentence) < std::tie(b.file, b.line, b.sentence); });
    for (Finding& each : found_) findings_.add(std::move(each));
  }

 private:
  static constexpr std::size_t kSlots = 65536;
  static constexpr std::size_t kMost = 10000;
  void add(FindingCode code, const std::string& file, const LineFact& fact, std::string sentence) {
    if (found_.size() < kMost) found_.push_back({code, file, fact.line, fact.seq, fact.offset, 1, std::move(sentence)});
  }
  ObjectStore store_;
  std::vector<core::Digest> seen_;
  std::unordered_map<std::string, bool> bad_;
  std::vector<Finding> found_;
  FindingList& findings_;
  std::mutex mutex_;
};

struct Block {
  std::string text;
  std::uint64_t offset = 0, first_line = 0;
  std::vector<LineFact> facts;
};

// The costly part, line by line and in parallel: grammar, hash, signature.
class BlockWorker {
 public:
  BlockWorker(const core::Verifier& verifier, ObjectCheck* objects) : verifier_(verifier), objects_(objects) {}

  void run(const std::string& file, Block& block) {
    block.facts.clear();
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
      if (objects_ != nullptr) check_objects(file, fact);
    });
  }

 private:
  void check_objects(const std::string& file, const LineFact& fact) {
    const auto text = [](const core::ScannedMember* member) {
      return member == nullptr ? std::string_view() : core::plain_string(member->value).value_or("");
    };
    objects_->check(text(core::find_member(members_, "libraries_sha256")), "libraries", file, fact);
    objects_->check(text(core::find_member(members_, "settings_sha256")), "settings", file, fact);
    if (const auto* policy = core::find_member(members_, "policy")) {
      core::scan_canonical_object(policy->value, inner_);
      objects_->check(text(core::find_member(inner_, "sha256")), "policy", file, fact);
    }
    if (const auto* inputs = core::find_member(members_, "inputs")) {
      core::scan_canonical_array(inputs->value, items_);
      for (const std::string_view item : items_) {
        core::scan_canonical_object(item, inner_);
        objects_->check(text(core::find_member(inner_, "sha256")), "inputs", file, fact);
      }
    }
  }

  const core::Verifier& verifier_;
  ObjectCheck* objects_;
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
  if (with_lock && std::filesystem::exists(folder / "LOCK")) {
    lock = core::open_file(folder / "LOCK", O_RDONLY);
    ::flock(lock.get(), LOCK_SH);
  }
  if (std::filesystem::exists(folder / "HEAD")) out.head = core::read_file(folder / "HEAD", 1 << 20);
  for (const std::string& name : list_segments(folder)) out.segments.emplace_back(name, std::filesystem::file_size(folder / name));
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
      case FileStatus::missing_signature: add(FindingCode::seal_missing, file, fmt::format("the segment {} is over and has no seal", name)); break;
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
    const bool there = std::any_of(snapshot.segments.begin(), snapshot.segments.end(), [&](const auto& each) { return each.first == segment; });
    if (!there) add(FindingCode::missing, segment, fmt::format("the segment {} is not there, but its seal is", segment));
  }
}

// Reads a HEAD; findings say what is wrong with it. Returns whether its signature holds.
bool take_head(std::string_view text, const std::string& file, const core::Verifier& verifier, FindingList& findings, Head& head) {
  const auto add = [&](FindingCode code, std::string sentence) { findings.add({code, file, 0, std::nullopt, 0, 1, std::move(sentence)}); };
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

VerifyReport verify_log(const std::filesystem::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  VerifyReport report;
  report.subject = folder.string();
  report.kind = "decision_log";
  FindingList findings(report, options.most_findings);
  const Snapshot snapshot = take_snapshot(folder, options.lock);
  Head head;
  bool head_holds = false;
  if (!snapshot.head) {
    findings.add({FindingCode::no_head, "HEAD", 0, std::nullopt, 0, 1, "the log has no HEAD: nobody can tell whether its end was removed"});
  } else {
    head_holds = take_head(*snapshot.head, "HEAD", verifier, findings, head);
  }
  ChainCheck chain(findings, options.chain_vouches && head_holds);
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
  std::optional<ObjectCheck> objects;
  if (options.objects) objects.emplace(*options.objects, report, findings);

  const std::size_t threads = std::clamp(options.threads, 1U, 16U);
  std::vector<BlockWorker> workers;
  std::vector<Block> blocks(threads);
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(verifier, objects ? &*objects : nullptr);
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
      }
    }
    if (!reader.torn().empty()) {
      findings.add({FindingCode::truncated, name, line, std::nullopt, reader.torn_offset(), 1,
                    fmt::format("line {} ends without its line feed after {} bytes: an append was interrupted or the end was cut",
                                line, reader.torn().size())});
    }
  }
  chain.finish();
  report.vouched = chain.vouched();
  if (head_holds && chain.last_seq() > head.seq) report.beyond_head = chain.last_seq() - head.seq;
  check_seals(folder, snapshot, verifier, findings);
  if (objects) objects->finish();
  return report;
}

}  // namespace ballast::journal
