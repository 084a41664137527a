#include "host/run/watch.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/run/exit_status.hpp"
#include "host/run/list.hpp"
#include "host/run/progress.hpp"
#include "host/status_line.hpp"

namespace ballast::host {
namespace {

using core::Json;
using journal::Recorded;

constexpr int kLookEvery = 1000;  // milliseconds

std::string event_name(ProgressEvent::What what) {
  using What = ProgressEvent::What;
  switch (what) {
    case What::begun: return "begun";
    case What::done: return "done";
    case What::waits: return "waits";
    case What::goes_on: return "goes_on";
    case What::remark: return "remark";
    case What::stopped: return "stopped";
    case What::ended: return "ended";
  }
  return {};
}

/// One run as it is told: events as they come, and what is going on.
class Watch {
 public:
  Watch(const Desk& desk, const WatchRequest& request)
      : request_(request), folder_(find_run_folder(desk, request.run)), follower_(folder_) {}
  ~Watch() { clear_status_line(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  int once() {
    const bool goes_on = look(Recorded::earlier, !request_.json);
    if (request_.json) {
      print(picture(goes_on));
    } else if (goes_on) {
      fmt::print("{}\n", status_text(progress_, clock_.now(), true));
    } else {
      tell_death();
    }
    return goes_on ? static_cast<int>(kPassed) : exit_status();
  }

  int follow() {
    for (Recorded when = Recorded::earlier; look(when, true); when = Recorded::now) {
      if (request_.terminal) show_status_line(STDOUT_FILENO, status_text(progress_, clock_.now(), true));
      ::poll(nullptr, 0, kLookEvery);
    }
    clear_status_line();
    if (request_.json) {
      Json over = picture(false);
      over["event"] = "over";
      print(over);
    } else {
      tell_death();
    }
    return exit_status();
  }

 private:
  /// Takes what is new. Returns whether the run goes on: who stopped one holds it until that stands in the log too.
  bool look(Recorded when, bool told) {
    // Asked first: who ends a run writes its last record before letting go of it.
    const bool written = follower_.is_written();
    take(when, told);
    // Without an end, it may just have been taken up again.
    return written || (progress_.end().is_null() && follower_.is_written());
  }

  int exit_status() const { return exit_status_of(read_run(folder_)); }

  void tell_death() const {
    if (progress_.end().is_null())
      fmt::print("the process of the run died: ballast runs resume {} goes on with it\n", progress_.run());
  }

  void take(Recorded when, bool told) {
    for (const Json& record : follower_.more()) {
      const auto event = progress_.take(record, when, clock_.now());
      if (!event || !told) continue;
      if (request_.json) {
        tell_json(*event, record);
      } else {
        const StatusLinePause pause;
        fmt::print("{}\n", event_line(progress_, *event));
      }
      std::fflush(stdout);
    }
  }

  void tell_json(const ProgressEvent& event, const Json& record) const {
    Json out{{"event", event_name(event.what)}, {"run", progress_.run()}, {"seq", record["seq"]},
             {"kind", record["kind"]},          {"time", record["time"]}, {"text", event.unit}};
    if (event.seconds) out["seconds"] = *event.seconds;
    if (!event.failed.empty()) out["failed"] = event.failed;
    if (event.place != 0) out["place"] = event.place;
    if (!progress_.end().is_null()) out["status"] = progress_.end()["status"];
    print(out);
  }

  /// Where the run is, as one document.
  Json picture(bool written) const {
    const core::Instant now = clock_.now();
    Json out{{"run", progress_.run()},
             {"status", written                     ? Json("running")
                        : progress_.end().is_null() ? Json("died")
                                                    : progress_.end()["status"]},
             {"units", progress_.done()},
             {"to_come", progress_.to_come()},
             {"seconds", progress_.elapsed(now)}};
    if (!progress_.doing().empty()) out[progress_.waiting() ? "waits_for" : "doing"] = progress_.doing();
    if (const auto since = progress_.doing_since()) out["since"] = core::format_instant(*since);
    if (!written) out["exit_status"] = exit_status();
    return out;
  }

  static void print(const Json& document) {
    fmt::print("{}\n", core::canonical_json(document));
    std::fflush(stdout);
  }

  const WatchRequest& request_;
  std::filesystem::path folder_;
  JournalFollower follower_;
  Progress progress_;
  core::SystemClock clock_;
};

}  // namespace

JournalFollower::JournalFollower(const std::filesystem::path& folder)
    : folder_(folder), path_(folder / journal::kRunJournalName), file_(core::open_file(path_, O_RDONLY)) {}

bool JournalFollower::is_written() const { return journal::RunJournal::is_written(folder_); }

std::vector<Json> JournalFollower::more() {
  struct ::stat now {};
  if (::fstat(file_.get(), &now) != 0) core::throw_errno("look at", path_.string(), errno);
  const auto size = static_cast<std::uint64_t>(now.st_size);
  if (size < whole_)
    throw core::Error(core::Code::state, "the journal is shorter than it was; run ballast verify", path_.string());
  std::vector<Json> out;
  const core::Instant changed{now.st_mtim.tv_sec * std::int64_t{1'000'000} + now.st_mtim.tv_nsec / 1000};
  if (size == size_ && changed == changed_) return out;
  size_ = size;
  changed_ = changed;
  // Fewer bytes when a torn end was cut meanwhile.
  const std::string bytes = core::read_at(file_.get(), size - whole_, whole_, path_);
  std::string_view rest(bytes);
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    out.push_back(core::parse_json(rest.substr(0, end), fmt::format("{}, byte {}", path_.string(), whole_)));
    whole_ += end + 1;
    rest.remove_prefix(end + 1);
  }
  return out;
}

std::string newest_unfinished_run(const Desk& desk) {
  const std::vector<RunSummary> runs = list_runs(desk);  // oldest first
  for (auto at = runs.rbegin(); at != runs.rend(); ++at)
    if (at->parent.empty() && (at->status == "running" || at->open())) return at->id;
  throw core::Error(core::Code::not_found, "every run of this desk has ended; ballast runs list shows them",
                    "runs watch");
}

int watch_run(const Desk& desk, const WatchRequest& request) {
  Watch watch(desk, request);
  return request.once ? watch.once() : watch.follow();
}

}  // namespace ballast::host
