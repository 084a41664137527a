// The order of entries: takes what is known of each line in file order and says which entries are missing, moved,
// repeated or changed. Memory does not grow with the log.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/digest.hpp"
#include "core/signer.hpp"
#include "journal/verify.hpp"

namespace ballast::journal {

/// What a signature that does not prove its line is a finding of. Requires: the status is not `valid`.
FindingCode finding_code_of(core::SignatureStatus status);

/// Collects findings up to a limit and counts the rest.
class FindingList {
 public:
  FindingList(VerifyReport& report, std::size_t most) : report_(report), most_(most) {}
  void add(Finding finding);
  /// Findings of one code and key become one, with a count: a log checked without its key is one finding, not a
  /// million.
  void add_for_key(Finding finding, const std::string& key_id);

 private:
  VerifyReport& report_;
  std::size_t most_;
  std::map<std::string, std::size_t> by_key_;
};

/// What was found out about one line on its own.
struct LineFact {
  std::uint64_t line = 0, offset = 0, seq = 0;
  core::Digest hash{}, previous{};
  bool readable = false;  ///< seq and previous could be read
  bool is_signed = false;
  core::SignatureStatus status = core::SignatureStatus::valid;
  std::string key_id;  ///< only when the status is not `valid`
  std::size_t problem_offset = 0;
  std::string problem;  ///< not empty: why the line is malformed
};

/// What the lines are called in findings.
struct ChainWords {
  std::string_view line, lines, article, whole, head;
};
inline constexpr ChainWords kLogWords{"entry", "entries", "an", "log", "HEAD"};
inline constexpr ChainWords kRunWords{"record", "records", "a", "journal", "its first record"};

class ChainCheck {
 public:
  ChainCheck(FindingList& findings, bool chain_vouches, const ChainWords& words)
      : findings_(findings), chain_vouches_(chain_vouches), words_(words) {}

  void set_genesis(const core::Digest& hash) { genesis_ = hash; }
  /// The hash that the entry `seq` is known to have, from a signed HEAD.
  void expect(std::uint64_t seq, const core::Digest& hash, std::string said_by);
  void take(const std::string& file, const LineFact& fact);
  /// Reports what only the end can show. Requires: called once.
  void finish();
  std::uint64_t last_seq() const noexcept { return last_seq_; }
  std::uint64_t vouched() const noexcept { return vouched_; }

 private:
  struct Place {
    std::string file;
    std::uint64_t line = 0, offset = 0;
  };
  struct Suspect {
    Place place;
    LineFact fact;
    std::uint64_t seq;
  };
  struct Gap {
    std::uint64_t last;
    Place place;
  };
  struct Expected {
    std::uint64_t seq;
    core::Digest hash;
    std::string said_by;
    bool seen = false;
  };

  Finding finding(FindingCode code, const Place& place, std::uint64_t seq, std::string sentence) const;
  std::string range_text(std::uint64_t first, std::uint64_t last) const;
  void settle_suspect(bool chain_holds);
  void report_status(const Suspect& suspect);
  const core::Digest* hash_of(std::uint64_t seq) const;
  void remember(std::uint64_t seq, const core::Digest& hash);

  FindingList& findings_;
  bool chain_vouches_;
  ChainWords words_;
  std::optional<core::Digest> genesis_;
  std::vector<Expected> expected_;
  std::uint64_t last_seq_ = 0, vouched_ = 0;
  Place last_place_;
  bool last_reported_ = false;  ///< the line before already has a finding; its successor's link says nothing new
  std::optional<Suspect> suspect_;
  std::array<std::pair<std::uint64_t, core::Digest>, 64> recent_{};
  std::map<std::uint64_t, Gap> gaps_;  ///< first missing seq to the rest; at most kMostGaps
};

}  // namespace ballast::journal
