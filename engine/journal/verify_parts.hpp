// What the parts of a verification tell each other, so that a desk's log, runs, objects and files prove one another.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "journal/entry.hpp"
#include "journal/object_check.hpp"
#include "journal/verify.hpp"

namespace ballast::journal {

/// What an entry of the log says of a run.
struct EntryFact {
  std::uint64_t seq = 0;
  core::Digest hash{};
  std::string run;                    ///< empty: of no run
  std::optional<JournalEnd> journal;  ///< run_finished and run_stopped only
  bool ends_run = false;              ///< run_finished
};

/// Where the log says that a run's journal was: each stop, and the end.
struct StatedEnd {
  JournalEnd journal;
  std::uint64_t seq = 0;  ///< the entry that states it
};

/// What else to do while a log is verified.
struct LogParts {
  ObjectCheck* objects = nullptr;
  std::function<void(const EntryFact&)> each_entry;  ///< called in the order of lines for each entry that could be read
  std::string prefix;                                ///< put before names of files that the object check reports
};
VerifyReport verify_log_parts(const std::filesystem::path& folder, const core::Verifier& verifier,
                              const VerifyOptions& options, const LogParts& parts);

/// Something that a record of a run's journal names, and where it stands.
struct NamedEntry {
  std::uint64_t line = 0, offset = 0, seq = 0;  ///< seq: of the entry of the log
  core::Digest hash{};
};
struct NamedObject {
  std::uint64_t line = 0, offset = 0;
  std::string what, sha256;
};
struct NamedArtefact {
  std::uint64_t line = 0, offset = 0;
  std::string sha256;
};

/// Another run that ended as a child of this one, and how far its journal came then.
struct NamedChild {
  std::uint64_t line = 0, offset = 0;
  std::string run;
  JournalEnd journal;
};

/// What a run's journal says.
struct RunFacts {
  std::string id;
  bool finished = false;
  bool stopped = false;  ///< its last record is run_stopped: it can be resumed
  bool running = false;  ///< a process holds the journal's lock
  std::uint64_t records = 0;
  std::uint64_t log_seq = 0;                      ///< last entry of the log when the run began
  std::map<std::string, std::string> recoveries;  ///< SHA-256 of what was cut and kept aside, by file
  std::vector<NamedEntry> entries;
  std::vector<NamedObject> objects;
  std::vector<NamedChild> children;
  std::map<std::string, NamedArtefact> artefacts;  ///< by path as recorded; the last record of a path counts
};

/// Verifies a run and fills `facts`. `ends`: where the decision log says that its journal stopped and ended.
VerifyReport verify_run_parts(const std::filesystem::path& folder, const core::Verifier& verifier,
                              const VerifyOptions& options, const std::vector<StatedEnd>& ends, RunFacts& facts);

/// Names in the folder of a run that verify_run_parts looks at.
std::set<std::string> run_files();

/// Follows the objects that the records of the journal `file` name.
void check_named_objects(const RunFacts& facts, const std::string& file, ObjectCheck& objects);

/// Verifies one file against its .sig and counts it.
void check_file(const std::filesystem::path& file, const std::string& shown, const core::Verifier& verifier,
                VerifyReport& report, FindingList& findings);

/// Checks a file that is called by the SHA-256 of its bytes, and counts it.
void check_object(const std::filesystem::path& file, VerifyReport& report, FindingList& findings);

/// Checks that what a recovery cut is still kept aside.
void check_recovery(const std::filesystem::path& file, const std::string& shown, const std::string& sha256,
                    FindingList& findings);

/// Adds what was found in a part of a folder, its files named from the folder.
void merge(VerifyReport& into, FindingList& findings, const VerifyReport& part, const std::string& prefix);

/// Verifies a folder by what it holds: a desk, a log, a run, or files.
VerifyReport verify_folder(const std::filesystem::path& folder, const core::Verifier& verifier,
                           const VerifyOptions& options);

/// Verifies the files, logs, runs and bundles in a folder and below, but for what `skip` names (paths from the folder).
/// A folder that holds something to skip is taken for a plain one. Links to folders are not followed. Does not say that
/// nothing was found.
VerifyReport verify_tree(const std::filesystem::path& folder, const core::Verifier& verifier,
                         const VerifyOptions& options, const std::set<std::string>& skip);

/// The same for a folder that holds a log, but for the log itself: nobody hides files by putting a HEAD beside them.
VerifyReport verify_beside_log(const std::filesystem::path& folder, const core::Verifier& verifier,
                               const VerifyOptions& options);

}  // namespace ballast::journal
