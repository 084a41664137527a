#include "host/run/stores.hpp"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/run/identity.hpp"
#include "host/run/record.hpp"
#include "host/version.hpp"

namespace ballast::host {
namespace {

journal::LogOptions log_options(const RunIdentity& identity) {
  journal::LogOptions out{std::string(kVersion), std::string(kBuild), {}};
  // With a given clock everything follows from what was given, the name of a new log too.
  if (identity.clock_given) out.log_id = core::sha256_hex(identity.id).substr(0, 32);
  return out;
}

void append_statement(OpenStores& stores, const RunIdentity& identity, const std::string& kind,
                      const journal::RunRecord& last, const std::string& status) {
  journal::Draft draft = draft_entry(identity, kind);
  draft.note = fmt::format("{} {}", identity.runbook, status);
  draft.journal = journal::JournalEnd{last.seq, last.sha256, status};
  stores.log.append(draft);
}

}  // namespace

core::FileDescriptor lock_objects(const std::filesystem::path& folder, core::LockKind kind,
                                  std::chrono::milliseconds longest) {
  core::create_folders(folder);
  core::FileDescriptor out = core::open_file(folder, O_RDONLY | O_DIRECTORY);
  return core::lock_file_within(out.get(), kind, longest, folder) ? std::move(out) : core::FileDescriptor();
}

OpenStores::OpenStores(const Desk& desk, const core::Clock& at, const RunIdentity& identity)
    : clock(at),
      keys(open_keys(desk, identity.environment, clock)),
      objects(objects_folder(desk)),
      log(journal::DecisionLog::open(log_folder(desk), *keys.entry, *keys.head, keys.ring, clock,
                                     log_options(identity))),
      objects_in_use_(lock_objects(objects.folder(), core::LockKind::shared, std::chrono::minutes(1))) {
  if (!objects_in_use_)
    throw core::Error(core::Code::state, "objects of archived runs are being removed; try again",
                      objects.folder().string());
  log.seal_finished();  // days that are over take no more entries
}

void keep_pinned(const journal::ObjectStore& objects, const RunPins& pins, const Configuration& configuration,
                 const Script& script, const std::vector<Script>& libraries) {
  objects.put(script.text);
  put_scripts(objects, libraries);
  objects.put(configuration.bytes());
  objects.put(core::canonical_json(pins.policies));
}

// The record of the run is written before the log states the end: who is killed in between leaves a run whose end is
// not stated, which `runs resume` makes good, and no record that is half there.
void end_run(OpenStores& stores, const RunIdentity& identity, const std::string& status, core::Json payload) {
  payload["status"] = status;
  const journal::RunRecord last = stores.journal->finish(payload);
  write_record(stores, stores.journal->folder());
  append_statement(stores, identity, "run_finished", last, status);
}

void stop_run(OpenStores& stores, const RunIdentity& identity, const std::string& status, core::Json payload) {
  payload["status"] = status;
  const journal::RunRecord last = stores.journal->append("run_stopped", payload);
  write_record(stores, stores.journal->folder());
  append_statement(stores, identity, "run_stopped", last, status);
}

bool is_stated(OpenStores& stores, const RunIdentity& identity, const journal::RunRecord& end) {
  journal::Query query;
  query.run = identity.id;
  query.kind = end.json["kind"].get<std::string>();
  query.limit = 1000000;
  const std::vector<journal::Entry> ends = stores.log.query(query);  // more than one where it was taken back
  return std::any_of(ends.begin(), ends.end(), [&](const journal::Entry& each) {
    const core::Json said = each.json()["journal"];
    return said["records"] == end.seq && said["sha256"] == end.sha256;
  });
}

void state_end(OpenStores& stores, const RunIdentity& identity, const journal::RunRecord& end) {
  append_statement(stores, identity, "run_finished", end, end.json["status"].get<std::string>());
}

std::string libraries_sha256(const std::vector<Script>& libraries) {
  return core::sha256_hex(core::canonical_json(library_manifest(libraries)));
}

void put_scripts(const journal::ObjectStore& objects, const std::vector<Script>& libraries) {
  for (const Script& each : libraries) objects.put(each.text);
  objects.put(core::canonical_json(library_manifest(libraries)));
}

std::filesystem::path root_folder(const Desk& desk, const RootSettings& settings, const std::string& name) {
  const auto at = settings.find(name);
  return at == settings.end() ? desk.var / name : desk.folder / at->second;
}

std::map<std::string, std::filesystem::path> resolve_roots(const Desk& desk, const RootSettings& settings,
                                                           const RunbookInfo& info) {
  std::map<std::string, std::filesystem::path> out;
  for (const auto& [name, text] : info.roots) out[name] = root_folder(desk, settings, name);
  return out;
}

core::Json configured_roots(const RootSettings& settings, const RunbookInfo& info) {
  core::Json out = core::Json::object();
  for (const auto& [name, folder] : settings) {
    if (info.roots.contains(name)) out[name] = folder;
  }
  return out;
}

RootSettings recorded_roots(const core::Json& started, const RootSettings& settings) {
  return started.contains("roots") ? started["roots"].get<RootSettings>() : settings;
}

}  // namespace ballast::host
