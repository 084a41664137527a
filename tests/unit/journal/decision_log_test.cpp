#include <atomic>
#include <limits>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "core/error.hpp"
#include "support/desk_log.hpp"

using namespace ballast;
using support::codes;
using support::DeskLog;

TEST_SUITE("journal") {
  TEST_CASE("a line holds exactly the fields of the format, canonical, chained and signed by position") {
    DeskLog desk;
    auto log = desk.open();
    const auto first = log.append(desk.draft(1));
    const auto second = log.append(desk.draft(2));
    CHECK(first.seq == 1);
    CHECK(second.seq == 2);
    const auto lines = desk.lines();
    REQUIRE(lines.size() == 2);
    CHECK(core::sha256_hex(lines[0]) == first.sha256);
    const core::Json json = core::parse_json(lines[1], "line");
    CHECK(core::canonical_json(json) == lines[1]);
    std::set<std::string> names;
    for (const auto& [name, value] : json.items()) names.insert(name);
    CHECK(names == std::set<std::string>{"actor", "decision", "engine", "environment", "inputs", "kind",
                                         "libraries_sha256", "policy", "previous", "run", "seq", "settings_sha256",
                                         "signature", "time"});
    CHECK(json["previous"] == first.sha256);
    CHECK(json["engine"] == core::Json{{"version", "0.1.0"}, {"build", "test"}});
    CHECK(core::parse_json(lines[0], "line")["previous"] ==
          core::sha256_hex("ballast-genesis-v1\nballast-decision-log\n0123456789abcdef0123456789abcdef"));
    // The signed bytes, cut by hand: from the comma before the member to the end of its value.
    const std::size_t begin = lines[1].find(",\"signature\":{"), end = lines[1].find('}', begin) + 1;
    const core::Signature signature{"HMAC-SHA256", "desk-hmac", json["signature"]["value"]};
    CHECK(desk.ring.verify(core::Purpose::log_entry, lines[1].substr(0, begin) + lines[1].substr(end), signature) ==
          core::SignatureStatus::valid);
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.entries == 2);
    CHECK(report.signatures == 2);
    CHECK(report.head_seq == 2);
    CHECK(report.head_sha256 == second.sha256);
  }

  TEST_CASE("incomplete drafts and numbers that are not finite are refused and nothing is written (W-33)") {
    DeskLog desk;
    auto log = desk.open();
    log.append(desk.draft());
    const std::string before = desk.segment_text();
    const auto refused = [&](const char* where, auto change) {
      journal::Draft draft = desk.draft();
      change(draft);
      CAPTURE(where);
      try {
        log.append(draft);
        FAIL("accepted");
      } catch (const core::Error& e) {
        CHECK(e.code() == core::Code::argument);
        CHECK(e.where() == where);
      }
    };
    refused("kind", [](auto& d) { d.kind = ""; });
    refused("actor", [](auto& d) { d.actor = ""; });
    refused("environment", [](auto& d) { d.environment = "prod"; });
    refused("run", [](auto& d) { d.run.reset(); });
    refused("policy", [](auto& d) { d.policy.reset(); });
    refused("policy.sha256", [](auto& d) { d.policy->sha256 = "ABC"; });
    refused("policy.version", [](auto& d) { d.policy->version = nullptr; });
    refused("libraries_sha256", [](auto& d) { d.libraries_sha256.reset(); });
    refused("settings_sha256", [](auto& d) { d.settings_sha256.reset(); });
    refused("inputs", [](auto& d) { d.inputs.reset(); });
    refused("inputs[0].sha256", [](auto& d) { (*d.inputs)[0].sha256 = "pending"; });
    refused("decision", [](auto& d) { d.decision.reset(); });
    refused("decision.x", [](auto& d) { (*d.decision)["x"] = std::numeric_limits<double>::quiet_NaN(); });
    refused("decision.x", [](auto& d) { (*d.decision)["x"] = std::numeric_limits<double>::infinity(); });
    refused("decision.x", [](auto& d) { (*d.decision)["x"] = "\xff"; });
    refused("clock", [](auto& d) {
      d.environment = "live";
      d.clock_given = true;
    });
    refused("annotates", [](auto& d) { d.kind = "annotation"; });
    journal::Draft huge = desk.draft();
    (*huge.decision)["x"] = 1e17;  // prints as an integer that no strict reader takes back
    CHECK_THROWS_AS(log.append(huge), core::Error);
    CHECK(desk.segment_text() == before);
    CHECK(log.append(desk.draft()).seq == 2);
    CHECK(desk.verify().verified());
  }

  TEST_CASE("a key that may not sign fails its own entry only") {
    DeskLog desk;
    auto log = desk.open();
    desk.signer.refuse = true;
    CHECK_THROWS_WITH_AS(log.append(desk.draft()), "this key may not sign", core::Error);
    desk.signer.refuse = false;
    CHECK(log.append(desk.draft()).seq == 1);
    CHECK(desk.verify().verified());
  }

  TEST_CASE("days have segments, finished ones are sealed, and no segment goes back") {
    DeskLog desk;
    auto log = desk.open();
    log.append(desk.draft(1));
    desk.clock.set("2026-03-02T00:00:00Z");
    CHECK(log.append(desk.draft(2)).segment == "decision_log-2026-03-02.jsonl");
    journal::Draft past = desk.draft(3);
    past.time = core::parse_instant("2024-01-01T00:00:00Z");
    past.clock_given = true;
    CHECK(log.append(past).segment == "decision_log-2026-03-02.jsonl");
    CHECK(std::filesystem::exists(desk.folder / "decision_log-2026-03-01.jsonl.sig"));
    CHECK_FALSE(std::filesystem::exists(desk.folder / "decision_log-2026-03-02.jsonl.sig"));
    CHECK(desk.verify().verified());
    desk.clock.set("2026-03-03T10:00:00Z");
    CHECK(log.seal_finished().size() == 1);
    CHECK(log.seal_finished().empty());
    CHECK(desk.verify().verified());
    log.append(past);  // goes back into the sealed segment: the seal is taken away and made again at its end
    CHECK_FALSE(std::filesystem::exists(desk.folder / "decision_log-2026-03-02.jsonl.sig"));
    CHECK(desk.verify().verified());
    auto other = desk.open();
    other.append(desk.draft(4));
    CHECK(std::filesystem::exists(desk.folder / "decision_log-2026-03-02.jsonl.sig"));
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.entries == 5);
    std::filesystem::remove(desk.folder / "decision_log-2026-03-02.jsonl.sig");
    CHECK(codes(desk.verify()) == "seal_missing@0");
  }

  TEST_CASE("entries are found by number, from the end, by their fields and by text") {
    DeskLog desk;
    auto log = desk.open();
    for (int i = 1; i <= 9; ++i) {
      journal::Draft draft = desk.draft(i);
      draft.actor = i % 2 == 0 ? "anna" : "piotr";
      draft.run = "run-" + std::to_string(i / 4);
      draft.time = core::Instant{desk.clock.now().microseconds + i * 1'000'000};
      log.append(draft);
    }
    REQUIRE(log.entry(3).has_value());
    CHECK(log.entry(3)->json()["decision"]["number"] == 3);
    CHECK_FALSE(log.entry(10).has_value());
    CHECK(log.tail(2).front().place.seq == 8);
    journal::Query query;
    query.actor = "anna";
    query.run = "run-1";
    CHECK(log.query(query).size() == 2);
    journal::Query text;
    text.text = "\"number\":7";
    REQUIRE(log.query(text).size() == 1);
    CHECK(log.query(text)[0].place.seq == 7);
    journal::Query times;
    times.from = core::parse_instant("2026-03-01T12:00:03Z");
    times.to = core::parse_instant("2026-03-01T12:00:05Z");
    CHECK(log.query(times).size() == 2);
    journal::Query policy;
    policy.policy = "portfolio_governor";
    policy.kind = "decision";
    policy.limit = 3;
    CHECK(log.query(policy).front().place.seq == 7);
    SUBCASE("the index is derived: damaged, removed or of another log, it is built again") {
      DeskLog::write(desk.folder / "index.sqlite", "not a database, and longer than nothing");
      CHECK(journal::LogReader(desk.folder).tail(100).size() == 9);
      std::filesystem::remove(desk.folder / "index.sqlite");
      CHECK(journal::LogReader(desk.folder).entry(9).has_value());
      auto lines = desk.lines();
      lines.resize(4);
      desk.write_lines(lines);
      CHECK(journal::LogReader(desk.folder).tail(100).size() == 4);
    }
  }

  TEST_CASE("an annotation is an entry that names the number and hash of the one it reviews") {
    DeskLog desk;
    auto log = desk.open();
    const auto reviewed = log.append(desk.draft());
    const auto remark = log.annotate(1, "risk", "limit was right", "confirmed");
    const core::Json json = log.entry(remark.seq)->json();
    CHECK(json["kind"] == "annotation");
    CHECK(json["annotates"] == core::Json{{"seq", 1}, {"sha256", reviewed.sha256}});
    CHECK(json["verdict"] == "confirmed");
    CHECK(json["environment"] == "paper");
    CHECK_THROWS_AS(log.annotate(99, "risk", "x"), core::Error);
    journal::Query query;
    query.annotates = 1;
    CHECK(log.query(query).size() == 1);
    CHECK(desk.verify().verified());
  }

  TEST_CASE("threads that append at the same time all get their own entry") {
    DeskLog desk;
    auto log = desk.open();
    std::mutex mutex;
    std::set<std::uint64_t> numbers;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < 25; ++i) {
            const auto done = log.append(desk.draft(t * 100 + i));
            const std::lock_guard guard(mutex);
            numbers.insert(done.seq);
          }
        });
      }
    }
    CHECK(numbers.size() == 200);
    CHECK(*numbers.rbegin() == 200);
    CHECK(desk.verify().entries == 200);
    CHECK(desk.verify().verified());
  }

  TEST_CASE("two writers of one log, as two processes are, continue each other's chain") {
    DeskLog desk;
    auto one = desk.open(), two = desk.open();
    for (int i = 0; i < 10; ++i) {
      CHECK(one.append(desk.draft()).seq == static_cast<std::uint64_t>(2 * i + 1));
      CHECK(two.append(desk.draft()).seq == static_cast<std::uint64_t>(2 * i + 2));
    }
    CHECK(desk.verify().verified());
  }

  TEST_CASE("a torn end is cut on opening, kept aside, and the cut is logged") {
    DeskLog desk;
    desk.fill(3);
    const std::string whole = desk.segment_text();
    const auto torn = [&](const std::string& tail) {
      DeskLog::write(desk.segment(), whole + tail);
      auto log = desk.open();
      CHECK(log.last_seq() == 4);
      const core::Json json = log.entry(4)->json();
      CHECK(json["kind"] == "recovery");
      CHECK(json["recovery"]["size"] == tail.size());
      CHECK(json["recovery"]["sha256"] == core::sha256_hex(tail));
      CHECK(core::read_file(desk.folder / json["recovery"]["file"].get<std::string>()) == tail);
      CHECK(desk.verify().verified());
      CHECK(log.append(desk.draft()).seq == 5);
    };
    SUBCASE("half a line") { torn(whole.substr(0, 100)); }
    SUBCASE("zeros, as after a loss of power") { torn(std::string(4096, '\0')); }
    SUBCASE("garbage with line feeds") { torn("x\ny\nz"); }
    SUBCASE("a repeated line") { torn(desk.lines()[2] + "\n"); }
  }

  TEST_CASE("whole signed lines beyond HEAD are taken in, as after a crash between sync and HEAD") {
    DeskLog desk;
    desk.fill(2);
    const std::string head = core::read_file(desk.folder / "HEAD");
    desk.fill(3);
    DeskLog::write(desk.folder / "HEAD", head);
    CHECK(desk.verify().verified());
    CHECK(desk.verify().beyond_head == 3);
    auto log = desk.open();
    CHECK(log.last_seq() == 5);
    CHECK(desk.verify().head_seq == 5);
    CHECK(log.append(desk.draft()).seq == 6);
    CHECK(desk.verify().verified());
  }

  TEST_CASE("a commit that another process never ended is seen, even in a segment this one has not opened") {
    DeskLog desk;
    auto one = desk.open();
    one.append(desk.draft());
    const std::string lock = core::read_file(desk.folder / "LOCK"), head = core::read_file(desk.folder / "HEAD");
    REQUIRE(lock.size() == 9);
    desk.clock.set("2026-03-02T12:00:00Z");
    desk.open().append(desk.draft());
    // As if the other had been killed after its lines were durable and before HEAD.
    DeskLog::write(desk.folder / "HEAD", head);
    DeskLog::write(desk.folder / "LOCK", lock.substr(0, 8) + '\1');
    CHECK(one.append(desk.draft()).seq == 3);
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
  }

  TEST_CASE("an unreadable HEAD, as a loss of power may leave, gives way to the kept one and nothing is lost") {
    DeskLog desk;
    desk.fill(4);
    for (const char* left : {"", "{\"format\":\"ballast-log-h"}) {
      DeskLog::write(desk.folder / "HEAD", left);
      CHECK(codes(desk.verify()) == "malformed@0");
      CHECK(desk.open().last_seq() == 4);
      CHECK(desk.verify().verified());
      CHECK(desk.verify().head_seq == 4);
    }
    DeskLog::write(desk.folder / "HEAD", "");
    DeskLog::write(desk.folder / "HEAD.kept", "");
    CHECK_THROWS_AS(desk.open(), core::Error);
  }

  TEST_CASE("a log behind its HEAD, or with lines and no HEAD, is not opened") {
    DeskLog desk;
    desk.fill(4);
    auto lines = desk.lines();
    SUBCASE("end removed") {
      lines.pop_back();
      desk.write_lines(lines);
      CHECK_THROWS_AS(desk.open(), core::Error);
    }
    SUBCASE("last line replaced") {
      lines[3] = lines[2];
      desk.write_lines(lines);
      CHECK_THROWS_AS(desk.open(), core::Error);
    }
    SUBCASE("segment removed") {
      std::filesystem::remove(desk.segment());
      CHECK_THROWS_AS(desk.open(), core::Error);
    }
    SUBCASE("HEAD removed") {
      std::filesystem::remove(desk.folder / "HEAD");
      CHECK_THROWS_AS(desk.open(), core::Error);
    }
    SUBCASE("HEAD by another key") {
      desk.ring.secrets["desk-ed"] = "someone else";
      CHECK_THROWS_AS(desk.open(), core::Error);
    }
    CHECK(codes(desk.verify()) != "");
  }

  TEST_CASE("a log that cannot be written refuses and stays closed until it is opened again (W-11)") {
    DeskLog desk;
    auto log = desk.open();
    log.append(desk.draft());
    // HEAD cannot be replaced: its temporary name is a folder.
    std::filesystem::create_directory(desk.folder / "HEAD.tmp");
    CHECK_THROWS_AS(log.append(desk.draft()), core::Error);
    std::filesystem::remove(desk.folder / "HEAD.tmp");
    try {
      log.append(desk.draft());
      FAIL("accepted");
    } catch (const core::Error& e) {
      CHECK(e.code() == core::Code::state);
    }
    CHECK(std::filesystem::exists(desk.folder / "SUSPECT"));
    auto again = desk.open();
    CHECK_FALSE(std::filesystem::exists(desk.folder / "SUSPECT"));
    CHECK(again.last_seq() == 2);  // the line was durable though never acknowledged
    CHECK(again.append(desk.draft()).seq == 3);
    CHECK(desk.verify().verified());
  }

  TEST_CASE("after a failed write the log is verified in full before it is written again") {
    DeskLog desk;
    desk.fill(5);
    DeskLog::write(desk.folder / "SUSPECT", "");
    auto lines = desk.lines();
    lines[1][20] = lines[1][20] == 'a' ? 'b' : 'a';
    desk.write_lines(lines);
    CHECK_THROWS_AS(desk.open(), core::Error);
  }

  TEST_CASE("objects are stored once, checked when read and never replaced") {
    const DeskLog desk;
    const std::string name = desk.objects.put("bytes");
    CHECK(desk.objects.put("bytes") == name);
    CHECK(desk.objects.get(name) == "bytes");
    CHECK_THROWS_AS(desk.objects.get(std::string(64, '0')), core::Error);
    CHECK_THROWS_AS(desk.objects.get("../../etc/passwd"), core::Error);
    std::filesystem::permissions(desk.objects.path_of(name), std::filesystem::perms::owner_all);
    DeskLog::write(desk.objects.path_of(name), "Bytes");
    CHECK_THROWS_AS(desk.objects.get(name), core::Error);
    CHECK_THROWS_AS(desk.objects.put("bytes"), core::Error);
  }
}
