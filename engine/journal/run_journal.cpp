#include "journal/run_journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "journal/chain_check.hpp"
#include "journal/desk_layout.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

using core::Code;
using core::Error;
using core::Json;

// The closed list of version 1.
constexpr std::array<std::string_view, 22> kKinds = {"answer",      "approval_asked", "approval_given", "artefact",
                                                     "check",       "confirm",        "child",          "decision",
                                                     "log",         "note",           "notice",         "plan",
                                                     "recovery",    "run_finished",   "run_resumed",    "run_started",
                                                     "run_stopped", "step_finished",  "step_started",   "undo",
                                                     "wait",        "warning"};

/// Records that reach the disk with the next one that does not wait: a run that goes on drops them unless a completed
/// unit stands behind them, so that losing them loses nothing (docs/formats/run_journal.md).
bool waits_for_next(std::string_view kind) { return kind == "answer" || kind == "step_started"; }

/// Whether `rest`, which begins with a line that cannot be read, is what a machine that lost its power left of records
/// that were not synced yet. Blocks that never reached the disk read as zeros; and nothing that was synced stands
/// behind them, but for the record that was being synced.
bool was_never_synced(std::string_view rest) {
  if (rest.substr(0, rest.find('\n')).find('\0') == std::string_view::npos) return false;
  std::vector<core::ScannedMember> members;
  for (std::size_t feed; (feed = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(feed + 1)) {
    LineView line;
    const bool last = feed + 1 == rest.size();
    if (!last && !read_line(rest.substr(0, feed), line, members) && !waits_for_next(line.kind)) return false;
  }
  return true;
}

/// Throws: Error{crypto} for a record that is not signed, or by its key's bytes was not signed like this. What a key
/// says that is not known here, or may no longer sign, is not refuted.
void refuse_refuted(const LineView& line, const core::Verifier& verifier, const std::filesystem::path& path) {
  if (line.signature) {
    const core::SignatureStatus status = verify_line(line, core::Purpose::run_journal, verifier);
    if (status == core::SignatureStatus::valid || finding_code_of(status) != FindingCode::wrong_key) return;
  }
  throw Error(Code::crypto, fmt::format("record {} is not proved by its signature", line.seq), path.string());
}

}  // namespace

bool follows_the_end(std::string_view kind) noexcept { return kind == "run_resumed" || kind == "recovery"; }

namespace {

// A lock of the open file: whoever verifies can ask for it without taking it, and only who may write can hold it.
void take_lock(const core::FileDescriptor& file, const std::filesystem::path& path) {
  struct ::flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_OFD_SETLK, &wanted) != 0) {
    if (errno != EAGAIN && errno != EACCES) core::throw_errno("lock", path.string(), errno);
    throw Error(Code::state, "the run is being executed by another process", path.string());
  }
  struct ::stat about {};
  if (::fstat(file.get(), &about) != 0) core::throw_errno("look at", path.string(), errno);
  if (about.st_nlink == 0)  // between opening and locking it
    throw Error(Code::state, "the run's journal was archived just now", path.string());
}

}  // namespace

struct RunJournal::State {
  std::filesystem::path folder, path;
  const core::Signer& signer;
  const core::Clock& clock;
  core::FileDescriptor file;
  std::string run, last_sha256, last_kind;
  std::uint64_t seq = 0;
  bool finished = false, failed = false;
  bool reopened = false;  ///< and run_resumed has yet to say so
  RunObserver observer;

  State(const std::filesystem::path& where, const core::Signer& by, const core::Clock& given)
      : folder(where), path(where / kRunJournalName), signer(by), clock(given) {}

  void lock() { take_lock(file, path); }

  RunRecord append(std::string_view kind, const Json& payload) {
    if (failed)
      throw Error(Code::state, "the run's journal takes no more records, because a write failed; open it again",
                  path.string());
    if (finished) throw Error(Code::state, "the run is finished; nothing can be added to its journal", path.string());
    if (reopened && !follows_the_end(kind))
      throw Error(Code::state, "a run that ended is opened again by run_resumed first", path.string());
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
      throw Error(Code::argument, fmt::format("'{}' is not a kind of record{}", kind, core::suggestion(kind, kKinds)),
                  "kind");
    }
    if (!payload.is_object()) throw Error(Code::argument, "expected a table", "payload");
    for (const char* name : {"seq", "time", "kind", "previous", "signature"}) {
      if (payload.contains(name))
        throw Error(Code::argument, fmt::format("'{}' is the journal's own member", name), "payload");
    }
    Json body = payload;
    body["seq"] = seq + 1;
    body["time"] = core::format_instant(clock.now());
    body["kind"] = std::string(kind);
    body["previous"] = last_sha256;
    const std::string line = write_line(body, core::Purpose::run_journal, &signer);
    failed = true;  // until the line is written, and durable unless it waits for the next
    const off_t whole = ::lseek(file.get(), 0, SEEK_END);
    try {
      core::write_all(file.get(), line + "\n", path);
    } catch (...) {
      // A full disk leaves no half record: what was whole before stays verifiable. A crash here is cut by open().
      if (whole >= 0) static_cast<void>(!::ftruncate(file.get(), whole));
      throw;
    }
    if (!waits_for_next(kind) && ::fdatasync(file.get()) != 0) core::throw_errno("sync", path.string(), errno);
    failed = false;
    ++seq;
    last_sha256 = core::sha256_hex(line);
    last_kind = kind;
    reopened = reopened && kind == "recovery";
    RunRecord out{seq, last_sha256, std::move(body)};
    tell(out, Recorded::now);
    return out;
  }

  void tell(const RunRecord& record, Recorded when) const {
    if (!observer) return;
    try {
      observer(record, when);
    } catch (const std::exception&) {
      // The record is durable, whoever could not be told of it.
    }
  }
};

RunJournal::RunJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunJournal::RunJournal(RunJournal&&) noexcept = default;
RunJournal& RunJournal::operator=(RunJournal&&) noexcept = default;
RunJournal::~RunJournal() = default;

RunJournal RunJournal::create(const std::filesystem::path& folder, const std::string& run, const Json& payload,
                              const core::Signer& signer, const core::Clock& clock) {
  if (run.empty() || run.front() == '.' || run.find('/') != std::string::npos) {
    throw Error(Code::argument, fmt::format("'{}' cannot name a run", run), "run");
  }
  auto state = std::make_unique<State>(folder, signer, clock);
  const std::filesystem::path place = std::filesystem::absolute(folder).lexically_normal();
  const Error taken(Code::state, "the run has a journal already", state->path.string());
  if (std::filesystem::exists(state->path) || std::filesystem::exists(folder / kCompactedName)) throw taken;
  core::create_folders(place.parent_path());
  // A run is there with its first record or not at all: the folder gets its name when the record is durable. Of equal
  // runs that begin at once one gets it.
  const std::filesystem::path waiting =
      place.parent_path() / fmt::format(".{}.{}.tmp", place.filename().string(), core::to_hex(core::random_bytes(6)));
  core::create_folders(waiting);
  try {
    state->file = core::open_file(waiting / kRunJournalName, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    state->lock();
    state->run = run;
    state->last_sha256 = genesis_hash(kRunFormat, run);
    Json first = payload.is_null() ? Json::object() : payload;
    first["format"] = std::string(kRunFormat);
    first["version"] = 1;
    first["run"] = run;
    state->append("run_started", first);
    core::sync_folder(waiting);
    if (std::filesystem::exists(place / kPlanName)) {  // the folder is there already: the journal gets its place in it
      if (::link((waiting / kRunJournalName).c_str(), (place / kRunJournalName).c_str()) != 0) {
        if (errno == EEXIST) throw taken;
        core::throw_errno("name", place.string(), errno);
      }
      core::sync_folder(place);
      std::error_code ignored;
      std::filesystem::remove_all(waiting, ignored);
    } else if (::rename(waiting.c_str(), place.c_str()) != 0) {  // replaces an empty folder and no other
      if (errno == ENOTEMPTY || errno == EEXIST) throw taken;
      core::throw_errno("name", place.string(), errno);
    }
  } catch (...) {  // a run that never began leaves nothing
    std::error_code ignored;
    std::filesystem::remove_all(waiting, ignored);
    throw;
  }
  core::sync_folder(place.parent_path());
  return RunJournal(std::move(state));
}

RunJournal RunJournal::open(const std::filesystem::path& folder, const core::Signer& signer, const core::Clock& clock,
                            const OpenChecks& checks) {
  auto state = std::make_unique<State>(folder, signer, clock);
  state->file = core::open_file(state->path, O_RDWR | O_APPEND);
  state->lock();
  const std::string bytes = core::read_file(state->path, std::numeric_limits<std::size_t>::max());
  const std::string_view text = bytes;
  std::vector<RunRecord> records;
  std::vector<core::ScannedMember> members;
  std::size_t whole = 0;  // bytes of the records that hold
  for (std::size_t feed; (feed = text.find('\n', whole)) != std::string_view::npos; whole = feed + 1) {
    const std::string_view record = text.substr(whole, feed - whole);
    LineView line;
    const auto problem = read_line(record, line, members);
    if (problem && state->seq > 0 && was_never_synced(text.substr(whole))) break;
    if (!problem && state->seq == 0) {
      const auto* run = core::find_member(members, "run");
      state->run = run == nullptr ? "" : core::plain_string(run->value).value_or("");
      state->last_sha256 = genesis_hash(kRunFormat, state->run);
    }
    const bool after_end = state->finished && !follows_the_end(problem ? "" : line.kind);
    if (problem || line.seq != state->seq + 1 || line.previous != state->last_sha256 || after_end) {
      throw Error(Code::state,
                  fmt::format("the run's journal does not hold at record {} (byte {}); run ballast verify",
                              state->seq + 1, whole),
                  state->path.string());
    }
    if (checks.verifier != nullptr) refuse_refuted(line, *checks.verifier, state->path);
    state->seq = line.seq;
    state->last_kind = line.kind;
    state->finished = line.kind == "run_finished" || (state->finished && line.kind == "recovery");
    state->last_sha256 = core::sha256_hex(record);
    if (checks.records) records.push_back({state->seq, state->last_sha256, core::parse_json(record, "record")});
  }
  if (state->seq == 0) throw Error(Code::state, "the run's journal has no whole record", state->path.string());
  if (state->finished && checks.ended == Ended::refused)
    throw Error(Code::state, fmt::format("the run {} is finished", state->run), state->path.string());
  if (checks.records) checks.records(std::move(records));
  state->reopened = std::exchange(state->finished, false);
  if (const std::string_view torn = text.substr(whole); !torn.empty()) {
    const std::string name = fmt::format("journal.torn.{}.{}", whole, core::sha256_hex(torn).substr(0, 16));
    core::write_file_atomically(folder / name, torn);
    if (::ftruncate(state->file.get(), static_cast<off_t>(whole)) != 0)
      core::throw_errno("cut", state->path.string(), errno);
    state->append("recovery", Json{{"file", name}, {"size", torn.size()}, {"sha256", core::sha256_hex(torn)}});
  }
  return RunJournal(std::move(state));
}

RunRecord RunJournal::append(std::string_view kind, const Json& payload) {
  if (kind == "run_finished" || kind == "run_started") {
    throw Error(Code::argument, fmt::format("'{}' is written by the journal itself", kind), "kind");
  }
  return state_->append(kind, payload);
}

RunRecord RunJournal::finish(const Json& payload) {
  RunRecord out = state_->append("run_finished", payload.is_null() ? Json::object() : payload);
  state_->finished = true;
  return out;
}

void RunJournal::tell(RunObserver observer) {
  state_->observer = std::move(observer);
  if (!state_->observer) return;
  for (const RunRecord& each : read(state_->folder)) state_->tell(each, Recorded::earlier);
}

core::FileDescriptor RunJournal::hold(const std::filesystem::path& folder) {
  core::FileDescriptor out = core::open_file(folder / kRunJournalName, O_RDWR);
  take_lock(out, folder / kRunJournalName);
  return out;
}

bool RunJournal::is_written(const std::filesystem::path& folder) {
  const core::FileDescriptor file = core::open_file(folder / kRunJournalName, O_RDONLY);
  struct ::flock asked {};
  asked.l_type = F_RDLCK;
  asked.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_OFD_GETLK, &asked) == 0 && asked.l_type == F_WRLCK;
}

std::vector<RunRecord> RunJournal::read(const std::filesystem::path& folder) {
  std::vector<RunRecord> out;
  const std::filesystem::path path = folder / kRunJournalName;
  BlockReader reader(path);
  std::string block;
  std::uint64_t offset = 0;
  while (reader.next(block, offset)) {
    for_each_line(block, offset, [&](std::string_view text, std::uint64_t) {
      out.push_back({out.size() + 1, core::sha256_hex(text),
                     core::parse_json(text, fmt::format("{}:{}", path.string(), out.size() + 1))});
    });
  }
  return out;
}

const std::string& RunJournal::run() const noexcept { return state_->run; }
std::uint64_t RunJournal::last_seq() const noexcept { return state_->seq; }
const std::filesystem::path& RunJournal::folder() const noexcept { return state_->folder; }

}  // namespace ballast::journal
