// The recorded lines and verification cases of the old decision log. What differs on purpose is decided by rule.
#include <doctest/doctest.h>

#include "core/compat_json.hpp"
#include "core/digest.hpp"
#include "core/file.hpp"
#include "journal/compat_log.hpp"
#include "support/vectors.hpp"

using namespace ballast;
using core::compat::Value;
namespace compat = journal::compat;

namespace {

// RFC 2104 over the engine's SHA-256: the journal's tests may not know the real keys.
std::string hmac(std::string key, std::string_view bytes) {
  const auto raw = [](const core::Digest& digest) {
    return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  if (key.size() > 64) key = raw(core::sha256(key));
  key.resize(64, '\0');
  std::string inner = key, outer = key;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return core::to_base64(raw(core::sha256(outer + raw(core::sha256(inner + std::string(bytes))))));
}

Value load() {
  const auto path = support::vector_file("stage6_portfolio/decision_log.json");
  return core::compat::read_json(core::read_file(path), path.string());
}

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("old log lines are reproduced byte by byte, with their signatures") {
    const Value file = load();
    const std::string key = file.at("meta").at("signing_key_utf8").text, id = file.at("meta").at("signing_key_id").text;
    const compat::MacOf mac = [&](std::string_view bytes) { return hmac(key, bytes); };
    for (const Value& line : file.at("lines").items) {
      CHECK(compat::old_line(core::compat::read_json(line.text, "line"), mac, id) == line.text);
    }
    const std::string unsigned_line = compat::old_line(file.at("unsigned_entry"), {}, std::nullopt);
    CHECK(unsigned_line == core::compat::canonical(file.at("unsigned_entry")));
    CHECK(compat::old_line(file.at("preset_type_and_logged_at_kept"), mac, std::nullopt) ==
          core::compat::canonical(file.at("preset_type_and_logged_at_kept")));
  }

  TEST_CASE("the recorded verification cases come out the same where only the key and the structure decide") {
    const Value file = load();
    std::size_t run = 0;
    for (const Value& each : file.at("verify_cases").items) {
      const std::string& id = each.at("id").text;
      CAPTURE(id);
      compat::OldLogOptions options;
      bool other_options = false, missing_key_file = false;
      const auto& arguments = each.at("arguments").items;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& name = arguments[i].text;
        if (name == "--hmac-key" && i + 1 < arguments.size()) {
          options.mac = [key = arguments[++i].text](std::string_view bytes) { return hmac(key, bytes); };
        } else if ((name == "--hmac-key-id" || name == "--expected-key-id") && i + 1 < arguments.size()) {
          options.key_id = arguments[++i].text;
        } else if (name == "--allow-unsigned") {
          options.allow_unsigned = true;
        } else if (name == "--hmac-key-file") {
          missing_key_file = true;
          ++i;
        } else {
          other_options = true;  // schema, metadata, transport and content checks belong to the release log
        }
      }
      if (missing_key_file)
        continue;  // differs on purpose: W-35; a named key that is absent is an error of the key ring
      if (other_options) continue;
      if (each.find("lines") == nullptr) continue;  // about files that are not there: not the reader's concern
      std::string text;
      for (const Value& line : each.at("lines").items)
        text += line.text + "\n";  // compression is undone by whoever reads the file
      const auto report = compat::verify_old_log(text, options);
      CAPTURE(report.errors.empty() ? "" : report.errors[0]);
      CHECK((report.accepted() ? "0" : "2") == each.at("exit_code").text);
      ++run;
    }
    CHECK(run > 0);
  }

  TEST_CASE("what the old format cannot show is accepted by it and named by ours (W-09)") {
    const Value file = load();
    const std::string key = file.at("meta").at("signing_key_utf8").text;
    compat::OldLogOptions options;
    options.mac = [&](std::string_view bytes) { return hmac(key, bytes); };
    std::string text;
    for (auto line = file.at("lines").items.rbegin(); line != file.at("lines").items.rend(); ++line)
      text += line->text + "\n";
    CHECK(
        compat::verify_old_log(text, options).accepted());  // reordered: see "two swapped" in verify_test.cpp for ours
    text.replace(text.find("BTC_USDT"), 3, "ETH");
    CHECK(compat::verify_old_log(text, options).errors.size() == 1);
    CHECK_FALSE(compat::verify_old_log("{\"a\":NaN}\n", options).accepted());  // W-33
    CHECK_FALSE(compat::verify_old_log("", options).accepted());
  }
}
