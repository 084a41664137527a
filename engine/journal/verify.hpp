// Verification: is everything that was logged still there, in order, unchanged and signed, up to its signed HEAD?
// Reads the bytes that are there, never serialises, keeps no more than a few blocks in memory, repairs nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/signer.hpp"

namespace ballast::journal {

enum class FindingCode {
  changed,         ///< the bytes are not those that were chained, signed or hashed
  missing,         ///< entries, a segment or a file are not there
  reordered,       ///< an entry stands after a later one
  duplicated,      ///< an entry stands there a second time
  truncated,       ///< a line ends without its line feed
  behind_head,     ///< the log ends before the HEAD says it does
  no_head,         ///< there is no HEAD
  wrong_key,       ///< the chain holds but a signature does not match: another key, or lines chained anew without it
  unknown_key,     ///< signed by a key that is not in the key ring
  refused_key,     ///< signed by a key that is revoked, was not valid then or is not meant for this
  unsigned_entry,  ///< no signature
  malformed,       ///< not canonical JSON, or a member is missing or has the wrong type
  object_missing,
  object_changed,
  seal_missing,
  seal_changed,
  seal_wrong_key,
  seal_unknown_key,
  seal_malformed,
  unfinished,  ///< a run that died: the records that are there are signed, whether more followed nobody can tell
  unreadable,  ///< the operating system does not give it, or it is not a file of the kind that belongs there
  nothing      ///< nothing was found that could be verified
};
std::string_view finding_code_name(FindingCode code) noexcept;

struct Finding {
  FindingCode code;
  std::string file;                  ///< name of the file, relative to what was verified
  std::uint64_t line = 0;            ///< from 1; 0: the file as a whole
  std::optional<std::uint64_t> seq;  ///< of the entry, where it is known
  std::uint64_t offset = 0;          ///< of the line's first byte (of the bad byte, where it is known) in the file
  std::uint64_t count = 1;           ///< how many entries the finding stands for
  std::string sentence;              ///< what exactly is wrong
};

struct VerifyReport {
  std::string subject;               ///< what was verified
  std::string kind;                  ///< decision_log, run, bundle, file, folder, desk
  std::uint64_t entries = 0;         ///< lines of decision logs, or entries of bundles
  std::uint64_t runs = 0;            ///< journals of runs
  std::uint64_t running = 0;         ///< of these, being written by a process now
  std::uint64_t stopped = 0;         ///< of these, stopped where they can be resumed
  std::uint64_t compacted = 0;       ///< of these, with a statement in place of the journal
  std::uint64_t archives_away = 0;   ///< of these, with an archive outside of var that is not there now
  std::uint64_t records = 0;         ///< lines of these journals
  std::uint64_t files = 0;           ///< files that have, or should have, a .sig
  std::uint64_t unsigned_files = 0;  ///< files that nothing vouches for: not evidence, not checked
  std::uint64_t plans = 0;           ///< plans that nobody carried out, counted where there is nothing else to verify
  std::uint64_t references = 0;      ///< names followed from entries and records to runs, entries, objects and files
  std::uint64_t signatures = 0;      ///< signatures found valid
  std::uint64_t vouched = 0;         ///< entries whose key is not here, proved by the chain to the signed HEAD
  std::uint64_t beyond_head = 0;     ///< whole entries after the one HEAD names
  std::uint64_t objects = 0;         ///< objects found unchanged
  std::optional<std::uint64_t> head_seq;
  std::string head_sha256;
  std::uint64_t findings_total = 0;  ///< findings are kept up to VerifyOptions::most_findings
  std::vector<Finding> findings;
  bool verified() const noexcept { return findings_total == 0; }
};

struct VerifyOptions {
  std::optional<std::string> expect_head;        ///< text of a HEAD file kept elsewhere
  std::optional<std::filesystem::path> objects;  ///< folder of the object store; absent: objects are not checked
  bool chain_vouches = false;  ///< entries by keys that are not here count as proved where the chain to a HEAD that is
                               ///< signed by a known key holds: for those who have public keys only
  bool lock = true;            ///< wait for a commit that is under way; false only for whoever holds the log's lock
  unsigned threads = 2;
  std::size_t most_findings = 1000;
};

/// Verifies a decision log. Throws: Error{not_found | io} when it cannot be read at all.
VerifyReport verify_log(const std::filesystem::path& folder, const core::Verifier& verifier,
                        const VerifyOptions& options = {});

/// Verifies a run's folder: signatures and chain of its journal, and its end. Objects are followed where the options
/// name a store.
VerifyReport verify_run(const std::filesystem::path& folder, const core::Verifier& verifier,
                        const VerifyOptions& options = {});

/// Verifies a desk's `var` as a whole: log, runs, objects, artefacts, and that each holds what the others say of it.
/// Keeps 40 bytes of memory for each entry that names a run. A desk that is written meanwhile is read again, three
/// times at most. Throws: Error{not_found | io}; Error{state} when somebody holds the log's lock for ten seconds.
VerifyReport verify_desk(const std::filesystem::path& folder, const core::Verifier& verifier,
                         const VerifyOptions& options = {});

/// Verifies whatever is at the path: a desk's `var`, a decision log, a run, a bundle, an object store, a file with its
/// .sig, a .sig file, or a folder of such things. A file without a .sig is `unsigned`, and where nothing can be
/// verified that is a finding (`nothing`), unless plans are all that was made there yet. Throws: Error{not_found | io}.
VerifyReport verify_path(const std::filesystem::path& path, const core::Verifier& verifier,
                         const VerifyOptions& options = {});

}  // namespace ballast::journal
