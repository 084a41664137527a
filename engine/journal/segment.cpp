#include "journal/segment.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"

namespace ballast::journal {

using core::Code;
using core::Error;

namespace {

constexpr std::string_view kPrefix = "decision_log-", kSuffix = ".jsonl";
constexpr std::size_t kLongestLine = std::size_t{1} << 28;

}  // namespace

std::string segment_name(core::Instant time) { return fmt::format("{}{}{}", kPrefix, core::format_day(time), kSuffix); }

bool is_segment_name(std::string_view name) noexcept {
  return name.size() == kPrefix.size() + 10 + kSuffix.size() && name.starts_with(kPrefix) && name.ends_with(kSuffix) &&
         name.find('/') == std::string_view::npos;
}

std::vector<std::string> list_segments(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    std::string name = entry.path().filename().string();
    if (is_segment_name(name)) out.push_back(std::move(name));
  }
  if (problem) core::throw_errno("list", folder.string(), problem.value());
  std::sort(out.begin(), out.end());
  return out;
}

BlockReader::BlockReader(const std::filesystem::path& path, std::uint64_t begin, std::uint64_t end, std::size_t block)
    : path_(path), file_(core::open_file(path, O_RDONLY)), position_(begin), end_(end), block_(block) {
  // A block is filled with zeros before it is read into: most files are much smaller than one.
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::uint64_t rest = size > begin ? size - begin : 0;
  block_ = static_cast<std::size_t>(std::min<std::uint64_t>(block_, std::max<std::uint64_t>(rest + 1, 1 << 16)));
}

bool BlockReader::next(std::string& out, std::uint64_t& offset) {
  out.swap(rest_);
  rest_.clear();
  offset = position_ - out.size();
  for (;;) {
    const std::size_t had = out.size();
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(block_, end_ - position_));
    out.resize(had + want);
    const std::size_t got = want == 0 ? 0 : core::read_at(file_.get(), out.data() + had, want, position_, path_);
    out.resize(had + got);
    position_ += got;
    const std::size_t last = out.rfind('\n');
    if (last != std::string::npos) {
      rest_.assign(out, last + 1);
      out.resize(last + 1);
      return true;
    }
    if (got < block_) {
      rest_.swap(out);
      out.clear();
      return false;
    }
    if (out.size() > kLongestLine)
      throw Error(Code::argument, fmt::format("a line at byte {} has no end", offset), path_.string());
  }
}

std::string line_ending_at(const std::filesystem::path& path, std::uint64_t end) {
  const core::FileDescriptor file = core::open_file(path, O_RDONLY);
  std::string out;
  std::uint64_t from = end;
  for (std::size_t step = 4096; from > 0; step *= 2) {
    const std::uint64_t next = from > step ? from - step : 0;
    const std::string part = core::read_at(file.get(), static_cast<std::size_t>(from - next), next, path);
    if (part.size() != from - next) break;
    out.insert(0, part);
    from = next;
    if (out.back() != '\n') break;
    const std::size_t start = out.size() < 2 ? std::string::npos : out.rfind('\n', out.size() - 2);
    if (start != std::string::npos) return out.substr(start + 1, out.size() - start - 2);
    if (from == 0) return out.substr(0, out.size() - 1);
  }
  throw Error(Code::state, fmt::format("no line ends at byte {}", end), path.string());
}

}  // namespace ballast::journal
