#include "journal/log_reader.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::journal {

using core::Code;
using core::Error;

namespace {

std::filesystem::path existing(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw Error(Code::not_found, "there is no decision log here", folder.string());
  return folder;
}

}  // namespace

core::Json Entry::json() const { return core::parse_json(line, fmt::format("entry {}", place.seq)); }

LogReader::LogReader(const std::filesystem::path& folder) : folder_(existing(folder)), index_(folder) {}

Entry LogReader::load(const LinePlace& place) const {
  const std::filesystem::path path = folder_ / place.segment;
  const core::FileDescriptor file = core::open_file(path, O_RDONLY);
  Entry out{place, std::string(static_cast<std::size_t>(place.length), '\0')};
  const ssize_t n = ::pread(file.get(), out.line.data(), out.line.size(), static_cast<off_t>(place.offset));
  if (n < 0) core::throw_errno("read", path.string(), errno);
  if (static_cast<std::size_t>(n) != out.line.size() || core::sha256_hex(out.line) != place.sha256) {
    throw Error(Code::crypto,
                fmt::format("entry {} is not what it was when it was indexed; run ballast verify", place.seq),
                path.string());
  }
  return out;
}

std::optional<Entry> LogReader::entry(std::uint64_t seq) {
  index_.catch_up();
  const auto place = index_.find(seq);
  if (!place) return std::nullopt;
  return load(*place);
}

std::vector<Entry> LogReader::tail(std::size_t count) {
  Query all;
  all.limit = count;
  return query(all);
}

std::vector<Entry> LogReader::query(const Query& query) {
  index_.catch_up();
  std::vector<LinePlace> places = index_.select(query);
  std::vector<Entry> out;
  // From the newest, so that a text search stops once it has enough.
  for (auto place = places.rbegin(); place != places.rend() && out.size() < query.limit; ++place) {
    Entry entry = load(*place);
    if (!query.text || entry.line.find(*query.text) != std::string::npos) out.push_back(std::move(entry));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace ballast::journal
