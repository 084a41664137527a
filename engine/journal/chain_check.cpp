#include "journal/chain_check.hpp"

#include <fmt/format.h>

namespace ballast::journal {
namespace {

constexpr std::size_t kMostGaps = 4096;

}  // namespace

std::string_view finding_code_name(FindingCode code) noexcept {
  switch (code) {
    case FindingCode::changed: return "changed";
    case FindingCode::missing: return "missing";
    case FindingCode::reordered: return "reordered";
    case FindingCode::duplicated: return "duplicated";
    case FindingCode::truncated: return "truncated";
    case FindingCode::behind_head: return "behind_head";
    case FindingCode::no_head: return "no_head";
    case FindingCode::wrong_key: return "wrong_key";
    case FindingCode::unknown_key: return "unknown_key";
    case FindingCode::refused_key: return "refused_key";
    case FindingCode::unsigned_entry: return "unsigned";
    case FindingCode::malformed: return "malformed";
    case FindingCode::object_missing: return "object_missing";
    case FindingCode::object_changed: return "object_changed";
    case FindingCode::seal_missing: return "seal_missing";
    case FindingCode::seal_changed: return "seal_changed";
    case FindingCode::seal_wrong_key: return "seal_wrong_key";
    case FindingCode::seal_unknown_key: return "seal_unknown_key";
    case FindingCode::seal_malformed: return "seal_malformed";
    case FindingCode::unfinished: return "unfinished";
    case FindingCode::unreadable: return "unreadable";
    case FindingCode::nothing: return "nothing";
  }
  return "unknown";
}

FindingCode finding_code_of(core::SignatureStatus status) {
  switch (status) {
    case core::SignatureStatus::unknown_key: return FindingCode::unknown_key;
    case core::SignatureStatus::wrong_purpose:
    case core::SignatureStatus::outside_validity:
    case core::SignatureStatus::revoked: return FindingCode::refused_key;
    case core::SignatureStatus::wrong:
    case core::SignatureStatus::unknown_algorithm:
    case core::SignatureStatus::valid: break;
  }
  return FindingCode::wrong_key;
}

void FindingList::add(Finding finding) {
  report_.findings_total += finding.count;
  if (report_.findings.size() < most_) report_.findings.push_back(std::move(finding));
}

void FindingList::add_for_key(Finding finding, const std::string& key_id) {
  const std::string name = fmt::format("{}/{}", finding_code_name(finding.code), key_id);
  if (const auto at = by_key_.find(name); at != by_key_.end()) {
    report_.findings_total += finding.count;
    report_.findings[at->second].count += finding.count;
    return;
  }
  if (report_.findings.size() < most_) by_key_.emplace(name, report_.findings.size());
  add(std::move(finding));
}

std::string ChainCheck::range_text(std::uint64_t first, std::uint64_t last) const {
  if (first == last) return fmt::format("{} {} is", words_.line, first);
  return fmt::format("{} {} to {} are", words_.lines, first, last);
}

Finding ChainCheck::finding(FindingCode code, const Place& place, std::uint64_t seq, std::string sentence) const {
  return {code, place.file, place.line, seq, place.offset, 1, std::move(sentence)};
}

void ChainCheck::expect(std::uint64_t seq, const core::Digest& hash, std::string said_by) {
  expected_.push_back({seq, hash, std::move(said_by), false});
}

const core::Digest* ChainCheck::hash_of(std::uint64_t seq) const {
  if (seq == 0) return genesis_ ? &*genesis_ : nullptr;
  const auto& slot = recent_[seq % recent_.size()];
  return slot.first == seq ? &slot.second : nullptr;
}

void ChainCheck::remember(std::uint64_t seq, const core::Digest& hash) { recent_[seq % recent_.size()] = {seq, hash}; }

void ChainCheck::report_status(const Suspect& suspect) {
  const std::string& key = suspect.fact.key_id;
  const auto words = core::signature_status_text(suspect.fact.status);
  if (!suspect.fact.is_signed) {
    findings_.add(finding(FindingCode::unsigned_entry, suspect.place, suspect.seq,
                          fmt::format("{} {} has no signature", words_.line, suspect.seq)));
    return;
  }
  findings_.add_for_key(
      finding(finding_code_of(suspect.fact.status), suspect.place, suspect.seq,
              fmt::format("the chain of hashes holds, but the signature of {} {} by key '{}' does not prove it: {}",
                          words_.line, suspect.seq, key, words)),
      key);
}

void ChainCheck::settle_suspect(bool chain_holds) {
  if (!suspect_) return;
  const Suspect suspect = std::move(*suspect_);
  suspect_.reset();
  if (chain_holds) {
    if (chain_vouches_ && suspect.fact.is_signed && suspect.fact.status == core::SignatureStatus::unknown_key) {
      ++vouched_;
    } else {
      report_status(suspect);
    }
    return;
  }
  findings_.add(finding(
      FindingCode::changed, suspect.place, suspect.seq,
      fmt::format("{} {} was changed: {}, and its hash is not the one that was chained", words_.line, suspect.seq,
                  suspect.fact.is_signed ? core::signature_status_text(suspect.fact.status) : "it has no signature")));
}

void ChainCheck::take(const std::string& file, const LineFact& fact) {
  const Place place{file, fact.line, fact.offset};
  const std::uint64_t due = last_seq_ + 1;
  // Where the successor says nothing about a doubtful line, only a signature that does not match accuses it.
  const bool innocent = suspect_ && suspect_->fact.is_signed && suspect_->fact.status != core::SignatureStatus::wrong;
  if (!fact.readable) {
    settle_suspect(innocent);
    findings_.add({FindingCode::malformed, file, fact.line, std::nullopt, fact.offset + fact.problem_offset, 1,
                   fmt::format("the line where {0} {1} should be is not {2} {0}: {3}", words_.line, due, words_.article,
                               fact.problem)});
    // It is taken for the entry that is due, so that one bad line is one finding.
    last_seq_ = due;
    last_place_ = place;
    last_reported_ = true;
    return;
  }
  const bool sound = fact.is_signed &&
                     (fact.status == core::SignatureStatus::valid || fact.status == core::SignatureStatus::unknown_key);
  // The number of a line that nobody vouches for is itself in doubt: the line stands for the entry that is due.
  const std::uint64_t seq = sound ? fact.seq : due;
  bool reported = false;
  if (seq == due) {
    if (suspect_) {
      const bool chain_holds = fact.previous == suspect_->fact.hash;
      settle_suspect(chain_holds);
    } else if (const core::Digest* before = hash_of(seq - 1);
               before != nullptr && *before != fact.previous && !last_reported_) {
      if (seq == 1) {
        findings_.add(finding(
            FindingCode::changed, place, seq,
            fmt::format("{} 1 does not begin the {} that {} speaks of", words_.line, words_.whole, words_.head)));
        reported = true;
      } else {
        findings_.add(finding(
            FindingCode::changed, last_place_.file.empty() ? place : last_place_, seq - 1,
            fmt::format("{0} {1} is not the one that {0} {2} was chained to: its SHA-256 is {3}, {0} {2} says {4}",
                        words_.line, seq - 1, seq, core::to_hex(*before), core::to_hex(fact.previous))));
      }
    }
  } else {
    settle_suspect(innocent);
    if (seq > due) {
      if (gaps_.size() < kMostGaps) {
        gaps_.emplace(due, Gap{seq - 1, place});
      } else {
        findings_.add(finding(FindingCode::missing, place, due,
                              fmt::format("{} missing before {} {}", range_text(due, seq - 1), words_.line, seq)));
      }
    } else {
      auto gap = gaps_.upper_bound(seq);
      if (gap != gaps_.begin() && std::prev(gap)->second.last >= seq) {
        gap = std::prev(gap);
        const Gap old = gap->second;
        const std::uint64_t first = gap->first;
        gaps_.erase(gap);
        if (first < seq) gaps_.emplace(first, Gap{seq - 1, old.place});
        if (seq < old.last) gaps_.emplace(seq + 1, old);
        findings_.add(finding(FindingCode::reordered, place, seq,
                              fmt::format("{0} {1} stands after {0} {2}", words_.line, seq, last_seq_)));
      } else {
        findings_.add(finding(FindingCode::duplicated, place, seq,
                              fmt::format("{0} {1} stands there again, after {0} {2}", words_.line, seq, last_seq_)));
        return;
      }
      remember(seq, fact.hash);
      return;
    }
  }
  for (Expected& each : expected_) {
    if (each.seq != seq || each.seen) continue;
    each.seen = true;
    if (each.hash != fact.hash && !reported) {
      findings_.add(
          finding(FindingCode::changed, place, seq,
                  fmt::format("{0} {1} is not the one that {2} names: its SHA-256 is {3}, {2} says {4}", words_.line,
                              seq, each.said_by, core::to_hex(fact.hash), core::to_hex(each.hash))));
      reported = true;
    }
  }
  if (!fact.problem.empty()) {
    findings_.add(
        finding(FindingCode::malformed, place, seq, fmt::format("{} {}: {}", words_.line, seq, fact.problem)));
    reported = true;
  }
  if (!reported && (!fact.is_signed || fact.status != core::SignatureStatus::valid))
    suspect_ = Suspect{place, fact, seq};
  remember(seq, fact.hash);
  last_seq_ = seq;
  last_place_ = place;
  last_reported_ = reported;
}

void ChainCheck::finish() {
  for (const Expected& each : expected_) {
    if (each.seq != 0 && !each.seen && each.seq > last_seq_) {
      findings_.add(
          finding(FindingCode::behind_head, last_place_, last_seq_,
                  fmt::format("the {} ends at {} {}, {} says {}: {} missing at the end", words_.whole, words_.line,
                              last_seq_, each.said_by, each.seq, range_text(last_seq_ + 1, each.seq))));
    }
  }
  if (suspect_) {
    // Nothing comes after it: only a HEAD that names it could vouch for it, and then its hash was compared above.
    bool named = false;
    for (const Expected& each : expected_)
      named = named || (each.seq == suspect_->seq && each.hash == suspect_->fact.hash);
    if (!named && chain_vouches_) {
      report_status(*suspect_);
      suspect_.reset();
    } else {
      settle_suspect(named || suspect_->fact.status != core::SignatureStatus::wrong);
    }
  }
  for (const auto& [first, gap] : gaps_) {
    Finding out = finding(FindingCode::missing, gap.place, first,
                          fmt::format("{} missing before this line", range_text(first, gap.last)));
    out.count = gap.last - first + 1;
    findings_.add(std::move(out));
  }
}

}  // namespace ballast::journal
