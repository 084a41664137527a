#include "journal/index.hpp"

#include <algorithm>
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

using core::Code;
using core::Error;

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS entries(seq INTEGER PRIMARY KEY, time INTEGER, kind TEXT, actor TEXT, run TEXT, policy "
    "TEXT,"
    " environment TEXT, annotates INTEGER, segment TEXT, start INTEGER, length INTEGER, sha256 TEXT);"
    "CREATE INDEX IF NOT EXISTS by_run ON entries(run);"
    "CREATE INDEX IF NOT EXISTS by_kind ON entries(kind);"
    "CREATE INDEX IF NOT EXISTS by_time ON entries(time);"
    "CREATE TABLE IF NOT EXISTS progress(segment TEXT PRIMARY KEY, done INTEGER, last_start INTEGER, last_sha256 "
    "TEXT);";
constexpr int kVersion = 1;
constexpr std::chrono::seconds kLongestWait{10};  // for other processes; whoever waits longer reads into memory

/// What SQLite answered instead of doing it. Never leaves this file: there is always another way to an index.
struct SqlProblem {
  int code;
  std::string text;
};

/// Lets one process at a time write or replace the file. SQLite's own locks belong to one file and would not keep a
/// transaction from leaving its journal beside the file that has just replaced it.
class WriterLock {
 public:
  explicit WriterLock(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "index.sqlite.lock";
    bool taken = false;
    try {
      file_ = core::open_file(path, O_RDWR | O_CREAT);
      taken = core::lock_file_within(file_.get(), core::LockKind::exclusive, kLongestWait, path);
    } catch (const Error& e) {
      throw SqlProblem{SQLITE_CANTOPEN, e.what()};
    }
    if (!taken) throw SqlProblem{SQLITE_BUSY, "the index is locked"};
  }

 private:
  core::FileDescriptor file_;
};

class Statement {
 public:
  Statement(sqlite3* db, const std::string& sql) : db_(db) {
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) fail();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }
  Statement& bind(int at, std::string_view text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(int at, const std::string& text) { return bind(at, std::string_view(text)); }
  Statement& bind(int at, std::int64_t value) {
    sqlite3_bind_int64(statement_, at, value);
    return *this;
  }
  Statement& bind(int at, const std::optional<std::string_view>& text) {
    if (text) return bind(at, *text);
    sqlite3_bind_null(statement_, at);
    return *this;
  }
  bool step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail();
    sqlite3_reset(statement_);
    return false;
  }
  std::string text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_, column);
    return bytes == nullptr ? "" : reinterpret_cast<const char*>(bytes);
  }
  std::uint64_t number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
  }

 private:
  [[noreturn]] void fail() const { throw SqlProblem{sqlite3_extended_errcode(db_), sqlite3_errmsg(db_)}; }
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

LinePlace place_of(const Statement& row) {
  return {row.number(0), row.text(1), row.number(2), row.number(3), row.text(4)};
}

}  // namespace

struct Index::State {
  std::filesystem::path folder;
  sqlite3* db = nullptr;
  ino_t inode = 0;  ///< of the file that `db` reads
  bool in_memory = false, replaced = false, reopened = false;
  bool unread = false;  ///< made anew and holds no line yet
  ~State() { sqlite3_close(db); }

  std::filesystem::path file() const { return folder / "index.sqlite"; }

  ino_t inode_there() const {
    struct stat info {};
    return ::stat(file().c_str(), &info) == 0 ? info.st_ino : 0;
  }

  void exec(const std::string& sql) const {
    if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      throw SqlProblem{sqlite3_extended_errcode(db), sqlite3_errmsg(db)};
  }

  void disconnect() {
    sqlite3_close(db);
    db = nullptr;
  }

  void connect(const std::string& name) {
    disconnect();
    const int result = sqlite3_open_v2(name.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    if (result != SQLITE_OK) throw SqlProblem{result, "the index cannot be opened"};
    inode = inode_there();
    sqlite3_busy_timeout(db, static_cast<int>(std::chrono::milliseconds(kLongestWait).count()));
    // It can be built again from the lines, so it never waits for the disk.
    exec("PRAGMA synchronous=OFF");
  }

  // The statement ends here: one that is left open would keep this process from ever getting the lock to write.
  std::uint64_t version() const {
    Statement row(db, "PRAGMA user_version");
    return row.step() ? row.number(0) : 0;
  }

  /// Does all of `work` or nothing. Requires: the writer's lock, or an index in memory.
  template <class Work>
  void in_transaction(Work work) {
    exec("BEGIN IMMEDIATE");
    try {
      work();
      exec("COMMIT");
    } catch (...) {
      sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

  void make_schema() {
    in_transaction([&] {
      exec(kSchema);
      exec(fmt::format("PRAGMA user_version={}", kVersion));
    });
  }

  void open() {
    try {
      connect(file().string());
      const std::uint64_t found = version();
      if (found == kVersion) return;
      if (found != 0) throw SqlProblem{SQLITE_SCHEMA, "the index is of another version"};
      const WriterLock lock(folder);
      if (version() == 0) make_schema();
    } catch (const SqlProblem& problem) {
      recover(problem);
    }
  }

  /// Puts an empty index in the file's place, unless another process has just done so.
  void replace() {
    const WriterLock lock(folder);
    replaced = true;
    if (inode_there() != 0 && inode_there() != inode) {
      connect(file().string());
      if (version() == kVersion) return;
    }
    disconnect();
    const auto fresh = folder / fmt::format("index.sqlite.{}", core::to_hex(core::random_bytes(6)));
    std::error_code problem;
    try {
      connect(fresh.string());
      make_schema();
      disconnect();
    } catch (const SqlProblem&) {
      std::filesystem::remove(fresh, problem);
      throw;
    }
    // What a dead process left of a transaction belongs to the old file and would be rolled back into the new one.
    for (const char* rest : {"-journal", "-wal", "-shm"}) std::filesystem::remove(file().string() + rest, problem);
    std::filesystem::rename(fresh, file(), problem);
    if (problem) {
      std::error_code ignored;
      std::filesystem::remove(fresh, ignored);
      throw SqlProblem{SQLITE_IOERR, problem.message()};
    }
    connect(file().string());
    unread = true;
  }

  void use_memory() {
    in_memory = unread = true;
    try {
      connect(":memory:");
      make_schema();
    } catch (const SqlProblem& problem) {
      throw Error(Code::io, fmt::format("no index can be made: {}", problem.text), folder.string());
    }
  }

  /// Only a file that is damaged or has another shape is made anew. One that others keep busy, or that this process may
  /// not write, is theirs: this process reads the lines into memory.
  void recover(const SqlProblem& problem) {
    if (in_memory) throw Error(Code::io, fmt::format("the index cannot be used: {}", problem.text), folder.string());
    const int kind = problem.code & 0xff;
    const bool damaged =
        kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_SCHEMA || kind == SQLITE_ERROR;
    try {
      if (problem.code == SQLITE_READONLY_DBMOVED && !reopened) {  // another process replaced the file
        reopened = true;
        connect(file().string());
        if (version() == kVersion) return;
      }
      if (damaged && !replaced) return replace();
    } catch (const SqlProblem&) {
      // There is still the memory.
    }
    use_memory();
  }

  /// Does what asks the index, and does it again with another index where this one cannot answer.
  template <class Work>
  auto answer(Work work) -> decltype(work()) {
    for (;;) {
      try {
        if (unread) catch_up();
        return work();
      } catch (const SqlProblem& problem) {
        recover(problem);
      }
    }
  }

  // Whether the lines of a segment up to where the index got are still the ones it saw.
  bool fits(const std::string& segment, std::uint64_t done, const std::string& last_sha256) const {
    if (done == 0) return true;
    std::error_code problem;
    const auto size = std::filesystem::file_size(folder / segment, problem);
    if (problem || size < done) return false;
    try {
      return core::sha256_hex(line_ending_at(folder / segment, done)) == last_sha256;
    } catch (const Error&) {
      return false;
    }
  }

  void add_lines(const std::string& segment, std::uint64_t done) {
    Statement insert(db, "INSERT OR IGNORE INTO entries VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
    Statement progress(db, "INSERT OR REPLACE INTO progress VALUES(?,?,?,?)");
    BlockReader reader(folder / segment, done);
    std::string block, last_sha256;
    std::uint64_t offset = 0, last_start = 0;
    std::vector<core::ScannedMember> members, inner;
    while (reader.next(block, offset)) {
      for_each_line(block, offset, [&](std::string_view text, std::uint64_t start) {
        last_start = start;
        last_sha256 = core::sha256_hex(text);
        LineView line;
        if (read_line(text, line, members)) return;
        const auto value = [&](std::string_view name) -> std::optional<std::string_view> {
          const auto* member = core::find_member(members, name);
          return member == nullptr ? std::nullopt : core::plain_string(member->value);
        };
        const auto part = [&](std::string_view name, std::string_view field) -> std::optional<std::string_view> {
          const auto* member = core::find_member(members, name);
          if (member == nullptr || core::scan_canonical_object(member->value, inner)) return std::nullopt;
          const auto* found = core::find_member(inner, field);
          return found == nullptr ? std::nullopt : std::optional(found->value);
        };
        insert.bind(1, static_cast<std::int64_t>(line.seq)).bind(2, line.time.microseconds).bind(3, line.kind);
        insert.bind(4, value("actor")).bind(5, value("run"));
        const auto policy = part("policy", "name");
        insert.bind(6, policy ? core::plain_string(*policy) : std::nullopt).bind(7, value("environment"));
        if (const auto seq = part("annotates", "seq")) {
          insert.bind(8, static_cast<std::int64_t>(core::plain_integer(*seq).value_or(0)));
        } else {
          insert.bind(8, std::optional<std::string_view>());
        }
        insert.bind(9, segment)
            .bind(10, static_cast<std::int64_t>(start))
            .bind(11, static_cast<std::int64_t>(text.size()));
        insert.bind(12, last_sha256);
        insert.step();
      });
      done = offset + block.size();
    }
    if (last_sha256.empty()) return;
    progress.bind(1, segment).bind(2, static_cast<std::int64_t>(done)).bind(3, static_cast<std::int64_t>(last_start));
    progress.bind(4, last_sha256).step();
  }

  struct Progress {
    std::string segment, sha256;
    std::uint64_t done;
  };

  std::vector<Progress> progress() const {
    std::vector<Progress> out;
    Statement all(db, "SELECT segment, done, last_sha256 FROM progress ORDER BY segment");
    while (all.step()) out.push_back({all.text(0), all.text(2), all.number(1)});
    return out;
  }

  bool fits(const std::vector<Progress>& seen, const std::vector<std::string>& segments) const {
    return std::all_of(seen.begin(), seen.end(), [&](const Progress& each) {
      return std::find(segments.begin(), segments.end(), each.segment) != segments.end() &&
             fits(each.segment, each.done, each.sha256);
    });
  }

  static std::uint64_t done_of(const std::vector<Progress>& seen, const std::string& segment) {
    const auto at =
        std::find_if(seen.begin(), seen.end(), [&](const Progress& each) { return each.segment == segment; });
    return at == seen.end() ? 0 : at->done;
  }

  void read_new_lines() {
    const std::vector<std::string> segments = list_segments(folder);
    std::vector<Progress> seen = progress();
    if (!fits(seen, segments)) {
      exec("DELETE FROM entries; DELETE FROM progress;");
      seen.clear();
    }
    for (const std::string& segment : segments) {
      const std::uint64_t done = done_of(seen, segment);
      if (std::filesystem::file_size(folder / segment) > done) add_lines(segment, done);
    }
  }

  // Readers look first and ask for the lock only where there is something to write.
  void catch_up() {
    const std::vector<std::string> segments = list_segments(folder);
    const std::vector<Progress> seen = progress();
    const bool complete = std::all_of(segments.begin(), segments.end(), [&](const std::string& segment) {
      return std::filesystem::file_size(folder / segment) <= done_of(seen, segment);
    });
    if (!complete || !fits(seen, segments)) {
      std::optional<WriterLock> lock;
      if (!in_memory) lock.emplace(folder);
      in_transaction([&] { read_new_lines(); });
    }
    unread = false;
  }
};

Index::Index(std::filesystem::path folder) : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
  state_->open();
}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;

void Index::catch_up() {
  state_->answer([&] { state_->catch_up(); });
}

void Index::rebuild() {
  try {
    if (state_->in_memory || state_->replaced) {
      state_->use_memory();
    } else {
      state_->replace();
    }
  } catch (const SqlProblem&) {
    state_->use_memory();
  }
  catch_up();
}

std::optional<LinePlace> Index::find(std::uint64_t seq) const {
  return state_->answer([&]() -> std::optional<LinePlace> {
    Statement row(state_->db, "SELECT seq, segment, start, length, sha256 FROM entries WHERE seq=?");
    row.bind(1, static_cast<std::int64_t>(seq));
    if (!row.step()) return std::nullopt;
    return place_of(row);
  });
}

std::vector<LinePlace> Index::tail(std::size_t count) const {
  Query query;
  query.limit = count;
  return select(query);
}

std::vector<LinePlace> Index::select(const Query& query) const {
  std::string sql = "SELECT seq, segment, start, length, sha256 FROM entries WHERE 1";
  const auto add = [&](const char* column, bool given) {
    if (given) sql += fmt::format(" AND {}?", column);
  };
  add("kind=", query.kind.has_value());
  add("actor=", query.actor.has_value());
  add("run=", query.run.has_value());
  add("policy=", query.policy.has_value());
  add("environment=", query.environment.has_value());
  add("time>=", query.from.has_value());
  add("time<", query.to.has_value());
  add("annotates=", query.annotates.has_value());
  sql += " ORDER BY seq DESC";
  if (!query.text) sql += fmt::format(" LIMIT {}", query.limit);
  return state_->answer([&] {
    Statement rows(state_->db, sql);
    int at = 0;
    for (const auto* text : {&query.kind, &query.actor, &query.run, &query.policy, &query.environment}) {
      if (*text) rows.bind(++at, std::string_view(**text));
    }
    if (query.from) rows.bind(++at, query.from->microseconds);
    if (query.to) rows.bind(++at, query.to->microseconds);
    if (query.annotates) rows.bind(++at, static_cast<std::int64_t>(*query.annotates));
    std::vector<LinePlace> out;
    while (rows.step()) out.push_back(place_of(rows));
    std::reverse(out.begin(), out.end());
    return out;
  });
}

}  // namespace ballast::journal
