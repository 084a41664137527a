#include "journal/log_reader.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {

using core::Code;
using core::Error;

namespace {

std::filesystem::path existing(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw Error(Code::not_found, "there is no decision log here", folder.string());
  return folder;
}

/// Returns the whole line at a place of a segment, or nothing where no line stands there.
std::optional<std::string> line_at(const std::filesystem::path& folder, const LinePlace& place) {
  if (!is_segment_name(place.segment) || !std::filesystem::is_regular_file(folder / place.segment)) return std::nullopt;
  const core::FileDescriptor file = core::open_file(folder / place.segment, O_RDONLY);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) core::throw_errno("read", (folder / place.segment).string(), errno);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (place.length == 0 || place.offset >= size || place.length >= size - place.offset) return std::nullopt;
  // With the line feeds around it, so that a part of a line is not taken for one.
  const std::uint64_t from = place.offset == 0 ? 0 : place.offset - 1;
  const auto count = static_cast<std::size_t>(place.offset + place.length + 1 - from);
  const std::string bytes = core::read_at(file.get(), count, from, folder / place.segment);
  if (bytes.size() != count || bytes.back() != '\n') return std::nullopt;
  if (from != place.offset && bytes.front() != '\n') return std::nullopt;
  std::string line =
      bytes.substr(static_cast<std::size_t>(place.offset - from), static_cast<std::size_t>(place.length));
  if (line.find('\n') != std::string::npos) return std::nullopt;
  return line;
}

/// Whether an entry is what the index gave it out for.
bool answers(const core::Json& entry, const Query& query) {
  const auto text = [](const core::Json& holder, const char* name) {
    const auto at = holder.is_object() ? holder.find(name) : holder.end();
    return at != holder.end() && at->is_string() ? std::optional(at->get<std::string>()) : std::nullopt;
  };
  const auto is = [&](const char* name, const std::optional<std::string>& wanted) {
    return !wanted || text(entry, name) == wanted;
  };
  if (!is("kind", query.kind) || !is("actor", query.actor) || !is("run", query.run)) return false;
  if (!is("environment", query.environment)) return false;
  if (query.policy && text(entry.value("policy", core::Json()), "name") != query.policy) return false;
  if (query.annotates) {
    const core::Json annotated = entry.value("annotates", core::Json());
    if (!annotated.is_object() || annotated.value("seq", core::Json()) != *query.annotates) return false;
  }
  const core::Instant time = core::parse_instant(entry.at("time").get<std::string>());
  return (!query.from || time.microseconds >= query.from->microseconds) &&
         (!query.to || time.microseconds < query.to->microseconds);
}

}  // namespace

core::Json Entry::json() const { return core::parse_json(line, fmt::format("entry {}", place.seq)); }

LogReader::LogReader(const std::filesystem::path& folder) : folder_(existing(folder)), index_(folder) {}

std::optional<Entry> LogReader::load(const LinePlace& place) const {
  auto text = line_at(folder_, place);
  if (!text || core::sha256_hex(*text) != place.sha256) return std::nullopt;
  LineView line;
  std::vector<core::ScannedMember> members;
  if (read_line(*text, line, members) || line.seq != place.seq) return std::nullopt;
  return Entry{place, std::move(*text)};
}

std::uint64_t LogReader::newest_seq() const {
  const std::vector<std::string> segments = list_segments(folder_);
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    const std::uint64_t size = std::filesystem::file_size(folder_ / *segment);
    if (size == 0) continue;
    try {
      const std::string text = line_ending_at(folder_ / *segment, size);
      LineView line;
      std::vector<core::ScannedMember> members;
      if (!read_line(text, line, members)) return line.seq;
    } catch (const Error& e) {
      if (e.code() != Code::state) throw;
    }
    return UINT64_MAX;  // a torn or damaged end: nobody knows
  }
  return 0;
}

// The index and the lines disagreed, so one of them was changed. Where the line is no longer the one that its successor
// was chained to, it is the line.
void LogReader::confirm(const Entry& entry) {
  const auto place = index_.find(entry.place.seq + 1);
  const auto next = place ? load(*place) : std::nullopt;
  if (!next) return;
  LineView line;
  std::vector<core::ScannedMember> members;
  if (!read_line(next->line, line, members) && line.previous == entry.place.sha256) return;
  throw Error(Code::crypto,
              fmt::format("entry {} is not the one that entry {} was chained to; run ballast verify", entry.place.seq,
                          next->place.seq),
              (folder_ / entry.place.segment).string());
}

void LogReader::refuse(std::uint64_t seq) const {
  throw Error(Code::crypto, fmt::format("entry {} cannot be read from the log; run ballast verify", seq),
              folder_.string());
}

std::optional<Entry> LogReader::entry(std::uint64_t seq) {
  index_.catch_up();
  auto place = index_.find(seq);
  if (place) {
    if (auto found = load(*place)) return found;
  } else if (seq > newest_seq()) {
    return std::nullopt;
  }
  index_.rebuild();
  place = index_.find(seq);
  if (!place) return std::nullopt;
  auto found = load(*place);
  if (!found) refuse(seq);
  confirm(*found);
  return found;
}

std::vector<Entry> LogReader::tail(std::size_t count) {
  Query all;
  all.limit = count;
  return query(all);
}

std::vector<Entry> LogReader::query(const Query& query) {
  index_.catch_up();
  for (bool rebuilt = false;; rebuilt = true) {
    std::vector<LinePlace> places = index_.select(query);
    std::vector<Entry> out;
    std::optional<std::uint64_t> wrong;
    // From the newest, so that a text search stops once it has enough.
    for (auto place = places.rbegin(); !wrong && place != places.rend() && out.size() < query.limit; ++place) {
      auto found = load(*place);
      if (!found || !answers(found->json(), query)) {
        wrong = place->seq;
      } else if (!query.text || found->line.find(*query.text) != std::string::npos) {
        if (rebuilt) confirm(*found);
        out.push_back(std::move(*found));
      }
    }
    if (!wrong) {
      std::reverse(out.begin(), out.end());
      return out;
    }
    if (rebuilt) refuse(*wrong);
    index_.rebuild();
  }
}

}  // namespace ballast::journal
