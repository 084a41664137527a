// SQLite as the market store needs it. Private to engine/market: no other header includes this one, and SQLite's
// own types stay in database.cpp. Every failure is a core::Error that names the file and says what can be done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ballast::market {

class Database;

/// A prepared statement. Column and parameter numbers begin at 0 and 1 as in SQLite's own interface.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  /// Makes the statement ready for the next use; parameters keep no memory of the last.
  Statement& reset();
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  /// The bytes must live until the statement was stepped to its end or reset.
  Statement& bind_text(int index, std::string_view value);
  Statement& bind_blob(int index, std::string_view value);
  Statement& bind_null(int index);
  /// Returns whether there is a row. Throws: Error{io | state}.
  bool step();
  /// For statements without rows: steps to the end and resets.
  void run();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct State;
  explicit Statement(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Database {
 public:
  enum class Mode { read, write };

  /// Opens a file; in write mode creates it and its folder. Throws: Error{not_found | io | state}.
  Database(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  void execute(const char* sql);
  Statement prepare(std::string_view sql);
  std::int64_t last_id() const;
  bool in_transaction() const;
  const std::string& path() const;
  Mode mode() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Rolls back unless committed. `scope` joins a transaction that is already open and leaves its end to the owner.
class Transaction {
 public:
  enum class Kind { read, write };
  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool owner_;
};

}  // namespace ballast::market
