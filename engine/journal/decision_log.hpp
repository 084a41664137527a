// The decision log: append-only lines, chained and signed, one segment a UTC day, under a signed HEAD.
// Invariants: an entry is acknowledged only after its line is durable and HEAD covers it; a log that cannot be written
// refuses (W-11); after a failed write or sync nothing more is written until the log was opened and verified again.
// Order of one commit: lines, fdatasync, HEAD.tmp, rename. What a crash leaves in between:
// docs/formats/decision_log.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/signer.hpp"
#include "journal/entry.hpp"
#include "journal/log_reader.hpp"

namespace ballast::journal {

struct LogOptions {
  std::string engine_version;         ///< required: what stands in `engine.version`
  std::string engine_build;           ///< required: what stands in `engine.build`
  std::optional<std::string> log_id;  ///< of a new log; absent: 32 random hexadecimal digits
};

/// What an append returns: the entry is durable.
struct Appended {
  std::uint64_t seq = 0;
  std::string sha256;
  std::string segment;
};

class DecisionLog {
 public:
  /// Opens a log, or makes a new one where the folder holds none. Whole signed lines beyond HEAD are taken in, a torn
  /// end is cut, kept in `torn/` and the cut is logged.
  /// Requires: everything passed in outlives the log. `signer` signs entries (log_entry), `head_signer` HEAD and seals
  /// (log_head, log_segment); `verifier` knows the keys of both.
  /// Throws: Error{state} when the log is behind its HEAD, has lines but no HEAD, or does not verify after a failed
  /// sync; Error{crypto} when HEAD is not signed by a known key; Error{io}.
  static DecisionLog open(const std::filesystem::path& folder, const core::Signer& signer,
                          const core::Signer& head_signer, const core::Verifier& verifier, const core::Clock& clock,
                          LogOptions options);
  DecisionLog(DecisionLog&&) noexcept;
  DecisionLog& operator=(DecisionLog&&) noexcept;
  ~DecisionLog();

  /// Appends an entry and returns once it is durable. Threads that append at the same time share syncs; processes wait
  /// for each other. Thread-safe.
  /// Throws: Error{argument} for an incomplete draft; Error{crypto} when the key may not sign; Error{io} when it could
  /// not be made durable: the entry may or may not be found in the log later, and the action must not be taken;
  /// Error{state} once that has happened.
  Appended append(const Draft& draft);
  /// Appends several entries under one sync. All are durable when it returns; when it throws, some may be.
  std::vector<Appended> append(std::span<const Draft> drafts);

  /// Appends a signed remark on an entry, in that entry's environment.
  /// Throws: Error{not_found} when there is no such entry, Error{state} when the chain from it to the signed HEAD does
  /// not hold, and what append throws.
  Appended annotate(std::uint64_t seq, const std::string& actor, const std::string& note,
                    const std::optional<std::string>& verdict = std::nullopt);

  /// Seals every segment whose day is over at the clock's time and that has no seal yet. Returns the seals written.
  std::vector<std::filesystem::path> seal_finished();

  std::optional<Entry> entry(std::uint64_t seq);
  std::vector<Entry> tail(std::size_t count);
  std::vector<Entry> query(const Query& query);

  std::uint64_t last_seq() const;
  const std::string& log_id() const;
  const std::filesystem::path& folder() const;

 private:
  struct State;
  explicit DecisionLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ballast::journal
