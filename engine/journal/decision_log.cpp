#include "journal/decision_log.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>

#include <fmt/format.h>

#include "core/error.hpp"
#include "journal/chain_walk.hpp"
#include "journal/log_files.hpp"

namespace ballast::journal {
namespace {

using core::Code;
using core::Error;
using core::Json;

// What one caller waits for.
struct Job {
  std::vector<Json> bodies;
  std::vector<std::optional<core::Instant>> times;
  std::vector<Appended> appended;
  std::exception_ptr problem;
  bool done = false;
};

}  // namespace

struct DecisionLog::State {
  LogFiles files;
  const core::Clock& clock;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Job*> waiting;
  bool committing = false;
  std::optional<std::string> stopped;  ///< why nothing is written any more
  std::uint64_t last_seq = 0;
  std::string log_id;
  std::mutex reader_mutex;
  std::optional<LogReader> reader;

  State(const std::filesystem::path& folder, const core::Signer& signer, const core::Signer& head_signer,
        const core::Verifier& verifier, const core::Clock& given, LogOptions options)
      : files(folder, signer, head_signer, verifier, given, std::move(options)), clock(given) {
    const LogFiles::Lock lock(files);
    last_seq = files.head().seq;
    log_id = files.head().log_id;
  }

  // Called by one thread at a time, without `mutex`. Every job ends with entries or with a problem.
  void commit(const std::vector<Job*>& jobs) {
    try {
      const LogFiles::Lock lock(files);
      for (Job* job : jobs) {
        try {
          for (std::size_t i = 0; i < job->bodies.size(); ++i) {
            job->appended.push_back(files.add(std::move(job->bodies[i]), job->times[i].value_or(clock.now())));
          }
        } catch (...) {
          // A line could not be made (a key that may not sign): it is not written, the others go on.
          job->problem = std::current_exception();
        }
      }
      files.commit();
      last_seq = files.head().seq;
    } catch (...) {
      const std::exception_ptr problem = std::current_exception();
      files.mark_suspect();
      std::string why = "unknown";
      try {
        std::rethrow_exception(problem);
      } catch (const std::exception& e) {
        why = e.what();
      }
      for (Job* job : jobs) {
        job->appended.clear();
        job->problem = problem;
      }
      const std::lock_guard guard(mutex);
      stopped = std::move(why);
    }
  }

  std::vector<Appended> run(Job& job) {
    std::unique_lock guard(mutex);
    refuse_if_stopped();
    waiting.push_back(&job);
    while (!job.done) {
      if (committing) {
        changed.wait(guard);
        continue;
      }
      // Whoever finds nobody committing commits for all that wait.
      committing = true;
      const std::vector<Job*> jobs = std::move(waiting);
      waiting.clear();
      if (stopped) {
        for (Job* each : jobs) each->problem = std::make_exception_ptr(stopped_error());
      } else {
        guard.unlock();
        commit(jobs);
        guard.lock();
      }
      for (Job* each : jobs) each->done = true;
      committing = false;
      changed.notify_all();
    }
    if (job.problem) std::rethrow_exception(job.problem);
    return std::move(job.appended);
  }

  Error stopped_error() const {
    return Error(Code::state,
                 fmt::format("the decision log takes no more entries until it is opened and verified again, because an "
                             "append failed: {}",
                             *stopped),
                 files.folder().string());
  }
  void refuse_if_stopped() const {
    if (stopped) throw stopped_error();
  }

  Head head_now() {
    std::unique_lock guard(mutex);
    refuse_if_stopped();
    changed.wait(guard, [&] { return !committing; });
    const LogFiles::Lock lock(files);
    return files.head();
  }

  LogReader& readable() {
    if (!reader) reader.emplace(files.folder());
    return *reader;
  }
};

DecisionLog::DecisionLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
DecisionLog::DecisionLog(DecisionLog&&) noexcept = default;
DecisionLog& DecisionLog::operator=(DecisionLog&&) noexcept = default;
DecisionLog::~DecisionLog() = default;

DecisionLog DecisionLog::open(const std::filesystem::path& folder, const core::Signer& signer,
                              const core::Signer& head_signer, const core::Verifier& verifier, const core::Clock& clock,
                              LogOptions options) {
  return DecisionLog(std::make_unique<State>(folder, signer, head_signer, verifier, clock, std::move(options)));
}

Appended DecisionLog::append(const Draft& draft) { return append(std::span(&draft, 1)).front(); }

std::vector<Appended> DecisionLog::append(std::span<const Draft> drafts) {
  Job job;
  for (const Draft& draft : drafts) {
    job.bodies.push_back(draft_json(draft));
    job.times.push_back(draft.time);
  }
  if (job.bodies.empty()) return {};
  return state_->run(job);
}

Appended DecisionLog::annotate(std::uint64_t seq, const std::string& actor, const std::string& note,
                               const std::optional<std::string>& verdict) {
  const auto reviewed = entry(seq);
  if (!reviewed) {
    throw Error(Code::not_found, fmt::format("there is no entry {}; the log ends at entry {}", seq, last_seq()),
                folder().string());
  }
  // The hash that is signed here must be of an entry, not of whatever the index or an edited line gave out for one.
  if (!leads_to_head(folder(), reviewed->place, state_->head_now())) {
    throw Error(
        Code::state,
        fmt::format("entry {} is not proved by the signed HEAD, so nothing is said of it; run ballast verify", seq),
        folder().string());
  }
  const Json json = reviewed->json();
  Draft draft;
  draft.kind = "annotation";
  draft.actor = actor;
  draft.environment = json.contains("environment") ? json["environment"].get<std::string>() : "demo";
  draft.note = note;
  draft.verdict = verdict;
  draft.annotates = EntryReference{seq, reviewed->place.sha256};
  return append(draft);
}

std::vector<std::filesystem::path> DecisionLog::seal_finished() {
  std::unique_lock guard(state_->mutex);
  state_->refuse_if_stopped();
  state_->changed.wait(guard, [&] { return !state_->committing; });
  const LogFiles::Lock lock(state_->files);
  return state_->files.seal_finished();
}

std::optional<Entry> DecisionLog::entry(std::uint64_t seq) {
  const std::lock_guard guard(state_->reader_mutex);
  return state_->readable().entry(seq);
}

std::vector<Entry> DecisionLog::tail(std::size_t count) {
  const std::lock_guard guard(state_->reader_mutex);
  return state_->readable().tail(count);
}

std::vector<Entry> DecisionLog::query(const Query& query) {
  const std::lock_guard guard(state_->reader_mutex);
  return state_->readable().query(query);
}

std::uint64_t DecisionLog::last_seq() const {
  std::unique_lock guard(state_->mutex);
  state_->changed.wait(guard, [&] { return !state_->committing; });
  return state_->last_seq;
}

const std::string& DecisionLog::log_id() const { return state_->log_id; }
const std::filesystem::path& DecisionLog::folder() const { return state_->files.folder(); }

}  // namespace ballast::journal
