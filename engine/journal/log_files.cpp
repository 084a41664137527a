#include "journal/log_files.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file_lock.hpp"
#include "core/signature_file.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"
#include "journal/verify.hpp"

namespace ballast::journal {
namespace {

using core::Code;
using core::Error;
using core::Json;
using core::Purpose;
using core::SignatureStatus;

constexpr const char* kSuspect = "SUSPECT";
// How many commits may pass until HEAD is synced and kept: bounds how far a loss of power can bring it back.
constexpr unsigned kKeepEvery = 256;

void sync_data(int fd, const std::filesystem::path& path) {
  if (::fdatasync(fd) != 0) core::throw_errno("sync", path.string(), errno);
}

std::uint64_t size_of(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) core::throw_errno("read", path.string(), errno);
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

LogFiles::LogFiles(std::filesystem::path folder, const core::Signer& signer, const core::Signer& head_signer,
                   const core::Verifier& verifier, const core::Clock& clock, LogOptions options)
    : folder_(std::move(folder)),
      signer_(signer),
      head_signer_(head_signer),
      verifier_(verifier),
      clock_(clock),
      options_(std::move(options)) {
  if (options_.engine_version.empty() || options_.engine_build.empty()) {
    throw Error(Code::argument, "a decision log needs the engine's version and build", folder_.string());
  }
  core::create_folders(folder_);
  lock_ = core::open_file(folder_ / "LOCK", O_RDWR | O_CREAT);
}

// The lock file holds a count of commits and whether one is under way. Another count, or a commit that never ended,
// means that the end has to be read again. Only processes read it, so it is not synced.
LogFiles::Lock::Lock(LogFiles& files) : files_(files) {
  core::lock_file(files_.lock_.get(), core::LockKind::exclusive, files_.folder_ / "LOCK");
  try {
    std::array<char, 9> state{};
    const ssize_t n = ::pread(files_.lock_.get(), state.data(), state.size(), 0);
    std::uint64_t generation = 0;
    std::memcpy(&generation, state.data(), 8);
    const bool clean = n == 9 && state[8] == 0;
    const bool same = files_.loaded_ && clean && generation == files_.generation_ &&
                      (files_.open_segment_.empty() ||
                       size_of(files_.segment_file_.get(), files_.open_segment_) == files_.head_.size);
    files_.generation_ = generation;
    if (!same) files_.load();
  } catch (...) {
    ::flock(files_.lock_.get(), LOCK_UN);
    throw;
  }
}

LogFiles::Lock::~Lock() { ::flock(files_.lock_.get(), LOCK_UN); }

void LogFiles::write_generation(bool dirty) {
  std::array<char, 9> state{};
  const std::uint64_t next = dirty ? generation_ : ++generation_;
  std::memcpy(state.data(), &next, 8);
  state[8] = dirty ? 1 : 0;
  if (::pwrite(lock_.get(), state.data(), state.size(), 0) != 9)
    core::throw_errno("write", (folder_ / "LOCK").string(), errno);
}

void LogFiles::load() {
  loaded_ = false;
  batches_.clear();
  segment_file_ = core::FileDescriptor();
  open_segment_.clear();
  write_generation(true);
  if (!std::filesystem::exists(folder_ / "HEAD")) {
    if (!list_segments(folder_).empty()) {
      throw Error(Code::state, "the log has entries but no HEAD: its end may have been removed; run ballast verify",
                  folder_.string());
    }
    create();
  }
  Head head;
  SignatureStatus status = SignatureStatus::wrong;
  if (const auto wrong = read_head(core::read_file(folder_ / "HEAD", 1 << 20), verifier_, head, status)) {
    // What a loss of power can leave of a HEAD that was not synced yet. The kept one is older, and whoever could put it
    // in HEAD's place could as well have put it there under the name HEAD.
    const bool kept = std::filesystem::exists(folder_ / "HEAD.kept");
    if (!kept || read_head(core::read_file(folder_ / "HEAD.kept", 1 << 20), verifier_, head, status)) {
      throw Error(Code::crypto, fmt::format("not a HEAD: {}", *wrong), (folder_ / "HEAD").string());
    }
  }
  if (status != SignatureStatus::valid) {
    throw Error(Code::crypto,
                fmt::format("HEAD, signed by key '{}', is not accepted: {}", head.signature.key_id,
                            core::signature_status_text(status)),
                (folder_ / "HEAD").string());
  }
  head_ = end_ = head;
  recover();
  log_cuts();
  verify_if_suspect();
  write_generation(false);
  loaded_ = true;
}

void LogFiles::create() {
  head_ = {};
  head_.log_id = options_.log_id.value_or("");
  if (head_.log_id.empty()) head_.log_id = core::to_hex(core::random_bytes(16));
  head_.sha256 = genesis_hash(kLogFormat, head_.log_id);
  end_ = head_;
  write_head(true);
}

void LogFiles::recover() {
  if (head_.seq != 0) {
    const std::filesystem::path path = folder_ / head_.segment;
    const auto refuse = [&](const std::string& why) {
      throw Error(
          Code::state,
          fmt::format("the log is behind its HEAD, which names entry {}: {}; run ballast verify", head_.seq, why),
          path.string());
    };
    if (!std::filesystem::exists(path)) refuse("its segment is not there");
    if (std::filesystem::file_size(path) < head_.size)
      refuse(fmt::format("its segment has fewer than {} bytes", head_.size));
    if (core::sha256_hex(line_ending_at(path, head_.size)) != head_.sha256) refuse("the line there has another hash");
  }
  bool cut = false;
  for (const std::string& segment : list_segments(folder_)) {
    if (segment < head_.segment) continue;
    take_lines(segment, segment == head_.segment ? head_.size : 0, cut);
  }
  if (end_.seq != head_.seq) core::sync_folder(folder_);
  // Only the first loading of a process keeps a copy: with several writers every commit loads again.
  if (end_.seq != head_.seq || !kept_once_) write_head(!kept_once_);
  kept_once_ = true;
}

// Takes in what stands beyond HEAD: lines that continue the chain and are signed were durable or about to be; from the
// first one that does not, nothing was ever acknowledged, and it is set aside.
void LogFiles::take_lines(const std::string& segment, std::uint64_t from, bool& cut) {
  const std::filesystem::path path = folder_ / segment;
  if (std::filesystem::file_size(path) == from) return;
  std::uint64_t good = from;
  if (!cut) {
    BlockReader reader(path, from);
    std::string block;
    std::uint64_t offset = 0;
    std::vector<core::ScannedMember> members;
    while (!cut && reader.next(block, offset)) {
      for_each_line(block, offset, [&](std::string_view text, std::uint64_t start) {
        if (cut) return;
        LineView line;
        if (read_line(text, line, members) || line.seq != end_.seq + 1 || line.previous != end_.sha256 ||
            !line.signature) {
          cut = true;
          return;
        }
        const SignatureStatus status = verify_line(line, Purpose::log_entry, verifier_);
        if (status == SignatureStatus::unknown_key) {
          throw Error(
              Code::crypto,
              fmt::format("entry {} after HEAD is signed by key '{}', which is not in the key ring: it can be neither "
                          "taken in nor set aside",
                          line.seq, line.signature->key_id),
              path.string());
        }
        if (status == SignatureStatus::wrong || status == SignatureStatus::unknown_algorithm) {
          cut = true;
          return;
        }
        good = start + text.size() + 1;
        end_.seq = line.seq;
        end_.sha256 = core::sha256_hex(text);
        end_.segment = segment;
        end_.size = good;
      });
    }
    cut = cut || !reader.torn().empty();
  }
  if (good != from) {
    // After a failed sync the kernel may hold these bytes as clean without having written them: written again, they
    // are dirty and the sync below means something.
    const core::FileDescriptor file = core::open_file(path, O_RDWR);
    std::string bytes(static_cast<std::size_t>(good - from), '\0');
    if (::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(from)) !=
        static_cast<ssize_t>(bytes.size())) {
      core::throw_errno("read", path.string(), errno);
    }
    if (::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(from)) !=
        static_cast<ssize_t>(bytes.size())) {
      core::throw_errno("write", path.string(), errno);
    }
    sync_data(file.get(), path);
  }
  if (std::filesystem::file_size(path) > good) set_aside(segment, good);
}

// First the copy, then the cut, then the entry that says so, then the copy's final name: whatever is interrupted is
// done again on the next opening.
void LogFiles::set_aside(const std::string& segment, std::uint64_t from) {
  const std::filesystem::path path = folder_ / segment;
  const core::FileDescriptor file = core::open_file(path, O_RDWR);
  std::string bytes(static_cast<std::size_t>(size_of(file.get(), path) - from), '\0');
  if (::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(from)) != static_cast<ssize_t>(bytes.size())) {
    core::throw_errno("read", path.string(), errno);
  }
  core::write_file_atomically(
      folder_ / "torn" / fmt::format("{}.{}.{}.pending", segment, from, core::sha256_hex(bytes).substr(0, 16)), bytes);
  if (::ftruncate(file.get(), static_cast<off_t>(from)) != 0) core::throw_errno("cut", path.string(), errno);
  sync_data(file.get(), path);
}

void LogFiles::log_cuts() {
  const std::filesystem::path torn = folder_ / "torn";
  if (!std::filesystem::is_directory(torn)) return;
  std::vector<std::filesystem::path> pending;
  for (const auto& entry : std::filesystem::directory_iterator(torn)) {
    if (entry.path().extension() == ".pending" && !entry.path().filename().string().starts_with('.'))
      pending.push_back(entry.path());
  }
  if (pending.empty()) return;
  for (const std::filesystem::path& path : pending) {
    const std::string name = path.stem().string();
    Draft draft;
    draft.kind = "recovery";
    draft.actor = "ballast";
    draft.note = "bytes after the last whole entry were cut from the log and kept aside";
    draft.recovery = Json{
        {"file", "torn/" + name}, {"size", std::filesystem::file_size(path)}, {"sha256", core::sha256_file_hex(path)}};
    add(draft_json(draft), clock_.now());
  }
  commit();
  for (const std::filesystem::path& path : pending) {
    if (::rename(path.c_str(), (torn / path.stem()).c_str()) != 0) core::throw_errno("rename", path.string(), errno);
  }
  core::sync_folder(torn);
}

void LogFiles::verify_if_suspect() {
  if (!std::filesystem::exists(folder_ / kSuspect)) return;
  VerifyOptions options;
  options.lock = false;  // it is ours
  const VerifyReport report = verify_log(folder_, verifier_, options);
  if (!report.verified()) {
    throw Error(Code::state,
                fmt::format("the log does not verify after a failed write: {}", report.findings.front().sentence),
                folder_.string());
  }
  std::filesystem::remove(folder_ / kSuspect);
}

void LogFiles::mark_suspect() noexcept {
  loaded_ = false;
  try {
    core::write_file_atomically(folder_ / kSuspect, "a write or sync failed; verified on the next opening\n");
  } catch (const std::exception&) {
    // The disk refuses: opening reads the end again in any case.
  }
}

Appended LogFiles::add(Json body, core::Instant time) {
  std::string segment = segment_name(time);
  // Segments never go back: an entry of an earlier day (a given or corrected clock) stands in the newest segment.
  if (segment < end_.segment) segment = end_.segment;
  body["seq"] = end_.seq + 1;
  body["time"] = core::format_instant(time);
  body["previous"] = end_.sha256;
  body["engine"] = {{"version", options_.engine_version}, {"build", options_.engine_build}};
  const std::string line = write_line(body, Purpose::log_entry, &signer_);
  const bool fresh = batches_.empty() || batches_.back().segment != segment;
  if (fresh) batches_.push_back({segment, ""});
  batches_.back().bytes += line;
  batches_.back().bytes += '\n';
  end_.size = (segment == end_.segment ? end_.size : 0) + line.size() + 1;
  end_.segment = segment;
  end_.seq += 1;
  end_.sha256 = core::sha256_hex(line);
  return {end_.seq, end_.sha256, segment};
}

void LogFiles::write_batch(const Batch& batch) {
  const std::filesystem::path path = folder_ / batch.segment;
  if (open_segment_ != batch.segment) {
    if (head_.seq != 0 && batch.segment != head_.segment && open_segment_.empty()) {
      // Another day began since the log was opened; the segment before is over.
      seal(head_.segment);
    } else if (!open_segment_.empty()) {
      seal(open_segment_);
    }
    const bool fresh = !std::filesystem::exists(path);
    segment_file_ = core::open_file(path, O_WRONLY | O_APPEND | O_CREAT);
    open_segment_ = batch.segment;
    if (fresh) core::sync_folder(folder_);
  }
  // A seal speaks of a finished segment. When a given clock goes back to one, the seal is made again at its end.
  const std::filesystem::path seal_path = folder_ / (batch.segment + ".sig");
  if (::unlink(seal_path.c_str()) != 0 && errno != ENOENT) core::throw_errno("remove", seal_path.string(), errno);
  core::write_all(segment_file_.get(), batch.bytes, path);
  sync_data(segment_file_.get(), path);
}

void LogFiles::commit() {
  if (batches_.empty()) return;
  write_generation(true);
  const std::vector<Batch> batches = std::move(batches_);
  batches_.clear();
  const bool rolled = batches.back().segment != head_.segment;
  for (const Batch& batch : batches) write_batch(batch);
  write_head(rolled || ++commits_since_kept_ >= kKeepEvery);
  write_generation(false);
}

void LogFiles::write_head(bool keep) {
  end_.time = clock_.now();
  replace_head(folder_, head_text(end_, head_signer_), keep);
  if (keep) commits_since_kept_ = 0;
  head_ = end_;
}

void LogFiles::seal(const std::string& segment) {
  const core::Signer* const signers[] = {&head_signer_};
  core::sign_file(folder_ / segment, Purpose::log_segment, signers, clock_);
}

std::vector<std::filesystem::path> LogFiles::seal_finished() {
  std::vector<std::filesystem::path> out;
  const std::string today = segment_name(clock_.now());
  for (const std::string& segment : list_segments(folder_)) {
    const std::filesystem::path path = folder_ / (segment + ".sig");
    if (segment >= today || std::filesystem::exists(path)) continue;
    seal(segment);
    out.push_back(path);
  }
  return out;
}

}  // namespace ballast::journal
