#include "host/hand_over/hand_over.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "host/checks.hpp"
#include "host/hand_over/repository.hpp"

namespace ballast::host {
namespace {

namespace fs = std::filesystem;

bool is_week(std::string_view name) {
  constexpr std::string_view kPattern = "dddd-Wdd";
  return name.size() == kPattern.size() && std::equal(name.begin(), name.end(), kPattern.begin(), [](char c, char p) {
           return p == 'd' ? c >= '0' && c <= '9' : c == p;
         });
}

/// "2026-W03/RUN" of a path below it; empty for any other path.
std::string report_folder(const std::string& path) {
  const auto week = path.find('/');
  const auto run = week == std::string::npos ? week : path.find('/', week + 1);
  if (run == std::string::npos || !is_week(path.substr(0, week))) return {};
  return path.substr(0, run);
}

class HandOver {
 public:
  HandOver(const Desk& desk, const Configuration& configuration, const HandOverRequest& request)
      : desk_(desk),
        request_(request),
        to_(fs::absolute(request.to).lexically_normal()),
        verifier_(open_verifier(desk, {})) {
    std::error_code ignored;
    if (!fs::is_directory(to_, ignored))
      throw core::Error(core::Code::not_found,
                        "there is no such folder to hand reports over to; make it (mkdir, or git init), or mount it",
                        to_.string());
    const fs::path below = fs::canonical(to_).lexically_relative(fs::weakly_canonical(desk.var));
    if (!below.empty() && *below.begin() != "..")
      throw core::Error(core::Code::argument,
                        "reports are handed over from var, and this folder is inside it; take one outside",
                        to_.string());
    // Held on the folder itself: nothing has to be written there for it.
    lock_ = core::open_file(to_, O_RDONLY | O_DIRECTORY);
    core::lock_file(lock_.get(), core::LockKind::exclusive, to_);
    remove_leftovers();
    if (fs::exists(to_ / ".git", ignored)) {
      repository_.emplace(to_);
    } else if (request.git) {
      throw core::Error(core::Code::state, "it is no git repository, and one is asked for (git: true)", to_.string());
    }
    environment_ = configuration.settings.desk.environment;
  }

  HandOverResult run() {
    if (repository_) take_uncommitted();
    for (const auto& folder : run_folders(desk_)) {
      std::optional<JournalEnds> ends;
      try {
        ends = read_journal_ends(folder);
      } catch (const core::Error& e) {
        result_.refused.push_back({folder.filename().string(), e.what()});
      }
      if (ends && ends->ended()) take(describe_report(*ends));
    }
    if (repository_) commit();
    return std::move(result_);
  }

 private:
  /// What an interrupted call left, under the names that only we give. Throws: Error{state} for a week that is a link.
  void remove_leftovers() const {
    for (const auto& week : fs::directory_iterator(to_)) {
      if (!is_week(week.path().filename().string())) continue;
      if (week.is_symlink())
        throw core::Error(core::Code::state, "the folder of a week is a link, and may lead anywhere; make it a folder",
                          week.path().string());
      if (!week.is_directory()) continue;
      for (const auto& each : fs::directory_iterator(week.path())) {
        const std::string name = each.path().filename().string();
        if (each.is_directory() && name.starts_with('.') && name.ends_with(".tmp")) fs::remove_all(each.path());
      }
    }
  }

  /// Reports that an interrupted call left without a commit are ours; anything else somebody has to look at.
  void take_uncommitted() {
    for (const UncommittedPath& each : repository_->uncommitted()) {
      const std::string folder = report_folder(each.path);
      if (!each.is_new || folder.empty()) refuse_uncommitted(each.path);
      pending_[folder] = each.path;
    }
  }
  [[noreturn]] void refuse_uncommitted(const std::string& path) const {
    throw core::Error(core::Code::state,
                      fmt::format("the repository has a change that nobody committed ({}); commit it or take it back "
                                  "first",
                                  path),
                      to_.string());
  }

  void take(Report report) {
    const std::string folder = report.folder();
    const bool left_open = pending_.contains(folder);
    if (request_.since && report.ended < *request_.since && !left_open) return;
    const bool there = fs::exists(to_ / folder);
    if (!there) prepare();
    try {
      if (there) {
        check_report(desk_, verifier_, to_, report);
      } else {
        put_report(desk_, *keys_, clock_, to_, report);
      }
    } catch (const core::Error& e) {
      if (e.code() == core::Code::io) throw;
      result_.refused.push_back({report.run, e.what()});  // one bad report holds up no other
      return;
    }
    if (there && !left_open) {
      ++result_.there;
      return;
    }
    pending_.erase(folder);
    result_.handed_over.push_back(std::move(report));
  }

  /// Once, and only when there is something new.
  void prepare() {
    if (keys_) return;
    const journal::VerifyReport log = verify_at(desk_, log_folder(desk_), {});
    if (!log.verified())
      throw core::Error(
          core::Code::state,
          fmt::format("the decision log does not verify, so nothing is handed over: {}", log.findings.front().sentence),
          log_folder(desk_).string());
    keys_.emplace(open_keys(desk_, environment_, clock_));
  }

  void commit() {
    if (!pending_.empty()) refuse_uncommitted(pending_.begin()->second);
    std::map<std::string, std::vector<const Report*>> weeks;
    for (const Report& each : result_.handed_over) weeks[each.week].push_back(&each);
    for (const auto& [week, reports] : weeks) {
      Repository::Commit commit;
      std::set<std::string> actors;
      std::string body;
      for (const Report* each : reports) {
        commit.paths.push_back(each->folder());
        actors.insert(each->actor);
        commit.time = std::max(commit.time, each->ended);
        body +=
            fmt::format("{}: {}, by {}, {}\n", each->run, each->status, each->actor, core::format_instant(each->ended));
      }
      commit.author = fmt::format("{}", fmt::join(actors, ", "));
      commit.message = fmt::format("{}: {}\n\n{}", week,
                                   reports.size() == 1 ? "1 report" : fmt::format("{} reports", reports.size()), body);
      result_.commits.push_back({week, repository_->commit(commit), reports.size()});
    }
  }

  const Desk& desk_;
  const HandOverRequest& request_;
  fs::path to_;
  Environment environment_ = Environment::demo;
  core::SystemClock clock_;
  core::FileDescriptor lock_;
  std::optional<Repository> repository_;
  std::map<std::string, std::string> pending_;  ///< report folder to one of its paths without a commit
  sign::KeyRing verifier_;
  std::optional<Keys> keys_;
  HandOverResult result_;
};

}  // namespace

std::string HandOverResult::text(const fs::path& to) const {
  std::set<std::string> weeks;
  for (const Report& each : handed_over) weeks.insert(each.week);
  std::string out = handed_over.empty()
                        ? fmt::format("nothing new to hand over to {}", to.string())
                        : fmt::format("{} handed over to {} ({})",
                                      handed_over.size() == 1 ? std::string("1 report")
                                                              : fmt::format("{} reports", handed_over.size()),
                                      to.string(), fmt::join(weeks, ", "));
  if (there > 0) out += fmt::format("; {} there already", there);
  if (!refused.empty()) out += fmt::format("; {} refused", refused.size());
  return out;
}

HandOverResult hand_over(const Desk& desk, const Configuration& configuration, const HandOverRequest& request) {
  return HandOver(desk, configuration, request).run();
}

}  // namespace ballast::host
