// The records of a run's journal, one by one: signed, chained, in the order of a run; and what they name. The bytes may
// come from the run's folder or from a bundle.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/canonical_scan.hpp"
#include "journal/line.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {

class JournalCheck {
 public:
  /// Findings name the file `name`; records and signatures are counted in `report`. With `chain_vouches` records by
  /// keys that are not here count as proved where the chain leads to a record that `expect` named.
  JournalCheck(std::string name, const core::Verifier& verifier, bool chain_vouches, VerifyReport& report,
               FindingList& findings, RunFacts& facts);
  /// The journal is known to have this end, said by an entry of the log or by a seal.
  void expect(const JournalEnd& end, std::string said_by);
  /// Takes the next line, without its line feed, and its place in the file.
  void take(std::string_view text, std::uint64_t offset);
  /// Reports what only the end can show. Requires: called once.
  void finish();

 private:
  LineFact read(std::string_view text, std::uint64_t offset);
  void begin(const LineView& line, LineFact& fact);

  std::string name_;
  const core::Verifier& verifier_;
  VerifyReport& report_;
  FindingList& findings_;
  RunFacts& facts_;
  ChainCheck chain_;
  std::vector<core::ScannedMember> members_;
};

}  // namespace ballast::journal
