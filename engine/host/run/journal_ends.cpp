#include "host/run/journal_ends.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/evidence.hpp"
#include "host/run/record.hpp"
#include "journal/evidence_kind.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kBlock = 16384;

/// A file that is read where it is asked for.
class Source {
 public:
  explicit Source(const std::filesystem::path& path) : path_(path), file_(core::open_file(path, O_RDONLY)) {
    struct stat about {};
    if (::fstat(file_.get(), &about) != 0) core::throw_errno("read", path.string(), errno);
    size_ = static_cast<std::size_t>(about.st_size);
  }
  std::size_t size() const { return size_; }
  /// Fewer bytes than asked for only at the end.
  std::string at(std::size_t offset, std::size_t count) const {
    return core::read_at(file_.get(), std::min(count, size_ - offset), offset, path_);
  }

 private:
  std::filesystem::path path_;
  core::FileDescriptor file_;
  std::size_t size_ = 0;
};

/// Without its line feed; nothing when the file holds no whole line.
std::optional<std::string> first_line(const Source& source) {
  for (std::size_t length = kBlock;; length *= 2) {
    const std::string text = source.at(0, length);
    if (const auto end = text.find('\n'); end != std::string::npos) return text.substr(0, end);
    if (text.size() < length) return std::nullopt;
  }
}

std::string last_line(const Source& source) {
  for (std::size_t length = kBlock;; length *= 2) {
    const std::size_t from = length < source.size() ? source.size() - length : 0;
    const std::string text = source.at(from, length);
    const auto end = text.rfind('\n');
    if (end != std::string::npos) {
      const auto before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
      if (before != std::string::npos) return text.substr(before + 1, end - before - 1);
      if (from == 0) return text.substr(0, end);
    }
  }
}

/// The same of a run whose journal was archived, as far as its record repeats them.
JournalEnds ends_in_record(const std::filesystem::path& run_folder) {
  const core::Json summary = read_summary(run_folder);
  core::Json first{{"time", summary.at("started")}};
  for (const char* member : {"runbook", "actor", "scheduled", "parent"}) {
    if (summary.contains(member)) first[member] = summary[member];
  }
  return {run_folder.filename().string(),
          std::move(first),
          {{"kind", "run_finished"}, {"status", summary.at("status")}, {"time", summary.at("changed")}}};
}

}  // namespace

core::Json read_first_record(const std::filesystem::path& run_folder) {
  const auto path = run_folder / journal::kRunJournalName;
  return core::parse_json(first_line(Source(path)).value_or(""), path.string());
}

std::optional<JournalEnds> read_journal_ends(const std::filesystem::path& run_folder) {
  const auto path = run_folder / journal::kRunJournalName;
  if (!std::filesystem::exists(path)) return ends_in_record(run_folder);
  const Source source(path);
  const auto first = first_line(source);
  if (!first) return std::nullopt;
  JournalEnds out{run_folder.filename().string(), core::parse_json(*first, path.string()),
                  core::parse_json(last_line(source), path.string())};
  if (!out.first.is_object() || !out.last.is_object())
    throw core::Error(core::Code::argument, "the journal of the run does not hold records", path.string());
  return out;
}

std::vector<std::filesystem::path> run_folders(const Desk& desk) {
  std::vector<std::filesystem::path> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(runs_folder(desk), ignored)) {
    if (!entry.path().filename().string().starts_with('.') && journal::is_run(entry.path()))
      out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ballast::host
