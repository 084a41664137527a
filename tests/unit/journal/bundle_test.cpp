#include <doctest/doctest.h>

#include "core/error.hpp"
#include "core/signature_file.hpp"
#include "journal/bundle.hpp"
#include "journal/line.hpp"
#include "journal/run_journal.hpp"
#include "support/desk_log.hpp"

using namespace ballast;
using support::codes;
using support::DeskLog;

namespace {

void export_entry(const DeskLog& desk, const std::filesystem::path& file, std::vector<std::uint64_t> seqs,
                  const journal::BundleOptions& options = {}) {
  journal::LogReader reader(desk.folder);
  journal::export_bundle(reader, desk.objects, std::move(seqs), desk.head_signer, desk.ring, desk.clock, file, options);
}

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("a bundle holds the entry, its objects and its way to HEAD, and is proved without the HMAC key") {
    DeskLog desk;
    desk.fill(5);
    const auto file = desk.scratch / "three.bundle";
    journal::BundleOptions options;
    options.public_keys = "{\"format\":\"ballast-public-keys\",\"keys\":[],\"version\":1}\n";
    export_entry(desk, file, {3}, options);
    const std::string bytes = core::read_file(file);
    export_entry(desk, file, {3}, options);
    CHECK(core::read_file(file) == bytes);
    const auto bundle = journal::open_bundle(file);
    REQUIRE(bundle.entries.size() == 1);
    CHECK(bundle.entries[0].line == desk.lines()[2]);
    CHECK(bundle.chain.size() == 3);
    CHECK(bundle.run == "run-1");
    CHECK(bundle.object(core::sha256_hex("return policy")) == "return policy");
    CHECK(bundle.object(core::sha256_hex("market 3")) == "market 3");
    CHECK(bundle.objects.size() == 4);
    CHECK_THROWS_AS(bundle.object(core::sha256_hex("market 1")), core::Error);
    CHECK(bundle.public_keys == options.public_keys);
    CHECK(codes(journal::verify_bundle(file, desk.ring)) == "");
    desk.ring.secrets.erase("desk-hmac");
    const auto elsewhere = journal::verify_path(file, desk.ring);
    CHECK(elsewhere.verified());
    CHECK(elsewhere.kind == "bundle");
    CHECK(elsewhere.vouched == 1);
    desk.ring.secrets["desk-ed"] = "not it";
    CHECK(codes(journal::verify_path(file, desk.ring)).starts_with("wrong_key@0"));
    desk.ring.secrets.erase("desk-ed");
    CHECK(codes(journal::verify_path(file, desk.ring)).starts_with("unknown_key@0"));
  }

  TEST_CASE("every flipped byte of a bundle is found") {
    DeskLog desk;
    desk.fill(3);
    const auto file = desk.scratch / "b.bundle";
    export_entry(desk, file, {2});
    desk.ring.secrets.erase("desk-hmac");
    const std::string text = core::read_file(file);
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (i % 2 == 0 ? 0x01U : 0x20U));
      DeskLog::write(file, flipped);
      CAPTURE(i);
      CHECK_FALSE(journal::verify_bundle(file, desk.ring).verified());
    }
    for (const std::size_t size : {std::size_t{0}, text.size() / 2, text.size() - 1}) {
      DeskLog::write(file, text.substr(0, size));
      CHECK_FALSE(journal::verify_bundle(file, desk.ring).verified());
    }
  }

  TEST_CASE("a broken seal is found by those who have the HMAC key as well") {
    DeskLog desk;
    desk.fill(1);
    const auto file = desk.scratch / "b.bundle";
    export_entry(desk, file, {1});
    std::string text = core::read_file(file);
    const std::size_t value = text.rfind("\"value\":\"") + 9;
    text[value] = text[value] == 'A' ? 'B' : 'A';
    DeskLog::write(file, text);
    CHECK(codes(journal::verify_bundle(file, desk.ring)) == "wrong_key@0");
  }

  TEST_CASE("an old entry's bundle leaves out a long way to HEAD and is proved by its seal") {
    DeskLog desk;
    desk.fill(6);
    journal::BundleOptions options;
    options.most_links = 3;
    export_entry(desk, desk.scratch / "b", {1}, options);
    CHECK(journal::open_bundle(desk.scratch / "b").chain.empty());
    CHECK(journal::verify_path(desk.scratch / "b", desk.ring).verified());
  }

  TEST_CASE("a run's bundle holds all its entries and the files taken along") {
    DeskLog desk;
    desk.fill(2);
    auto run =
        journal::RunJournal::create(desk.scratch / "runs/run-1", "run-1", {{"runbook", "x"}}, desk.signer, desk.clock);
    run.append("note", {{"binary", "no"}});
    journal::BundleOptions options;
    options.files["journal.jsonl"] = desk.scratch / "runs/run-1/journal.jsonl";
    journal::LogReader reader(desk.folder);
    journal::export_run_bundle(reader, desk.objects, "run-1", desk.head_signer, desk.ring, desk.clock,
                               desk.scratch / "r.bundle", options);
    const auto bundle = journal::open_bundle(desk.scratch / "r.bundle");
    CHECK(bundle.entries.size() == 2);
    CHECK(bundle.files.at("journal.jsonl") == core::read_file(desk.scratch / "runs/run-1/journal.jsonl"));
    CHECK_THROWS_AS(journal::export_run_bundle(reader, desk.objects, "run-9", desk.head_signer, desk.ring, desk.clock,
                                               desk.scratch / "r", options),
                    core::Error);
  }

  TEST_CASE("no bundle is made of a log that does not verify, nor without its objects") {
    DeskLog desk;
    desk.fill(3);
    CHECK_THROWS_AS(export_entry(desk, desk.scratch / "b", {9}), core::Error);
    std::filesystem::remove(desk.objects.path_of(core::sha256_hex("market 2")));
    CHECK_THROWS_AS(export_entry(desk, desk.scratch / "b", {2}), core::Error);
    auto lines = desk.lines();
    lines.erase(lines.begin());
    desk.write_lines(lines);
    CHECK_THROWS_AS(export_entry(desk, desk.scratch / "b", {3}), core::Error);
    CHECK_FALSE(std::filesystem::exists(desk.scratch / "b"));
  }

  TEST_CASE("libraries that are listed in an object come along") {
    DeskLog desk;
    const std::string library = desk.objects.put("return {}");
    auto log = desk.open();
    journal::Draft draft = desk.draft();
    draft.libraries_sha256 = desk.objects.put("{\"policy.lua\":\"" + library + "\"}");
    log.append(draft);
    export_entry(desk, desk.scratch / "b", {1});
    CHECK(journal::open_bundle(desk.scratch / "b").object(library) == "return {}");
  }

  TEST_CASE("a run's journal gets into a bundle only as it was written, and is checked again there") {
    DeskLog desk;
    desk.fill(1);
    auto run = journal::RunJournal::create(desk.scratch / "runs/run-1", "run-1", {}, desk.signer, desk.clock);
    run.append("note", {{"text", "a"}});
    const auto last = run.finish({{"status", "finished"}});
    journal::Draft end;
    end.kind = "run_finished";
    end.actor = "anna";
    end.environment = "paper";
    end.run = "run-1";
    end.journal = journal::JournalEnd{last.seq, last.sha256, "finished"};
    desk.open().append(end);
    const auto journal_file = desk.scratch / "runs/run-1/journal.jsonl";
    const std::string text = core::read_file(journal_file);
    journal::LogReader reader(desk.folder);
    const auto file = desk.scratch / "r.bundle";
    const auto take = [&](const char* as, const std::string& bytes) {
      DeskLog::write(journal_file, bytes);
      std::filesystem::remove(file);
      journal::BundleOptions options;
      options.files[as] = journal_file;
      journal::export_run_bundle(reader, desk.objects, "run-1", desk.head_signer, desk.ring, desk.clock, file, options);
    };
    take("journal.jsonl", text);
    CHECK(codes(journal::verify_bundle(file, desk.ring)) == "");
    auto stranger = desk.ring;
    stranger.secrets.erase("desk-hmac");
    CHECK(journal::verify_bundle(file, stranger).vouched == 5);
    std::string edited = text;
    edited.replace(edited.find("\"text\":\"a\""), 10, "\"text\":\"b\"");
    const std::string cut = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
    for (const std::string& wrong : {edited, cut, text.substr(0, text.size() - 3), std::string()}) {
      CAPTURE(wrong);
      CHECK_THROWS_AS(take("journal.jsonl", wrong), core::Error);
      CHECK_FALSE(std::filesystem::exists(file));
      // Sealed by somebody who left the check out: under another name of the same length the bytes are only bytes.
      take("journal.jsonX", wrong);
      std::string bundle = core::read_file(file);
      const std::size_t end_line = bundle.rfind("{\"end\"");
      std::string records = bundle.substr(0, end_line);
      records.replace(records.find("journal.jsonX"), 13, "journal.jsonl");
      const std::string seal = core::canonical_json(
          {{"end", "ballast-bundle"}, {"sha256", core::sha256_hex(records)}, {"size", records.size()}});
      DeskLog::write(file, records + journal::sign_text(seal, core::Purpose::artefact, desk.head_signer) + "\n");
      const auto report = journal::verify_bundle(file, desk.ring);
      REQUIRE_FALSE(report.verified());
      CHECK(report.findings.front().file == "r.bundle/journal.jsonl");
    }
  }
}
