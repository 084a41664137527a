// Where a run leaves its evidence: keys, objects, log and journal, how a run begins there and how it ends or stops.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "host/configuration.hpp"
#include "host/evidence.hpp"
#include "host/run/pins.hpp"
#include "host/run/runbook.hpp"
#include "host/run/services.hpp"

namespace ballast::host {

/// Signers, objects, log and journal of one run. The log refers to the keys, so nothing here moves.
struct OpenStores {
  OpenStores(const Desk& desk, const core::Clock& clock, const RunIdentity& identity);
  OpenStores(const OpenStores&) = delete;
  OpenStores& operator=(const OpenStores&) = delete;

  const core::Clock& clock;
  Keys keys;
  journal::ObjectStore objects;
  journal::DecisionLog log;
  std::optional<journal::RunJournal> journal;

 private:
  core::FileDescriptor objects_in_use_;  ///< a shared lock: while it is held, nobody removes objects (compact.hpp)
};

/// Locks the folder of objects: shared for whoever writes and names them, exclusive for whoever removes some. Returns
/// nothing when the lock was not to be had in time. Throws: Error{io}.
core::FileDescriptor lock_objects(const std::filesystem::path& folder, core::LockKind kind,
                                  std::chrono::milliseconds longest);

/// Keeps the bytes behind the pins.
void keep_pinned(const journal::ObjectStore& objects, const RunPins& pins, const Configuration& configuration,
                 const Script& script, const std::vector<Script>& libraries);

/// Ends a run's journal and states its end in the log, so that whoever removes the journal, or its end, is found out.
/// Writes the record of the run for people too (run_record.hpp).
void end_run(OpenStores& stores, const RunIdentity& identity, const std::string& status, core::Json payload);
/// The same for a run that can be resumed.
void stop_run(OpenStores& stores, const RunIdentity& identity, const std::string& status, core::Json payload);

/// Whether the log states that the run ended with the record `end`. It does not when the process died between the
/// journal's end and the log's.
bool is_stated(OpenStores& stores, const RunIdentity& identity, const journal::RunRecord& end);
/// States in the log that the run ended with the record `end`.
void state_end(OpenStores& stores, const RunIdentity& identity, const journal::RunRecord& end);

/// SHA-256 of the list of libraries by name, which is kept as an object.
std::string libraries_sha256(const std::vector<Script>& libraries);
void put_scripts(const journal::ObjectStore& objects, const std::vector<Script>& libraries);

/// Folders below the desk by the names of roots, as the settings `runbooks.roots` are.
using RootSettings = std::map<std::string, std::string>;

/// The folder of a root: as the settings have it, else of that name below var.
std::filesystem::path root_folder(const Desk& desk, const RootSettings& settings, const std::string& name);
/// Folders that the effects of a runbook may write, by the names that it declares.
std::map<std::string, std::filesystem::path> resolve_roots(const Desk& desk, const RootSettings& settings,
                                                           const RunbookInfo& info);
/// What the settings say of the folders that a runbook declares, for its journal.
core::Json configured_roots(const RootSettings& settings, const RunbookInfo& info);
/// What they said when a run began; `settings` where its journal is older than that and does not tell.
RootSettings recorded_roots(const core::Json& started, const RootSettings& settings);

}  // namespace ballast::host
