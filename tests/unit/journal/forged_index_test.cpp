#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "journal/bundle.hpp"
#include "journal/segment.hpp"
#include "support/desk_log.hpp"

using namespace ballast;
using support::DeskLog;

namespace {

void forge(const DeskLog& desk, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((desk.folder / "index.sqlite").c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

std::string place(std::string_view segment, std::size_t start, std::string_view line) {
  return fmt::format("UPDATE entries SET segment='{}', start={}, length={}, sha256='{}' WHERE seq=2", segment, start,
                     line.size(), core::sha256_hex(line));
}


}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("a forged row of the index never makes a reader answer with a line that is not the entry") {
    DeskLog desk;
    {
      auto log = desk.open();
      log.append(desk.draft(1));
      journal::Draft second = desk.draft(2);
      (*second.decision)["inner"] = core::Json{
          {"kind", "x"}, {"previous", std::string(64, '0')}, {"seq", 2}, {"time", "2026-03-01T12:00:00.000000Z"}};
      log.append(second);
      for (int i = 3; i <= 5; ++i) log.append(desk.draft(i));
    }
    const auto lines = desk.lines();
    const std::string name = desk.segment().filename().string();
    journal::LogReader(desk.folder).tail(1);
    std::string forged = lines[1];
    forged.replace(forged.find("\"allowed\":true"), 14, "\"allowed\":null");
    const auto check = [&](const std::string& sql) {
      CAPTURE(sql);
      forge(desk, sql);
      CHECK(journal::LogReader(desk.folder).entry(2).value().line == lines[1]);
      forge(desk, sql);
      CHECK(journal::LogReader(desk.folder).tail(5).at(1).line == lines[1]);
      forge(desk, sql);
      journal::Query run;
      run.run = "run-1";
      CHECK(journal::LogReader(desk.folder).query(run).at(1).line == lines[1]);
      forge(desk, sql);
      journal::LogReader reader(desk.folder);
      journal::BundleOptions few;
      few.most_links = 1;
      journal::export_bundle(reader, desk.objects, {2}, desk.head_signer, desk.ring, desk.clock, desk.scratch / "b", few);
      CHECK(journal::open_bundle(desk.scratch / "b").entries.at(0).line == lines[1]);
    };
    std::filesystem::create_directories(desk.folder / "torn");
    DeskLog::write(desk.folder / "torn/x", forged + "\n");
    check(place("torn/x", 0, forged));
    CHECK_FALSE(journal::is_segment_name("decision_log-a/../torn/.jsonl"));
    check(place(name, lines[0].size() + lines[1].size() + 2, lines[2]));
    const std::string part = lines[1].substr(lines[1].find("{\"kind\":\"x\""));
    const std::string inner = part.substr(0, part.find('}') + 1);
    check(place(name, lines[0].size() + 1 + lines[1].find(inner), inner));
    check(place(name, 0, lines[0] + "\n" + lines[1]));
    check("UPDATE entries SET length=1152921504606846976 WHERE seq=2");
    check("UPDATE entries SET start=-1 WHERE seq=2");
    check("UPDATE entries SET sha256='' WHERE seq=2");
    forge(desk, "DELETE FROM entries WHERE seq=2");
    CHECK(journal::LogReader(desk.folder).entry(2).value().line == lines[1]);
    CHECK_FALSE(journal::LogReader(desk.folder).entry(6).has_value());
    forge(desk, "UPDATE entries SET actor='mallory' WHERE seq=2");
    journal::Query actor;
    actor.actor = "mallory";
    CHECK(journal::LogReader(desk.folder).query(actor).empty());
  }

  TEST_CASE("a line that was edited in its segment is an error, and nothing is annotated or exported") {
    DeskLog desk;
    desk.fill(4);
    journal::LogReader(desk.folder).tail(1);
    auto lines = desk.lines();
    lines[1].replace(lines[1].find("\"allowed\":true"), 14, "\"allowed\":null");
    desk.write_lines(lines);
    journal::LogReader reader(desk.folder);
    CHECK_THROWS_AS(reader.entry(2), core::Error);
    std::filesystem::remove(desk.folder / "index.sqlite");
    auto log = desk.open();
    CHECK_THROWS_WITH_AS(
        log.annotate(2, "risk", "seen"),
        doctest::Contains("entry 2 is not proved by the signed HEAD, so nothing is said of it; run ballast verify"),
        core::Error);
    CHECK(log.annotate(3, "risk", "seen").seq == 5);
  }

  TEST_CASE("an annotation names the hash of the line in the log, whatever the index says") {
    DeskLog desk;
    desk.fill(3);
    journal::LogReader(desk.folder).tail(1);
    const auto lines = desk.lines();
    std::filesystem::create_directories(desk.folder / "torn");
    std::string forged = lines[1];
    forged.replace(forged.find("\"allowed\":true"), 14, "\"allowed\":null");
    DeskLog::write(desk.folder / "torn/x", forged + "\n");
    forge(desk, place("torn/x", 0, forged));
    auto log = desk.open();
    const auto remark = log.annotate(2, "risk", "seen");
    CHECK(log.entry(remark.seq)->json()["annotates"]["sha256"] == core::sha256_hex(lines[1]));
  }
}
