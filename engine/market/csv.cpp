#include "market/csv.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"

namespace ballast::market {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;

char guess_delimiter(std::string_view line) {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char candidate : std::array{',', ';', '\t', '|'}) {
    const auto count = std::count(line.begin(), line.end(), candidate);
    if (count > most) best = candidate, most = count;
  }
  return best;
}

}  // namespace

CsvReader::CsvReader(const std::filesystem::path& path)
    : path_(path), file_(core::open_file(path, O_RDONLY)), buffer_(kMaxCsvLine + 2 * kBlock) {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) core::throw_errno("read", path.string(), errno);
  if (S_ISDIR(info.st_mode)) core::throw_errno("read", path.string(), EISDIR);
  bytes_total_ = info.st_size;
  ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

bool CsvReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) return false;
  for (;;) {
    const ssize_t n = ::read(file_.get(), buffer_.data() + end_, std::min(kBlock, buffer_.size() - end_));
    if (n < 0) {
      if (errno == EINTR) continue;
      core::throw_errno("read", path_.string(), errno);
    }
    hash_.update({buffer_.data() + end_, static_cast<std::size_t>(n)});
    end_ += static_cast<std::size_t>(n);
    bytes_read_ += n;
    at_end_ = n == 0;
    return !at_end_;
  }
}

bool CsvReader::take_line(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const char* first = buffer_.data() + begin_;
    const void* found = std::memchr(first + searched, '\n', end_ - begin_ - searched);
    if (found != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - first);
      line = {first, length};
      begin_ += length + 1;
      cut_ = false;
      break;
    }
    searched = end_ - begin_;
    if (searched > kMaxCsvLine || !fill()) {
      if (end_ == begin_) return false;
      line = {buffer_.data() + begin_, end_ - begin_};
      begin_ = end_;
      cut_ = !at_end_;
      break;
    }
  }
  ++line_;
  if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

bool CsvReader::next(CsvRow& row) {
  std::string_view line;
  do {
    if (!take_line(line)) return false;
  } while (line.empty());
  row = {line_, line, {}, false, false};
  if (line.size() > kMaxCsvLine) {
    // The rest of it is no row of its own: drop bytes to the line's end, and say so through `too_long`.
    beginning_ = line.substr(0, 200);
    while (cut_ && (begin_ < end_ || fill())) {
      const char* first = buffer_.data() + begin_;
      const void* found = std::memchr(first, '\n', end_ - begin_);
      begin_ = found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) + 1 : end_;
      if (found != nullptr) break;
    }
    row.raw = beginning_;
    row.too_long = true;
    return true;
  }
  if (delimiter_ == 0) delimiter_ = guess_delimiter(line);
  if (std::memchr(line.data(), '"', line.size()) == nullptr) {
    split(line, row);
    return true;
  }
  split_quoted(row.raw, row);
  return true;
}

void CsvReader::split(std::string_view line, CsvRow& row) {
  cells_.clear();
  const char* cell = line.data();
  const char* const end = line.data() + line.size();
  for (const char* c = cell; c != end; ++c) {
    if (*c == delimiter_) {
      cells_.emplace_back(cell, static_cast<std::size_t>(c - cell));
      cell = c + 1;
    }
  }
  cells_.emplace_back(cell, static_cast<std::size_t>(end - cell));
  row.cells = cells_;
}

void CsvReader::split_quoted(std::string_view line, CsvRow& row) {
  cells_.clear();
  unquoted_.clear();
  std::vector<std::string> texts(1);
  bool inside = false, closed = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (inside) {
      if (c != '"') {
        texts.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        texts.back() += line[++i];
      } else {
        inside = false;
        closed = true;
      }
    } else if (c == delimiter_) {
      texts.emplace_back();
      closed = false;
    } else if (c == '"' && texts.back().empty() && !closed) {
      inside = true;
    } else {
      row.broken_quote = row.broken_quote || closed || c == '"';
      texts.back() += c;
    }
  }
  row.broken_quote = row.broken_quote || inside;
  unquoted_ = std::move(texts);
  for (const std::string& text : unquoted_) cells_.emplace_back(text);
  row.cells = cells_;
}

std::string CsvReader::sha256_hex() {
  while (fill()) {
    begin_ = end_;
  }
  return core::to_hex(hash_.finish());
}

}  // namespace ballast::market
