#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "core/error.hpp"
#include "support/desk_log.hpp"

using namespace ballast;
using support::DeskLog;

namespace {

void execute(const std::filesystem::path& file, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("readers and writers that begin at the same time all get an answer, whatever the index was") {
    DeskLog desk;
    desk.fill(6);
    const auto file = desk.folder / "index.sqlite";
    for (int round = 0; round < 12; ++round) {
      if (round % 3 == 0) std::filesystem::remove(file);
      if (round % 3 == 1) DeskLog::write(file, "not a database, and longer than nothing");
      if (round % 3 == 2) execute(file, "PRAGMA user_version=99");
      std::atomic<int> answered{0};
      {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
          threads.emplace_back([&, t] {
            try {
              if (t % 4 == 0) {
                auto log = desk.open();
                log.append(desk.draft(round * 8 + t));
              }
              journal::LogReader reader(desk.folder);
              if (reader.entry(6) && reader.tail(6).size() == 6) ++answered;
            } catch (const core::Error& e) {
              MESSAGE(e.what());
            }
          });
        }
      }
      CHECK(answered == 8);
    }
    CHECK(desk.verify().verified());
    CHECK(journal::LogReader(desk.folder).tail(100).size() == 30);
  }

  TEST_CASE("an index of tables of another shape, or that is no file, stops nobody") {
    DeskLog desk;
    desk.fill(3);
    journal::LogReader before(desk.folder);
    CHECK(before.tail(10).size() == 3);
    const auto file = desk.folder / "index.sqlite";
    execute(file, "DROP TABLE entries; CREATE TABLE entries(seq TEXT)");
    CHECK(journal::LogReader(desk.folder).tail(10).size() == 3);
    execute(file, "DROP TABLE progress");
    CHECK(journal::LogReader(desk.folder).entry(2).has_value());
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    CHECK(journal::LogReader(desk.folder).entry(2).has_value());
    CHECK(before.entry(3).has_value());
  }
}
