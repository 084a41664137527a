#include "host/run/target_lock.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file_lock.hpp"
#include "host/evidence.hpp"
#include "host/run/history.hpp"
#include "host/run/list.hpp"

namespace ballast::host {
namespace {

/// Who owned the lock last; empty where a file that is new, or was cut by a crash, names nobody.
core::Json last_owner(const std::filesystem::path& path) {
  try {
    core::Json owner = core::parse_json(core::read_file(path), path.string());
    if (owner.is_object()) return owner;
  } catch (const core::Error&) {
  }
  return core::Json::object();
}

std::string describe(const core::Json& owner) {
  return fmt::format("run {} of {} since {}", owner.value("run", "?"), owner.value("actor", "?"),
                     owner.value("since", "?"));
}

std::string status_of(const Desk& desk, const std::string& run) {
  try {
    return find_run(desk, run).status;
  } catch (const std::exception&) {
    return "gone";
  }
}

bool has_effects(const Desk& desk, const std::string& run) {
  const FoldedJournal journal = read_run(find_run_folder(desk, run));
  return std::any_of(journal.records.begin(), journal.records.end(),
                     [](const journal::RunRecord& each) { return each.json["kind"] == "plan"; });
}

}  // namespace

TargetLock::TargetLock(const Desk& desk, const RunbookInfo& info, const RunIdentity& identity, TargetUse use,
                       const core::Clock& clock)
    : clock_(clock) {
  if (info.target.empty()) return;
  core::Json target = core::Json::object();
  for (const std::string& each : info.target) target[each] = identity.parameters.value(each, core::Json());
  const std::string hash = core::sha256_hex(core::canonical_json(target)).substr(0, 16);
  path_ = desk.var / "locks" / fmt::format("{}-{}.json", info.name, hash);
  core::create_folders(path_.parent_path());
  file_ = core::open_file(path_, O_RDWR | O_CREAT);
  if (!core::lock_file_within(file_.get(), core::LockKind::exclusive, std::chrono::milliseconds(0), path_)) {
    if (!identity.id.empty() && last_owner(path_).value("run", "") == identity.id)
      throw core::Error(core::Code::state, "the run is being executed by another process", identity.id);
    throw core::Error(
        core::Code::state,
        fmt::format("another run works on the same target ({}): {}", target.dump(), describe(last_owner(path_))),
        info.name);
  }
  const core::Json owner = last_owner(path_);
  if (use == TargetUse::abort || owner.empty() || owner.value("run", "") == identity.id) return;
  const std::string other = owner.value("run", "");
  if (use == TargetUse::abort_ended) {
    const std::string status = status_of(desk, other);
    if (status == "aborted" || status == "gone") return;
    throw core::Error(core::Code::state,
                      fmt::format("{} has worked on the same target since: what this run did is not what is there now; "
                                  "abort that one first",
                                  describe(owner)),
                      identity.id);
  }
  if (use == TargetUse::resume) {
    throw core::Error(
        core::Code::state,
        fmt::format("{} has had the same target since; abort this run instead of resuming it", describe(owner)),
        identity.id);
  }
  const std::string status = status_of(desk, other);
  if (status == "waiting" || status == "interrupted" || status == "differs") {
    throw core::Error(
        core::Code::state,
        fmt::format("{} is {} on the same target ({}); ballast runs resume {} or ballast runs abort {} first",
                    describe(owner), status, target.dump(), other, other),
        info.name);
  }
  if (status != "failed" && status != "died" && status != "gone") return;
  is_news_ = status != "failed" || has_effects(desk, other);
  note_ = fmt::format("took the target over from {}, which is {}", describe(owner), status);
}

void TargetLock::own(const RunIdentity& identity) {
  if (!file_) return;
  const std::string text =
      core::canonical_json(
          {{"run", identity.id}, {"actor", identity.actor}, {"since", core::format_instant(clock_.now())}}) +
      "\n";
  if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0)
    core::throw_errno("write", path_.string(), errno);
  core::write_all(file_.get(), text, path_);
}

}  // namespace ballast::host
