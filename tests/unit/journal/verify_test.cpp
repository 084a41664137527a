// Every way to damage a log is found and named with its place.
#include <doctest/doctest.h>

#include "core/error.hpp"
#include "support/desk_log.hpp"

using namespace ballast;
using journal::FindingCode;
using journal::VerifyOptions;
using support::codes;
using support::DeskLog;

namespace {

std::string flip(std::string text, std::size_t at, unsigned mask) {
  text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ mask);
  return text;
}

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("every flipped byte of a log's lines is found in its line") {
    DeskLog desk;
    desk.fill(4);
    const std::string text = desk.segment_text();
    std::vector<std::size_t> line_of;
    std::size_t line = 1;
    for (const char c : text) {
      line_of.push_back(line);
      if (c == '\n') ++line;
    }
    for (const bool vouched : {false, true}) {
      if (vouched) desk.ring.secrets.erase("desk-hmac");
      DeskLog::write(desk.segment(), text);
      VerifyOptions options;
      options.chain_vouches = vouched;
      options.threads = 1;
      CHECK(desk.verify(options).verified());
      for (std::size_t i = 0; i < text.size(); ++i) {
        DeskLog::write(desk.segment(), flip(text, i, i % 3 == 0 ? 0x01 : i % 3 == 1 ? 0x20 : 0x80));
        const auto report = desk.verify(options);
        CAPTURE(i);
        CAPTURE(codes(report));
        REQUIRE_FALSE(report.verified());
        bool placed = false;
        for (const auto& each : report.findings) placed = placed || each.line == line_of[i];
        CHECK(placed);
        CHECK(report.findings.front().file == "decision_log-2026-03-01.jsonl");
      }
    }
  }

  TEST_CASE("every flipped byte of HEAD and of a seal is found") {
    DeskLog desk;
    desk.fill(2);
    desk.clock.set("2026-03-02T12:00:00Z");
    desk.fill(1);
    for (const char* name : {"HEAD", "decision_log-2026-03-01.jsonl.sig"}) {
      const std::string text = core::read_file(desk.folder / name);
      for (std::size_t i = 0; i < text.size(); ++i) {
        for (const unsigned mask : {0x01U, 0x20U, 0x80U}) {
          DeskLog::write(desk.folder / name, flip(text, i, mask));
          const auto report = desk.verify();
          CAPTURE(name);
          CAPTURE(i);
          REQUIRE_FALSE(report.verified());
          CHECK(report.findings.front().file == name);
        }
      }
      DeskLog::write(desk.folder / name, text);
      CHECK(desk.verify().verified());
    }
  }

  TEST_CASE("removed, moved, repeated, inserted and cut lines have names and places") {
    DeskLog desk;
    desk.fill(8);
    auto lines = desk.lines();
    SUBCASE("one removed") {
      lines.erase(lines.begin() + 3);
      desk.write_lines(lines);
      const auto report = desk.verify();
      CHECK(codes(report) == "missing@4");
      CHECK(report.findings[0].seq == 4);
      CHECK(report.findings[0].sentence == "entry 4 is missing before this line");
      CHECK(report.findings[0].offset == lines[0].size() + lines[1].size() + lines[2].size() + 3);
    }
    SUBCASE("several removed") {
      lines.erase(lines.begin() + 2, lines.begin() + 5);
      desk.write_lines(lines);
      CHECK(desk.verify().findings[0].sentence == "entries 3 to 5 are missing before this line");
      CHECK(desk.verify().findings_total == 3);
    }
    SUBCASE("the first removed") {
      lines.erase(lines.begin());
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "missing@1");
    }
    SUBCASE("two swapped") {
      std::swap(lines[3], lines[4]);
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "reordered@5");
    }
    SUBCASE("the last two swapped") {
      std::swap(lines[6], lines[7]);
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "reordered@8");
    }
    SUBCASE("one repeated at once") {
      lines.insert(lines.begin() + 3, lines[2]);
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "duplicated@4");
    }
    SUBCASE("one repeated at the end") {
      lines.push_back(lines[1]);
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "duplicated@9");
    }
    SUBCASE("the end removed") {
      lines.resize(5);
      desk.write_lines(lines);
      const auto report = desk.verify();
      CHECK(codes(report) == "behind_head@5");
      CHECK(report.findings[0].sentence ==
            "the log ends at entry 5, HEAD says 8: entries 6 to 8 are missing at the end");
    }
    SUBCASE("everything removed") {
      desk.write_lines({});
      CHECK(codes(desk.verify()) == "behind_head@0");
      std::filesystem::remove(desk.segment());
      CHECK(codes(desk.verify()) == "behind_head@0");
    }
    SUBCASE("the last line cut short") {
      const std::string text = desk.segment_text();
      DeskLog::write(desk.segment(), text.substr(0, text.size() - 10));
      CHECK(codes(desk.verify()) == "truncated@8 behind_head@7");
    }
    SUBCASE("no HEAD") {
      std::filesystem::remove(desk.folder / "HEAD");
      CHECK(codes(desk.verify()) == "no_head@0");
    }
    SUBCASE("a line of garbage") {
      lines[4] = "{oops";
      desk.write_lines(lines);
      const auto report = desk.verify();
      CHECK(codes(report) == "malformed@5");
    }
    SUBCASE("the same content, not canonical") {
      lines[4] = core::parse_json(lines[4], "x").dump(-1, ' ', false);
      lines[4].insert(1, " ");
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "malformed@5");
    }
    SUBCASE("a signature removed") {
      core::Json json = core::parse_json(lines[4], "x");
      json.erase("signature");
      lines[4] = core::canonical_json(json);
      desk.write_lines(lines);
      CHECK(codes(desk.verify()) == "changed@5");
    }
  }

  TEST_CASE("lines forged and chained anew without the key are found at each of them") {
    DeskLog desk;
    desk.fill(4);
    auto lines = desk.lines();
    for (std::size_t i = 1; i < lines.size(); ++i) {
      core::Json json = core::parse_json(lines[i], "x");
      if (i == 1) json["decision"]["weight"] = 0.9;
      json["previous"] = core::sha256_hex(lines[i - 1]);
      lines[i] = core::canonical_json(json);
    }
    desk.write_lines(lines);
    const auto report = desk.verify();
    CHECK(report.findings[0].code == FindingCode::wrong_key);
    CHECK(report.findings[0].line == 2);
    CHECK(report.findings_total == 3);
    // Without the HMAC key, the signed HEAD still tells.
    desk.ring.secrets.erase("desk-hmac");
    VerifyOptions options;
    options.chain_vouches = true;
    CHECK(codes(desk.verify(options)) == "changed@4");
  }

  TEST_CASE("wrong, unknown and refused keys are told apart, and one finding stands for all entries of a key") {
    DeskLog desk;
    desk.fill(5);
    SUBCASE("wrong") {
      desk.ring.secrets["desk-hmac"] = "not it";
      const auto report = desk.verify();
      CHECK(codes(report) == "wrong_key@1");
      CHECK(report.findings[0].count == 5);
    }
    SUBCASE("unknown") {
      desk.ring.secrets.erase("desk-hmac");
      CHECK(codes(desk.verify()) == "unknown_key@1");
      VerifyOptions options;
      options.chain_vouches = true;
      const auto report = desk.verify(options);
      CHECK(report.verified());
      CHECK(report.vouched == 5);
      CHECK(report.signatures == 0);
    }
    SUBCASE("revoked") {
      desk.ring.refused["desk-hmac"] = core::SignatureStatus::revoked;
      CHECK(codes(desk.verify()) == "refused_key@1");
    }
    SUBCASE("HEAD's key") {
      desk.ring.secrets["desk-ed"] = "not it";
      CHECK(codes(desk.verify()) == "changed@0");
      desk.ring.secrets.erase("desk-ed");
      CHECK(codes(desk.verify()) == "unknown_key@0");
    }
  }

  TEST_CASE("a HEAD kept elsewhere finds a log that was rolled back together with its HEAD") {
    DeskLog desk;
    desk.fill(3);
    const std::string old_text = desk.segment_text(), old_head = core::read_file(desk.folder / "HEAD");
    desk.fill(3);
    VerifyOptions options;
    options.expect_head = core::read_file(desk.folder / "HEAD");
    CHECK(desk.verify(options).verified());
    DeskLog::write(desk.segment(), old_text);
    DeskLog::write(desk.folder / "HEAD", old_head);
    CHECK(desk.verify().verified());
    CHECK(codes(desk.verify(options)) == "behind_head@3");
    desk.fill(3);  // and another history grown from there
    CHECK(desk.verify().verified());
    desk.clock.set("2026-03-01T13:00:00Z");
    DeskLog::write(desk.segment(), old_text);
    DeskLog::write(desk.folder / "HEAD", old_head);
    desk.fill(4);
    CHECK(codes(desk.verify(options)) == "changed@6");
    const DeskLog other;
    options.expect_head->replace(10, 1, "x");
    CHECK_FALSE(desk.verify(options).verified());
  }

  TEST_CASE("another log's HEAD does not fit") {
    DeskLog desk;
    desk.fill(2);
    const DeskLog other;
    {
      auto log = journal::DecisionLog::open(other.folder, other.signer, other.head_signer, other.ring, other.clock,
                                            {"0.1.0", "test", {}});
      log.append(other.draft(1));
      log.append(other.draft(2));
    }
    DeskLog::write(desk.folder / "HEAD", core::read_file(other.folder / "HEAD"));
    CHECK(codes(desk.verify()) == "changed@1 changed@2");
  }

  TEST_CASE("a removed segment and changed seals are found") {
    DeskLog desk;
    for (const char* day : {"2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z"}) {
      desk.clock.set(day);
      desk.fill(3);
    }
    CHECK(desk.verify().verified());
    SUBCASE("segment removed, seal left") {
      std::filesystem::remove(desk.folder / "decision_log-2026-03-02.jsonl");
      CHECK(codes(desk.verify()) == "missing@1 missing@0");
    }
    SUBCASE("both removed") {
      std::filesystem::remove(desk.folder / "decision_log-2026-03-02.jsonl");
      std::filesystem::remove(desk.folder / "decision_log-2026-03-02.jsonl.sig");
      const auto report = desk.verify();
      CHECK(codes(report) == "missing@1");
      CHECK(report.findings[0].file == "decision_log-2026-03-03.jsonl");
    }
    SUBCASE("seal of another segment") {
      std::filesystem::copy_file(desk.folder / "decision_log-2026-03-01.jsonl.sig",
                                 desk.folder / "decision_log-2026-03-02.jsonl.sig",
                                 std::filesystem::copy_options::overwrite_existing);
      CHECK(codes(desk.verify()) == "seal_changed@0");
    }
  }

  TEST_CASE("objects that are missing or changed are found with the entry that needs them") {
    DeskLog desk;
    desk.fill(3);
    VerifyOptions options;
    options.objects = desk.objects.folder();
    const auto sound = desk.verify(options);
    CHECK(sound.verified());
    CHECK(sound.objects == 6);
    const auto path = desk.objects.path_of(core::sha256_hex("market 2"));
    SUBCASE("missing") {
      std::filesystem::remove(path);
      const auto report = desk.verify(options);
      CHECK(codes(report) == "object_missing@2");
      CHECK(report.findings[0].seq == 2);
    }
    SUBCASE("changed") {
      std::filesystem::permissions(path, std::filesystem::perms::owner_all);
      DeskLog::write(path, "market 3");
      CHECK(codes(desk.verify(options)) == "object_changed@2");
    }
    SUBCASE("changed and used by no entry") {
      DeskLog::write(desk.objects.folder() / std::string(64, 'a'), "x");
      CHECK(codes(desk.verify(options)) == "object_changed@0");
    }
  }

  TEST_CASE("blocks and threads do not change what is found") {
    DeskLog desk;
    {
      auto log = desk.open();
      std::vector<journal::Draft> drafts;
      for (int i = 0; i < 400; ++i) {
        drafts.push_back(desk.draft(1));
        (*drafts.back().decision)["padding"] = std::string(30000, 'x');
      }
      log.append(drafts);
    }
    auto lines = desk.lines();
    lines.erase(lines.begin() + 139);
    std::swap(lines[270], lines[271]);
    lines[300][40000 % lines[300].size()] ^= 1;
    desk.write_lines(lines);
    for (const unsigned threads : {1U, 2U, 5U}) {
      VerifyOptions options;
      options.threads = threads;
      CHECK(codes(desk.verify(options)) == "reordered@272 changed@301 missing@140");
    }
  }

  TEST_CASE("findings are kept up to a limit and counted beyond it") {
    DeskLog desk;
    desk.fill(6);
    auto lines = desk.lines();
    for (auto& line : lines) line[30] ^= 1;
    desk.write_lines(lines);
    VerifyOptions options;
    options.most_findings = 2;
    CHECK(desk.verify(options).findings.size() == 2);
    CHECK(desk.verify(options).findings_total == 6);
  }
}
