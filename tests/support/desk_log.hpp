// A decision log with fake keys, ready to append to, for the journal's tests.
#pragma once

#include <fstream>

#include "core/file.hpp"
#include "journal/decision_log.hpp"
#include "journal/object_store.hpp"
#include "journal/verify.hpp"
#include "support/fake_keys.hpp"
#include "support/scratch_folder.hpp"

namespace ballast::support {

struct DeskLog {
  ScratchFolder scratch;
  std::filesystem::path folder = scratch / "audit/decision_log";
  journal::ObjectStore objects{scratch / "objects"};
  TestClock clock{"2026-03-01T12:00:00Z"};
  FakeSigner signer{"HMAC-SHA256", "desk-hmac", "one secret"};
  FakeSigner head_signer{"Ed25519", "desk-ed", "another secret"};
  FakeRing ring;

  DeskLog() {
    ring.secrets["desk-hmac"] = "one secret";
    ring.secrets["desk-ed"] = "another secret";
  }
  journal::DecisionLog open() const {
    return journal::DecisionLog::open(folder, signer, head_signer, ring, clock,
                                      {"0.1.0", "test", "0123456789abcdef0123456789abcdef"});
  }
  journal::Draft draft(int number = 1) const {
    journal::Draft out;
    out.kind = "decision";
    out.actor = "anna";
    out.environment = "paper";
    out.run = "run-1";
    out.policy = journal::PolicyReference{"portfolio_governor", 3, objects.put("return policy")};
    out.libraries_sha256 = objects.put("{}");
    out.settings_sha256 = objects.put("settings");
    out.inputs = {{"market", objects.put("market " + std::to_string(number))}};
    out.decision = core::Json{{"allowed", true}, {"weight", 0.25}, {"number", number}};
    return out;
  }
  /// Makes a log of so many entries, with its objects.
  void fill(int count) const {
    auto log = open();
    for (int i = 1; i <= count; ++i) log.append(draft(i));
  }
  std::filesystem::path segment() const { return folder / "decision_log-2026-03-01.jsonl"; }
  std::string segment_text() const { return core::read_file(segment()); }
  static void write(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << bytes;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    const std::string text = segment_text();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }
  void write_lines(const std::vector<std::string>& all) const {
    std::string text;
    for (const std::string& line : all) text += line + "\n";
    write(segment(), text);
  }
  journal::VerifyReport verify(journal::VerifyOptions options = {}) const {
    return journal::verify_log(folder, ring, options);
  }
};

inline std::string codes(const journal::VerifyReport& report) {
  std::string out;
  for (const journal::Finding& each : report.findings) {
    out +=
        (out.empty() ? "" : " ") + std::string(journal::finding_code_name(each.code)) + "@" + std::to_string(each.line);
  }
  return out;
}

}  // namespace ballast::support
