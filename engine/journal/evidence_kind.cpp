#include "journal/evidence_kind.hpp"

#include <algorithm>

#include "journal/desk_layout.hpp"
#include "journal/object_store.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestFirstLine = std::uint64_t{1} << 26;

/// The first line of a file, or what there is of it; nothing when the file does not begin like JSON.
std::string first_line(const fs::path& file) {
  if (!fs::is_regular_file(file)) return {};
  std::string block;
  std::uint64_t offset = 0;
  BlockReader beginning(file, 0, 1);
  beginning.next(block, offset);
  if (beginning.torn() != "{") return {};
  BlockReader reader(file, 0, kLongestFirstLine, std::size_t{1} << 16);
  if (!reader.next(block, offset)) return reader.torn();
  return block.substr(0, block.find('\n'));
}

}  // namespace

bool is_bundle(const fs::path& file) {
  return file.extension() == ".bundle" || first_line(file).find("\"format\":\"ballast-bundle\"") != std::string::npos;
}

bool is_log(const fs::path& folder) {
  return !list_segments(folder).empty() ||
         first_line(folder / "HEAD").find("\"format\":\"ballast-log-head\"") != std::string::npos;
}

bool is_run(const fs::path& folder) {
  return fs::is_regular_file(folder / kRunJournalName) || fs::is_regular_file(folder / kCompactedName);
}

bool is_compacted(const fs::path& run_folder) {
  return !fs::exists(run_folder / kRunJournalName) && fs::exists(run_folder / kCompactedName);
}

bool is_plan(const fs::path& folder) { return fs::is_regular_file(folder / kPlanName) && !is_run(folder); }

bool is_desk(const fs::path& folder) {
  const auto some = [](const fs::path& inside, const auto& holds) {
    if (!fs::is_directory(inside)) return false;
    const fs::directory_iterator all(inside);
    return std::any_of(fs::begin(all), fs::end(all), [&](const auto& entry) { return holds(entry.path()); });
  };
  return fs::is_directory(folder / kLogFolder) || some(folder / kRunsFolder, is_run) ||
         some(folder / kObjectsFolder, [](const fs::path& file) { return is_sha256_hex(file.filename().string()); });
}

bool belongs_to_log(const std::string& name) {
  const std::string plain = name.ends_with(".sig") ? name.substr(0, name.size() - 4) : name;
  return is_segment_name(plain) || name.starts_with("HEAD") || name == "LOCK" || name == "SUSPECT" || name == "torn" ||
         name.starts_with("index.sqlite");
}

bool is_evidence_name(const std::string& name) {
  return name.ends_with(".sig") || is_segment_name(name) || name.starts_with("HEAD") || name == kRunJournalName ||
         name == kCompactedName || is_sha256_hex(name);
}

}  // namespace ballast::journal
