#include "market/database.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;

constexpr int kBusyTimeoutMs = 2000;

[[noreturn]] void fail(sqlite3* handle, int result, const std::string& path) {
  const int primary = result & 0xff;
  const std::string reason = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(result);
  const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const std::string detail = system != 0 ? fmt::format("{}: {}", reason, std::strerror(system)) : reason;
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(
          Code::state,
          fmt::format("the market store is in use by another process that writes to it (waited {} s); try again "
                      "when it has finished",
                      kBusyTimeoutMs / 1000),
          path);
    case SQLITE_CORRUPT:
      throw Error(
          Code::io,
          fmt::format("the market store is damaged ({}); restore a copy, or import the data into a new store", detail),
          path);
    case SQLITE_NOTADB:
      throw Error(Code::io, fmt::format("the file is not a market store, or is damaged ({})", detail), path);
    case SQLITE_FULL:
      throw Error(
          Code::io,
          fmt::format("cannot write the market store: no space is left ({}); nothing of this change was kept", detail),
          path);
    case SQLITE_IOERR:
      throw Error(
          Code::io,
          fmt::format("reading or writing the market store failed ({}); nothing of this change was kept", detail),
          path);
    case SQLITE_READONLY:
    case SQLITE_PERM: throw Error(Code::io, fmt::format("the market store cannot be written ({})", detail), path);
    case SQLITE_CANTOPEN: throw Error(Code::io, fmt::format("the market store cannot be opened ({})", detail), path);
    case SQLITE_NOMEM: throw Error(Code::memory, "out of memory in the market store", path);
    default:
      throw Error(Code::internal, fmt::format("the market store refused a statement ({}, code {})", detail, result),
                  path);
  }
}

}  // namespace

struct Database::State {
  sqlite3* handle = nullptr;
  std::string path;
  Mode mode = Mode::read;
  ~State() {
    // A store in write-ahead mode makes readers create files beside it. Who wrote leaves it in the other mode; where
    // somebody still reads, the next writer does.
    if (mode == Mode::write) sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
    sqlite3_close_v2(handle);
  }
  void check(int result) const {
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW) fail(handle, result, path);
  }
};

struct Statement::State {
  sqlite3_stmt* handle = nullptr;
  sqlite3* database = nullptr;
  std::string path;
  ~State() { sqlite3_finalize(handle); }
  void check(int result) const {
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW) fail(database, result, path);
  }
};

Statement::Statement(std::unique_ptr<State> state) : state_(std::move(state)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Statement& Statement::reset() {
  sqlite3_reset(state_->handle);
  return *this;
}
Statement& Statement::bind(int index, std::int64_t value) {
  state_->check(sqlite3_bind_int64(state_->handle, index, value));
  return *this;
}
Statement& Statement::bind(int index, double value) {
  state_->check(sqlite3_bind_double(state_->handle, index, value));
  return *this;
}
Statement& Statement::bind_text(int index, std::string_view value) {
  // A null pointer would bind SQL NULL, and an empty view may hold one.
  const char* data = value.data() != nullptr ? value.data() : "";
  state_->check(sqlite3_bind_text64(state_->handle, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view value) {
  const char* data = value.data() != nullptr ? value.data() : "";
  state_->check(sqlite3_bind_blob64(state_->handle, index, data, value.size(), SQLITE_STATIC));
  return *this;
}
Statement& Statement::bind_null(int index) {
  state_->check(sqlite3_bind_null(state_->handle, index));
  return *this;
}
bool Statement::step() {
  const int result = sqlite3_step(state_->handle);
  if (result == SQLITE_ROW) return true;
  state_->check(result);
  return false;
}
void Statement::run() {
  while (step()) {
  }
  reset();
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(state_->handle, column); }
std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(state_->handle, column));
  return {data != nullptr ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(state_->handle, column))};
}
std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(state_->handle, column));
  return {data != nullptr ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(state_->handle, column))};
}
bool Statement::is_null(int column) const { return sqlite3_column_type(state_->handle, column) == SQLITE_NULL; }

Database::Database(const std::filesystem::path& path, Mode mode) : state_(std::make_unique<State>()) {
  state_->path = path.string();
  state_->mode = mode;
  if (mode == Mode::write) {
    if (path.has_parent_path()) core::create_folders(path.parent_path());
  } else if (!std::filesystem::exists(path)) {
    throw Error(Code::not_found, "there is no market store here; import data or make a sample first", path.string());
  }
  if (std::filesystem::is_directory(path))
    throw Error(Code::io, "a market store is a file, found a folder", path.string());
  const int flags = mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  state_->check(sqlite3_open_v2(path.c_str(), &state_->handle, flags | SQLITE_OPEN_NOMUTEX, nullptr));
  sqlite3_extended_result_codes(state_->handle, 1);
  sqlite3_busy_timeout(state_->handle, kBusyTimeoutMs);
}
Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

void Database::execute(const char* sql) { state_->check(sqlite3_exec(state_->handle, sql, nullptr, nullptr, nullptr)); }

Statement Database::prepare(std::string_view sql) {
  auto state = std::make_unique<Statement::State>();
  state->database = state_->handle;
  state->path = state_->path;
  state_->check(
      sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()), 0, &state->handle, nullptr));
  return Statement(std::move(state));
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(state_->handle); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(state_->handle) == 0; }
const std::string& Database::path() const { return state_->path; }
Database::Mode Database::mode() const { return state_->mode; }

Transaction::Transaction(Database& database, Kind kind) : database_(database), owner_(!database.in_transaction()) {
  // IMMEDIATE takes the write lock at once, where waiting for it is possible; upgrading a read later is not.
  if (owner_) database_.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}
Transaction::~Transaction() {
  if (!owner_ || !database_.in_transaction()) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {
    // The connection is closed or damaged: SQLite rolls back by itself when the file is next opened.
  }
}
void Transaction::commit() {
  if (owner_) database_.execute("COMMIT");
}

}  // namespace ballast::market
