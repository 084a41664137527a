// The files of a decision log between processes: lock, recovery of the end, lines, seals and HEAD in the one order that
// a crash cannot turn into a lie. Used by DecisionLog only; one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/signer.hpp"
#include "journal/decision_log.hpp"
#include "journal/head.hpp"

namespace ballast::journal {

class LogFiles {
 public:
  LogFiles(std::filesystem::path folder, const core::Signer& signer, const core::Signer& head_signer,
           const core::Verifier& verifier, const core::Clock& clock, LogOptions options);

  /// Takes the lock between processes and brings what is known of the end up to date; gives it back when destroyed.
  class Lock {
   public:
    explicit Lock(LogFiles& files);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    LogFiles& files_;
  };

  /// Adds a line to what the next commit writes. Requires: the lock. Throws without harm when the line cannot be made.
  Appended add(core::Json body, core::Instant time);
  /// Makes everything added durable and replaces HEAD. Requires: the lock. After an exception the end is unknown.
  void commit();

  std::vector<std::filesystem::path> seal_finished();
  const Head& head() const noexcept { return head_; }
  const std::filesystem::path& folder() const noexcept { return folder_; }
  /// Leaves word that the log has to be verified before it is written again. Never throws.
  void mark_suspect() noexcept;

 private:
  struct Batch {
    std::string segment;
    std::string bytes;
  };

  void load();
  void create();
  void recover();
  void take_lines(const std::string& segment, std::uint64_t from, bool& cut);
  void set_aside(const std::string& segment, std::uint64_t from);
  void log_cuts();
  void verify_if_suspect();
  void write_batch(const Batch& batch);
  void seal(const std::string& segment);
  void write_head(bool keep);
  void write_generation(bool dirty);

  std::filesystem::path folder_;
  const core::Signer& signer_;
  const core::Signer& head_signer_;
  const core::Verifier& verifier_;
  const core::Clock& clock_;
  LogOptions options_;
  core::FileDescriptor lock_;
  std::uint64_t generation_ = 0;
  bool loaded_ = false;
  bool kept_once_ = false;
  unsigned commits_since_kept_ = 0;
  Head head_;  ///< what is on disk
  Head end_;   ///< what it will be after the next commit (seq, sha256, segment, size)
  std::vector<Batch> batches_;
  core::FileDescriptor segment_file_;
  std::string open_segment_;
};

}  // namespace ballast::journal
