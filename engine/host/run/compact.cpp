#include "host/run/compact.hpp"

#include <algorithm>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "host/evidence.hpp"
#include "host/run/list.hpp"
#include "host/run/run.hpp"
#include "host/run/stores.hpp"
#include "journal/bundle.hpp"
#include "journal/compacted_run.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/log_reader.hpp"
#include "journal/objects_in_use.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

namespace fs = std::filesystem;
using core::Code;
using core::Error;

/// Whether nobody will go on with it, or ask it how it ended.
bool has_ended(const RunSummary& run) { return run.status == "finished" || run.status == "aborted"; }

/// Whether a run may go. A child stays as long as its parent can still be taken back, which would take it back too.
bool may_go(const Desk& desk, const RunSummary& run) {
  if (!has_ended(run)) return false;
  if (run.parent.empty() || !fs::exists(runs_folder(desk) / run.parent)) return true;
  const RunSummary parent = find_run(desk, run.parent);
  return parent.status == "aborted" || !parent.archive.empty();
}

/// One process compacts at a time.
core::FileDescriptor lock_compaction(const Desk& desk) {
  const fs::path path = desk.var / "locks/compaction";
  core::create_folders(path.parent_path());
  core::FileDescriptor out = core::open_file(path, O_RDWR | O_CREAT);
  if (!core::lock_file_within(out.get(), core::LockKind::exclusive, std::chrono::milliseconds(0), path))
    throw Error(Code::state, "another process compacts runs", path.string());
  return out;
}

class Compaction {
 public:
  Compaction(const Desk& desk, const Configuration& configuration, const CompactRequest& request)
      : desk_(desk),
        request_(request),
        actor_(actor_name(configuration, request.actor)),
        keys_(sign::KeyRing::open(desk.keys)),
        signer_(keys_.signer_for(core::Purpose::artefact, sign::Algorithm::ed25519, clock_)),
        folder_(fs::absolute(request.archive.empty() ? desk.var / journal::kArchiveFolder : request.archive)
                    .lexically_normal()) {}

  CompactResult run() {
    const core::FileDescriptor lock = lock_compaction(desk_);
    if (request_.runs.empty()) refuse_unreadable();
    for (const std::string& id : chosen()) {
      CompactResult::Run one{id, folder_ / (id + ".bundle"), 0, {}};
      try {
        one.bytes = fs::file_size(run_folder(id) / journal::kRunJournalName);
        require_parent_gone(id);
        if (request_.dry_run) {
          check(id);
        } else {
          compact(id, one.archive);
        }
      } catch (const Error& e) {
        one.refused = e.what();
      }
      out_.runs.push_back(std::move(one));
    }
    sweep();
    return std::move(out_);
  }

 private:
  fs::path run_folder(const std::string& id) const { return runs_folder(desk_) / id; }

  /// Nobody knows whether a run has ended whose journal cannot be read.
  void refuse_unreadable() {
    for (const RunSummary& each : list_runs(desk_)) {
      if (each.status == "unreadable") out_.runs.push_back({each.id, folder_ / (each.id + ".bundle"), 0, each.at});
    }
  }

  /// The runs that are to be compacted. A crash may have left one with its journal beside the statement: it is
  /// finished.
  std::vector<std::string> chosen() const {
    std::vector<RunSummary> all;
    if (request_.runs.empty()) {
      all = list_runs(desk_);
      std::erase_if(all, [](const RunSummary& each) { return !has_ended(each); });
    }
    for (const std::string& each : request_.runs) {
      all.push_back(find_run(desk_, each));
      const RunSummary& run = all.back();
      if (!has_ended(run))
        throw Error(Code::state, fmt::format("the run is {}; only one that has ended can be compacted", run.status),
                    each);
    }
    // Parents first: a child goes when its parent went.
    std::stable_sort(all.begin(), all.end(), [](const RunSummary& a, const RunSummary& b) {
      return std::count(a.id.begin(), a.id.end(), '.') < std::count(b.id.begin(), b.id.end(), '.');
    });
    std::vector<std::string> out;
    const auto now = clock_.now().microseconds;
    for (const RunSummary& each : all) {
      const double age = static_cast<double>(now - core::parse_instant(each.changed).microseconds) / 1e6;
      if (each.archive.empty() && (!request_.older_than || age >= *request_.older_than)) out.push_back(each.id);
    }
    return out;
  }

  /// Throws: Error{state} for a child whose parent is neither compacted nor, in this call, about to be.
  void require_parent_gone(const std::string& id) const {
    const RunSummary run = find_run(desk_, id);
    const bool goes_too = request_.dry_run && std::any_of(out_.runs.begin(), out_.runs.end(), [&](const auto& each) {
                            return each.id == run.parent && each.refused.empty();
                          });
    if (!may_go(desk_, run) && !goes_too)
      throw Error(Code::state,
                  fmt::format("it is a child of {}, and can be taken back with it; compact that one first", run.parent),
                  id);
  }

  /// Verifies the run against what the log states of it. Its objects are hashed when they are archived.
  /// Throws: Error{state} when it does not verify or the log does not state its end.
  journal::RunFacts check(const std::string& id) {
    journal::Query query;
    query.run = id;
    query.limit = 1000000;
    std::vector<journal::StatedEnd> ends;
    bool ended = false;
    for (const journal::Entry& each : log_.query(query)) {
      const core::Json entry = each.json();
      const std::string kind = entry["kind"].get<std::string>();
      if (!journal::states_journal(kind)) continue;
      ended = kind == "run_finished";
      ends.push_back(
          {{entry["journal"]["records"].get<std::uint64_t>(), entry["journal"]["sha256"].get<std::string>(), {}},
           each.place.seq});
    }
    if (!ended)
      throw Error(Code::state, "the log does not state that the run ended; ballast runs resume states it", id);
    journal::RunFacts facts;
    journal::VerifyReport report = journal::verify_run_parts(run_folder(id), keys_, {}, ends, facts);
    journal::FindingList findings(report, 1);
    journal::merge(report, findings, journal::verify_tree(run_folder(id), keys_, {}, journal::run_files()), "");
    if (!report.verified())
      throw Error(Code::state, fmt::format("the run does not verify: {}", report.findings.front().sentence), id);
    return facts;
  }

  void compact(const std::string& id, const fs::path& archive) {
    const fs::path folder = run_folder(id), journal = folder / journal::kRunJournalName;
    const journal::RunFacts facts = check(id);
    const core::FileDescriptor held = journal::RunJournal::hold(folder);
    if (journal::RunJournal::read(folder).size() != facts.records)
      throw Error(Code::state, "somebody went on with the run just now", id);
    const std::set<std::string> named = journal::objects_named(facts, objects_);
    refuse_other_file(archive, id);
    journal::BundleOptions options;
    options.public_keys = keys_.public_text();
    options.files[std::string(journal::kRunJournalName)] = journal;
    options.objects = named;
    journal::export_run_bundle(log_, objects_, id, *signer_, keys_, clock_, archive, options);
    const journal::CompactedRun statement = state(id, archive, facts, named);
    core::write_file_atomically(folder / journal::kCompactedName, journal::compacted_text(statement, *signer_));
    // Archive and statement are durable: only now may the journal go.
    if (::unlink(journal.c_str()) != 0) core::throw_errno("remove", journal.string(), errno);
    core::sync_folder(folder);
  }

  /// An archive of the same run is what an interrupted compaction left.
  void refuse_other_file(const fs::path& archive, const std::string& id) const {
    if (!fs::exists(archive)) return;
    try {
      const journal::Bundle there = journal::open_bundle(archive);
      const auto held = there.files.find(std::string(journal::kRunJournalName));
      // Another desk may have a run of the same name.
      if (there.run == id && held != there.files.end() &&
          held->second == core::read_file(run_folder(id) / journal::kRunJournalName))
        return;
    } catch (const Error&) {
      // Whatever it is, it is not ours to replace.
    }
    throw Error(Code::state, "there is another file where the archive belongs", archive.string());
  }

  /// The statement about an archive that holds, read back from the disk, everything that is to go.
  journal::CompactedRun state(const std::string& id, const fs::path& archive, const journal::RunFacts& facts,
                              const std::set<std::string>& named) const {
    const std::string bytes = core::read_file(run_folder(id) / journal::kRunJournalName);
    const journal::Bundle bundle = journal::open_bundle(archive);
    const journal::VerifyReport report = journal::verify_bundle(archive, keys_);
    const auto held = bundle.files.find(std::string(journal::kRunJournalName));
    const bool holds_objects =
        std::all_of(named.begin(), named.end(), [&](const auto& each) { return bundle.objects.contains(each); });
    if (!report.verified() || held == bundle.files.end() || held->second != bytes || !holds_objects)
      throw Error(Code::state, "the archive does not hold what was written into it; nothing was removed",
                  archive.string());
    const std::vector<journal::RunRecord> records = journal::RunJournal::read(run_folder(id));
    journal::CompactedRun out;
    out.run = id;
    out.status = records.back().json["status"].get<std::string>();
    out.actor = actor_;
    out.time = clock_.now();
    out.records = records.size();
    out.sha256 = records.back().sha256;
    out.log_seq = facts.log_seq;
    out.archive = archive.filename().string();
    out.archive_folder = recorded_folder();
    out.archive_sha256 = core::sha256_file_hex(archive);
    out.archive_size = fs::file_size(archive);
    for (const journal::NamedEntry& each : facts.entries) out.entries.emplace_back(each.seq, core::to_hex(each.hash));
    for (const auto& [path, written] : facts.artefacts) out.artefacts[path] = {written.sha256, written.line};
    out.recoveries = facts.recoveries;
    out.objects.assign(named.begin(), named.end());
    return out;
  }

  /// From var, where the archives lie below it: a desk may be moved.
  std::string recorded_folder() const {
    const fs::path folder = fs::weakly_canonical(folder_);
    const fs::path below = folder.lexically_relative(fs::weakly_canonical(desk_.var));
    return (below.empty() || *below.begin() == ".." ? folder : below).string();
  }

  /// Removes the objects that compacted runs named and nobody else needs. It finds them anew each time, so that one
  /// that was interrupted, or could not be done, is done by the next.
  void sweep() {
    const core::FileDescriptor lock =
        lock_objects(objects_.folder(), core::LockKind::exclusive, std::chrono::milliseconds(0));
    if (!lock) {
      out_.objects_kept = "runs are being executed; compact again when none is";
      return;
    }
    std::set<std::string> planned;
    if (request_.dry_run) {
      for (const CompactResult::Run& each : out_.runs) {
        if (each.refused.empty()) planned.insert(each.id);
      }
    }
    std::set<std::string> in_use;
    try {
      in_use = journal::objects_in_use(desk_.var, keys_, planned);
    } catch (const Error& e) {
      out_.objects_kept = e.what();
      return;
    }
    std::set<std::string> going;
    for (const std::string& id : planned) {
      journal::RunFacts facts;
      static_cast<void>(journal::verify_run_parts(run_folder(id), keys_, {}, {}, facts));
      add_unused(journal::objects_named(facts, objects_), in_use, going);
    }
    for (const auto& entry : fs::directory_iterator(runs_folder(desk_))) {
      if (journal::is_compacted(entry.path())) add_archived(entry.path(), in_use, going);
    }
    out_.objects = going.size();
    if (request_.dry_run) return;
    for (const std::string& each : going) {
      if (::unlink(objects_.path_of(each).c_str()) != 0)
        core::throw_errno("remove", objects_.path_of(each).string(), errno);
    }
    if (!going.empty()) core::sync_folder(objects_.folder());
  }

  template <class Names>
  void add_unused(const Names& names, const std::set<std::string>& in_use, std::set<std::string>& going) const {
    for (const std::string& each : names) {
      if (!in_use.contains(each) && objects_.has(each)) going.insert(each);
    }
  }

  /// The same of a compacted run, when its archive is there and is the one that the signed statement names.
  void add_archived(const fs::path& folder, const std::set<std::string>& in_use, std::set<std::string>& going) {
    journal::CompactedRun run;
    core::SignatureStatus status = core::SignatureStatus::wrong;
    const auto wrong = journal::read_compacted(core::read_file(folder / journal::kCompactedName), keys_, run, status);
    std::set<std::string> unused;
    if (!wrong) add_unused(run.objects, in_use, unused);
    if (!wrong && unused.empty()) return;
    const fs::path archive = wrong ? fs::path() : journal::archive_of(run, folder);
    if (wrong || status != core::SignatureStatus::valid || !fs::is_regular_file(archive) ||
        core::sha256_file_hex(archive) != run.archive_sha256) {
      out_.objects_kept = fmt::format("the archive of {} cannot be proved to hold them", folder.filename().string());
      return;
    }
    going.merge(unused);
  }

  const Desk& desk_;
  const CompactRequest& request_;
  std::string actor_;
  core::SystemClock clock_;
  sign::KeyRing keys_;
  std::unique_ptr<core::Signer> signer_;
  fs::path folder_;
  journal::LogReader log_{log_folder(desk_)};
  journal::ObjectStore objects_{objects_folder(desk_)};
  CompactResult out_;
};

}  // namespace

CompactResult compact_runs(const Desk& desk, const Configuration& configuration, const CompactRequest& request) {
  return Compaction(desk, configuration, request).run();
}

}  // namespace ballast::host
