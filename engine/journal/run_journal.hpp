// The journal of one run: what happened, record by record, each chained to the one before and signed.
// Invariant: a record is durable before `append` returns, so the next step begins only after the last one is on disk.
// The two kinds that a run drops when it goes on, `step_started` and `answer`, are written then and durable with the
// next record of another kind.
// One process writes a run at a time. Format and reserved kinds: docs/formats/run_journal.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/signer.hpp"

namespace ballast::journal {

inline constexpr std::string_view kRunFormat = "ballast-run-journal";
inline constexpr std::string_view kRunJournalName = "journal.jsonl";

/// Whether a record of this kind may stand behind run_finished: somebody takes back what the run did.
bool follows_the_end(std::string_view kind) noexcept;

struct RunRecord {
  std::uint64_t seq = 0;
  std::string sha256;
  core::Json json;
};

/// Whether a run that ended may be opened again: only to take back what it did.
enum class Ended { refused, reopened };

/// Whether a record was there before, or has just become durable.
enum class Recorded { earlier, now };
/// Is told of records, in order. What it throws is forgotten: nobody who watches may stop a run.
using RunObserver = std::function<void(const RunRecord&, Recorded)>;

/// What opening a journal looks at beside its chain, under the journal's lock and before anything is written.
struct OpenChecks {
  const core::Verifier* verifier = nullptr;                  ///< refuses records whose signature is refuted or missing
  std::function<void(std::vector<RunRecord>)> records = {};  ///< is handed the whole records; throws to refuse them
  Ended ended = Ended::refused;
};

class RunJournal {
 public:
  /// Begins `<folder>/journal.jsonl`. The first record is `run_started` and holds format, version, run (its id) and
  /// what `payload` adds. The folder is made here, and is there with a whole record or not at all. Requires: the id is
  /// a file name; `signer` and `clock` outlive the journal. Throws: Error{state} when the folder is there and holds
  /// anything; Error{argument | io | crypto}.
  static RunJournal create(const std::filesystem::path& folder, const std::string& run, const core::Json& payload,
                           const core::Signer& signer, const core::Clock& clock);
  /// Opens an unfinished run to go on with it; reads it once. An end that is torn, or that never reached the disk when
  /// the power failed, is cut, kept aside and recorded (`recovery`).
  /// Throws: Error{state} when it is finished (unless it is opened for that), being run elsewhere, or its chain does
  /// not hold; Error{crypto} for the signatures; what `checks` throws; Error{not_found | io}. Nothing was written then.
  static RunJournal open(const std::filesystem::path& folder, const core::Signer& signer, const core::Clock& clock,
                         const OpenChecks& checks = {});
  RunJournal(RunJournal&&) noexcept;
  RunJournal& operator=(RunJournal&&) noexcept;
  ~RunJournal();

  /// Appends a record and returns it, without its signature, once it is durable (see above). `payload` may not hold
  /// seq, time, kind, previous or signature. Throws: Error{argument} for a payload or kind that is not accepted;
  /// Error{io}; Error{state} after a failed write.
  RunRecord append(std::string_view kind, const core::Json& payload);
  /// Appends `run_finished`: nothing can be added after it but by Ended::reopened.
  RunRecord finish(const core::Json& payload);
  /// Tells `observer` of the records that are there, and from now on of each that becomes durable.
  void tell(RunObserver observer);

  /// Holds the run's journal for as long as the descriptor lives, so that nobody goes on with it.
  /// Throws: Error{state} when another process holds it, or the journal went away meanwhile; Error{not_found | io}.
  static core::FileDescriptor hold(const std::filesystem::path& folder);
  /// Whether a process holds the run's journal, that is: the run is going on.
  static bool is_written(const std::filesystem::path& folder);
  /// All records, oldest first.
  static std::vector<RunRecord> read(const std::filesystem::path& folder);
  const std::string& run() const noexcept;
  std::uint64_t last_seq() const noexcept;
  const std::filesystem::path& folder() const noexcept;

 private:
  struct State;
  explicit RunJournal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ballast::journal
