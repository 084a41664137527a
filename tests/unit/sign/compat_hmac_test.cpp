// The recorded canonical bytes, signatures and verification table of the replaced systems.
#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "sign/compat_hmac.hpp"
#include "support/vectors.hpp"

using namespace ballast;
using core::compat::Value;
namespace compat = sign::compat;

namespace {

Value load(const std::string& name) {
  const auto path = support::vector_file(name);
  return core::compat::read_json(core::read_file(path), path.string());
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::optional<std::string> text(const Value& value) {
  return value.kind == Value::Kind::text ? std::optional(value.text) : std::nullopt;
}

}  // namespace

TEST_SUITE("sign") {
  TEST_CASE("recorded payloads give the recorded canonical bytes and signatures") {
    const Value file = load("stage6_portfolio/hmac_signatures.json");
    const Value& keys = file.at("meta").at("keys_hex");
    REQUIRE(!file.at("signatures").items.empty());
    for (const Value& each : file.at("signatures").items) {
      CAPTURE(each.at("id").text);
      const std::string canonical = core::compat::canonical(each.at("payload"));
      CHECK(core::to_hex(canonical) == each.at("canonical_json_hex").text);
      CHECK(core::sha256_hex(canonical) == each.at("canonical_sha256").text);
      const std::string key = from_hex(keys.at(each.at("key").text).text);
      const Value& signature = each.at("signature");
      CHECK(compat::mac_text(compat::mac_named(each.at("algorithm").text), key, canonical) ==
            signature.at("value").text);
      CHECK(compat::verify(each.at("payload"), &signature, key, each.at("algorithm").text));
      const auto sign = [&] {
        return compat::sign(each.at("payload"), key, each.at("algorithm").text, text(each.at("key_id")));
      };
      if (key.size() < 32) {
        CHECK_THROWS_AS(static_cast<void>(sign()), core::Error);  // differs on purpose: W-31
      } else {
        CHECK(sign() == core::compat::canonical(signature));
      }
    }
  }

  TEST_CASE("recorded special cases: equal, or refused on purpose") {
    const Value file = load("stage6_portfolio/hmac_signatures.json");
    const std::string key = from_hex(file.at("meta").at("keys_hex").at("k1").text);
    const std::string long_key(32, 'k');
    for (const Value& each : file.at("special_cases").items) {
      const std::string& id = each.at("id").text;
      CAPTURE(id);
      const auto payload = [&](std::string_view json) { return core::compat::read_json(json, "case"); };
      const std::string* canonical = each.find("canonical_json_utf8") ? &each.at("canonical_json_utf8").text : nullptr;
      if (canonical != nullptr &&
          (canonical->find("NaN") != std::string::npos || canonical->find("Infinity") != std::string::npos)) {
        CHECK_THROWS_AS(payload(*canonical), core::Error);  // differs on purpose: W-33
      } else if (id == "int_keys") {
        // Differs on purpose (spec 1.1: text keys only): the bytes are proved as they are, the order is by text.
        CHECK(compat::mac_text(compat::Mac::sha256, key, *canonical) == each.at("signature").at("value").text);
        CHECK(core::compat::canonical(payload(*canonical)) == R"({"1":"a","10":"b","2":"c"})");
      } else if (canonical != nullptr && each.find("signature") != nullptr) {
        CHECK(core::compat::canonical(payload(*canonical)) == *canonical);
        CHECK(compat::mac_text(compat::Mac::sha256, key, *canonical) == each.at("signature").at("value").text);
      } else if (id.starts_with("algorithm_name:")) {
        const std::string name = id.substr(15);
        if (each.find("error") != nullptr) {
          CHECK_THROWS_AS(static_cast<void>(compat::mac_named(name)), core::Error);
        } else {
          CHECK(compat::mac_text(compat::mac_named(name), key, R"({"a":1})") == each.at("signature").at("value").text);
          CHECK(
              core::compat::read_json(compat::sign(payload(R"({"a":1})"), long_key, name), "s").at("algorithm").text ==
              each.at("signature").at("algorithm").text);
        }
      } else if (id.starts_with("empty_key")) {
        if (each.find("signature") != nullptr) {
          CHECK(compat::mac_text(compat::Mac::sha256, "", R"({"a":1})") == each.at("signature").at("value").text);
        }
        CHECK_THROWS_AS(static_cast<void>(compat::sign(payload(R"({"a":1})"), "")),
                        core::Error);  // differs on purpose: W-31
      } else {
        // Values that JSON text cannot hold (dates, bytes, keys of mixed types) cannot reach ours at all.
        CHECK(each.find("error") != nullptr);
      }
    }
  }

  TEST_CASE("the recorded verification table comes out the same") {
    const Value file = load("stage6_portfolio/hmac_signatures.json");
    for (const Value& each : file.at("verification").items) {
      CAPTURE(each.at("id").text);
      const auto name = text(each.at("key"));
      const std::string key = name ? from_hex(file.at("meta").at("keys_hex").at(*name).text) : "";
      const Value* signature = each.find("signature");
      const std::string& algorithm = each.at("algorithm_argument").text;
      CHECK(compat::verify(each.at("payload"), signature, key, algorithm) == each.at("verify_hmac_signature").truth);
      Value document;
      document.kind = Value::Kind::table;
      if (signature != nullptr) document.members.emplace_back("signature", *signature);
      if (const Value& count = each.at("validate_error_count"); count.kind == Value::Kind::integer) {
        CHECK(std::to_string(compat::validate(each.at("payload"), document, key, algorithm).size()) == count.text);
      }
    }
  }

  TEST_CASE("the operations recording of the same rules comes out the same") {
    const Value signing_canonical = load("stage6_ops/signing_canonical.json");
    for (const Value& each : signing_canonical.at("cases").items) {
      CAPTURE(each.at("id").text);
      const Value* algorithm = each.at("input").find("algorithm");
      if (each.find("error") != nullptr) {
        CHECK_THROWS_AS(static_cast<void>(compat::mac_named(algorithm->text)), core::Error);
        continue;
      }
      const Value& output = each.at("output");
      if (output.find("canonical") ==
          nullptr) {  // algorithm names and the empty key, which differs on purpose when signing: W-31
        const std::string name = algorithm != nullptr ? algorithm->text : "HMAC-SHA256";
        CHECK(compat::mac_text(compat::mac_named(name), each.at("input").at("key_utf8").text,
                               core::compat::canonical(each.at("input").at("payload"))) == output.at("value").text);
        continue;
      }
      const std::string canonical = core::compat::canonical(each.at("input").at("payload"));
      if (output.at("canonical").text.find("NaN") != std::string::npos ||
          output.at("canonical").text.find("Infinity") != std::string::npos) {
        continue;  // differs on purpose: W-33; the recording spells such numbers {"$float": ...}
      }
      CHECK(canonical == output.at("canonical").text);
      const std::string& key = each.at("input").at("key_utf8").text;
      CHECK(compat::mac_text(compat::Mac::sha256, key, canonical) == output.at("hmac_sha256").at("value").text);
      CHECK(compat::mac_text(compat::Mac::sha384, key, canonical) == output.at("hmac_sha384").at("value").text);
    }
    const Value signing_verify = load("stage6_ops/signing_verify.json");
    for (const Value& each : signing_verify.at("cases").items) {
      CAPTURE(each.at("id").text);
      const Value& input = each.at("input");
      const Value* signature = input.find("signature");
      const std::string& key = input.at("key_utf8").text;
      if (const Value* output = each.at("verify_hmac_signature").find("output")) {
        CHECK(compat::verify(input.at("payload"), signature, key, input.at("algorithm").text) == output->truth);
      }
      Value document;
      document.kind = Value::Kind::table;
      if (signature != nullptr) document.members.emplace_back("signature", *signature);
      if (const Value* output = each.at("validate_hmac_signature").find("output")) {
        CHECK(compat::validate(input.at("payload"), document, key, input.at("algorithm").text).size() ==
              output->items.size());
      }
    }
  }
}
