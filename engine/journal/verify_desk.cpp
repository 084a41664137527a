// Verification of a desk as a whole. Each part proves itself, and then each is asked for what the others say of it:
// entries name runs and objects, the journals of runs name entries, objects and artefacts, and the log states how each
// journal ended. So a file that was removed or put back to an older state is missed by what remains.
#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "journal/desk_layout.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/run_journal.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {
namespace {

namespace fs = std::filesystem;

/// What the log says of one run.
struct RunInLog {
  struct Named {
    std::uint64_t seq;
    core::Digest hash;
  };
  std::vector<Named> entries;   ///< but for its stops and its end, in the order of the log
  std::vector<StatedEnd> ends;  ///< its stops and its end; behind that, that it was taken back
  std::uint64_t end_seq = 0;    ///< the entry that states its end first: it wrote nothing behind that
};

/// One run that recorded an artefact. Its place in time is that in the log: clocks can be given and can go back.
struct Writer {
  std::string run, sha256;
  std::uint64_t line = 0;
  std::uint64_t began = 0;  ///< last entry of the log when the run began
  std::uint64_t ended = 0;  ///< entry of the log that states its end; 0: none does
};

class DeskCheck {
 public:
  DeskCheck(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options)
      : folder_(folder),
        verifier_(verifier),
        options_(options),
        findings_(report_, options.most_findings),
        objects_(folder / kObjectsFolder, report_) {
    report_.subject = folder.string();
    report_.kind = "desk";
  }

  VerifyReport run() {
    check_log();
    check_runs();
    check_artefacts();
    VerifyReport rest = verify_tree(folder_, verifier_, options_, checked_);
    rest.entries = 0;  // in archives of runs, and other bundles: copies of those that were counted
    merge(report_, findings_, rest, "");
    report_.references += objects_.references();
    objects_.finish(findings_);
    return std::move(report_);
  }

 private:
  void add(FindingCode code, std::string file, std::uint64_t line, std::uint64_t offset, std::string sentence) {
    findings_.add({code, std::move(file), line, std::nullopt, offset, 1, std::move(sentence)});
  }

  void check_log() {
    const fs::path log = folder_ / kLogFolder;
    if (!fs::is_directory(log)) return;
    has_log_ = true;
    const LogParts parts{&objects_, [this](const EntryFact& entry) { take_entry(entry); },
                         std::string(kLogFolder) + "/"};
    const VerifyReport part = verify_log_parts(log, verifier_, options_, parts);
    merge(report_, findings_, verify_beside_log(log, verifier_, options_), std::string(kLogFolder));
    report_.head_seq = part.head_seq;
    report_.head_sha256 = part.head_sha256;
    merge(report_, findings_, part, std::string(kLogFolder));
  }

  void take_entry(const EntryFact& entry) {
    if (entry.run.empty()) return;
    RunInLog& run = runs_[entry.run];
    if (entry.journal) {
      run.ends.push_back({*entry.journal, entry.seq});
      if (entry.ends_run && run.end_seq == 0) run.end_seq = entry.seq;
    } else {
      run.entries.push_back({entry.seq, entry.hash});
    }
  }

  void check_runs() {
    const fs::path runs = folder_ / kRunsFolder;
    std::set<std::string> names;
    if (fs::is_directory(runs)) {
      for (const auto& entry : fs::directory_iterator(runs)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_symlink() || !entry.is_directory()) continue;
        // A run that died before its first record was durable left a folder of another name.
        if (name.starts_with('.') && name.ends_with(".tmp")) continue;
        if (!runs_.contains(name) && is_plan(entry.path())) {  // a plan that nobody carried out is no run
          merge(report_, findings_, verify_tree(entry.path(), verifier_, options_, {std::string(kPlanName)}),
                fmt::format("{}/{}", kRunsFolder, name));
        } else if (runs_.contains(name) || !fs::is_empty(entry.path())) {
          names.insert(name);
        }
      }
      for (const std::string& name : names) check_run(name);
      // Beside the runs; one that began meanwhile is left to the next reading.
      std::set<std::string> folders = names;
      for (const auto& entry : fs::directory_iterator(runs)) {
        if (entry.is_directory() && !entry.is_symlink()) folders.insert(entry.path().filename().string());
      }
      merge(report_, findings_, verify_tree(runs, verifier_, options_, folders), std::string(kRunsFolder));
    }
    for (const auto& [id, run] : runs_) {
      ++report_.references;
      if (names.contains(id)) continue;
      const std::uint64_t first = run.entries.empty() ? run.ends.front().seq : run.entries.front().seq;
      add(FindingCode::missing, fmt::format("{}/{}", kRunsFolder, id), 0, 0,
          fmt::format("the run that wrote entry {} of the log is not there ({} entries name it)", first,
                      run.entries.size() + run.ends.size()));
    }
    if (!has_log_) {
      add(FindingCode::missing, std::string(kLogFolder), 0, 0,
          fmt::format(
              "there is no decision log, although {} runs and {} objects are there: each run is written into one",
              report_.runs, report_.objects));
    }
  }

  void check_run(const std::string& name) {
    const std::string place = fmt::format("{}/{}", kRunsFolder, name);
    static const RunInLog nothing_said;
    const auto said = runs_.find(name);
    const RunInLog& in_log = said == runs_.end() ? nothing_said : said->second;
    RunFacts facts;
    merge(report_, findings_, verify_run_parts(folder_ / place, verifier_, options_, in_log.ends, facts), place);
    merge(report_, findings_, verify_tree(folder_ / place, verifier_, options_, run_files()), place);
    const std::string journal =
        fmt::format("{}/{}", place, is_compacted(folder_ / place) ? kCompactedName : kRunJournalName);
    check_named_objects(facts, journal, objects_);
    for (const NamedEntry& each : facts.entries) {
      ++report_.references;
      const auto* found = find_entry(in_log, each.seq);
      if (found == nullptr) {
        add(FindingCode::missing, journal, each.line, each.offset,
            fmt::format("record {} names entry {} of the log, which is not there", each.line, each.seq));
      } else if (found->hash != each.hash) {
        add(FindingCode::changed, journal, each.line, each.offset,
            fmt::format("record {} names entry {} of the log, which has another SHA-256 there: {}", each.line, each.seq,
                        core::to_hex(found->hash)));
      }
    }
    const bool said_so = !in_log.ends.empty() && in_log.ends.back().journal.records == facts.records;
    if ((facts.finished || facts.stopped) && !facts.running && has_log_ && !said_so) {
      add(FindingCode::unfinished, journal, facts.records, 0,
          fmt::format("the run {} and the log does not say so: it died just then, or the end of the log was removed",
                      facts.finished ? "ended" : "stopped"));
    }
    check_unnamed(in_log, facts, journal);
    check_children(facts, journal);
    for (const auto& [path, artefact] : facts.artefacts) {
      writers_[path].push_back({name, artefact.sha256, artefact.line, facts.log_seq, in_log.end_seq});
    }
  }

  /// What a run was told by its children is what the log states of their ends.
  void check_children(const RunFacts& facts, const std::string& journal) {
    for (const NamedChild& each : facts.children) {
      ++report_.references;
      const auto child = runs_.find(each.run);
      const bool known =
          child != runs_.end() &&
          std::any_of(child->second.ends.begin(), child->second.ends.end(), [&](const StatedEnd& end) {
            return end.journal.records == each.journal.records && end.journal.sha256 == each.journal.sha256;
          });
      if (known) continue;
      add(child == runs_.end() ? FindingCode::missing : FindingCode::changed, journal, each.line, each.offset,
          fmt::format("record {} says that its child {} ended with record {}, and the log does not", each.line,
                      each.run, each.journal.records));
    }
  }

  /// Entries of a run that its journal does not name: its end was cut. One may be missing where a process died between
  /// writing the entry and recording it.
  void check_unnamed(const RunInLog& in_log, const RunFacts& facts, const std::string& journal) {
    if (facts.running) return;
    std::set<std::uint64_t> named;
    for (const NamedEntry& each : facts.entries) named.insert(each.seq);
    std::vector<std::uint64_t> unnamed;
    for (const RunInLog::Named& entry : in_log.entries) {
      if (!named.contains(entry.seq)) unnamed.push_back(entry.seq);
    }
    if (unnamed.empty() || (!facts.finished && unnamed.size() == 1)) return;
    Finding finding{FindingCode::missing, journal, 0, unnamed.front(), 0, unnamed.size(), {}};
    finding.sentence =
        fmt::format("entry {} of the log was written by this run, whose journal does not name it{}", unnamed.front(),
                    unnamed.size() == 1 ? "" : fmt::format(" ({} such entries)", unnamed.size()));
    findings_.add(std::move(finding));
  }

  static const RunInLog::Named* find_entry(const RunInLog& run, std::uint64_t seq) {
    const auto at = std::lower_bound(run.entries.begin(), run.entries.end(), seq,
                                     [](const RunInLog::Named& each, std::uint64_t want) { return each.seq < want; });
    return at != run.entries.end() && at->seq == seq ? &*at : nullptr;
  }

  /// Each path must hold what the run wrote that came last to its end. Where runs overlapped, or have no end, nobody
  /// knows which wrote last, and what either wrote is accepted. While a run goes on, it may have written what it did
  /// not record yet: then the file's own signature must do.
  void check_artefacts() {
    for (const auto& [path, writers] : writers_) {
      const std::string below = path.starts_with("var/") ? path.substr(4) : path;
      checked_.insert({below, below + ".sig"});
      ++report_.references;
      const fs::path file = folder_ / below;
      if (!fs::is_regular_file(file)) {
        ++report_.files;
        const Writer& last = last_of(writers);
        add(FindingCode::missing, below, 0, 0,
            fmt::format("the artefact that run {} wrote (record {}) is not there", last.run, last.line));
        continue;
      }
      check_file(file, below, verifier_, report_, findings_);
      const std::string found = core::sha256_file_hex(file);
      const Writer& last = last_of(writers);
      const bool known = std::any_of(writers.begin(), writers.end(), [&](const Writer& each) {
        return each.sha256 == found && (&each == &last || each.ended == 0 || each.ended > last.began);
      });
      if (known || report_.running > 0) continue;
      const auto older =
          std::find_if(writers.begin(), writers.end(), [&](const Writer& each) { return each.sha256 == found; });
      add(FindingCode::changed, below, 0, 0,
          older == writers.end()
              ? fmt::format("this is not what run {} wrote (record {}), and no other run wrote it", last.run, last.line)
              : fmt::format("this is what run {} wrote earlier; run {} wrote it last (record {})", older->run, last.run,
                            last.line));
    }
  }

  static const Writer& last_of(const std::vector<Writer>& writers) {
    return *std::max_element(writers.begin(), writers.end(), [](const Writer& a, const Writer& b) {
      return std::tie(a.ended, a.run) < std::tie(b.ended, b.run);
    });
  }

  fs::path folder_;
  const core::Verifier& verifier_;
  VerifyOptions options_;
  VerifyReport report_;
  FindingList findings_;
  ObjectCheck objects_;
  bool has_log_ = false;
  std::map<std::string, RunInLog> runs_;
  std::map<std::string, std::vector<Writer>> writers_;
  /// Paths that the rest of the tree need not look at.
  std::set<std::string> checked_{std::string(kLogFolder), std::string(kRunsFolder), std::string(kObjectsFolder)};
};

/// What changes when the desk is written: HEAD, and the runs with the sizes of their journals.
std::string state_of(const fs::path& folder) {
  std::error_code ignored;
  std::string out;
  const fs::path head = folder / kLogFolder / "HEAD";
  if (fs::is_regular_file(head, ignored)) out = core::read_file(head, 1 << 20);
  std::set<std::string> runs;
  for (const auto& entry : fs::directory_iterator(folder / kRunsFolder, ignored)) {
    const auto size = fs::file_size(entry.path() / kRunJournalName, ignored);
    runs.insert(fmt::format("{} {}\n", entry.path().filename().string(), ignored ? 0 : size));
  }
  for (const std::string& run : runs) out += run;
  return out;
}

}  // namespace

VerifyReport verify_desk(const fs::path& folder, const core::Verifier& verifier, const VerifyOptions& options) {
  for (int attempt = 1;; ++attempt) {
    const std::string before = state_of(folder);
    VerifyReport report = DeskCheck(folder, verifier, options).run();
    // What does not fit because it was read at two times fits when it is read again.
    if (report.verified() || attempt == 3 || state_of(folder) == before) return report;
  }
}

}  // namespace ballast::journal
