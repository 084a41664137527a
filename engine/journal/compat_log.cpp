#include "journal/compat_log.hpp"

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"

namespace ballast::journal::compat {

using core::compat::Value;

namespace {

// Returns what is wrong with one entry's signature, or nothing.
std::optional<std::string> check(Value entry, const OldLogOptions& options, bool& proved) {
  const Value* found = entry.find("signature");
  if (found == nullptr) {
    if (options.allow_unsigned) return std::nullopt;
    return "no signature";
  }
  const Value signature = *found;
  if (signature.kind != Value::Kind::table) return "the signature is not an object";
  const auto text = [&](std::string_view name) -> std::optional<std::string> {
    const Value* member = signature.find(name);
    return member != nullptr && member->kind == Value::Kind::text ? std::optional(member->text) : std::nullopt;
  };
  if (text("algorithm") != "HMAC-SHA256") return "the algorithm is not HMAC-SHA256";
  const auto value = text("value");
  if (!value) return "the signature has no value";
  if (!options.mac) return "the entry is signed and no key was given";
  if (const auto id = text("key_id"); id && options.key_id && *id != *options.key_id) {
    return fmt::format("the entry names key '{}', expected was '{}'", *id, *options.key_id);
  }
  try {
    static_cast<void>(core::from_base64(*value));
  } catch (const core::Error&) {
    return "the signature is not Base64";
  }
  entry.erase("signature");
  if (!core::equal_in_constant_time(options.mac(core::compat::canonical(entry)), *value))
    return "the signature does not match the entry";
  proved = true;
  return std::nullopt;
}

}  // namespace

OldLogReport verify_old_log(std::string_view text, const OldLogOptions& options) {
  OldLogReport out;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ++out.entries;
    std::optional<std::string> problem;
    bool proved = false;
    try {
      Value entry = core::compat::read_json(line, fmt::format("line {}", number));
      problem = entry.kind != Value::Kind::table ? "not an object" : check(std::move(entry), options, proved);
    } catch (const core::Error& e) {
      problem = e.message();
    }
    if (problem) out.errors.push_back(fmt::format("line {}: {}", number, *problem));
    if (proved) ++out.signatures;
  }
  if (out.entries == 0) out.errors.push_back("the log is empty");
  return out;
}

std::string old_line(Value entry, const MacOf& mac, const std::optional<std::string>& key_id) {
  entry.erase("signature");
  if (mac) {
    Value signature;
    signature.kind = Value::Kind::table;
    signature.members.emplace_back("algorithm", core::compat::make_text("HMAC-SHA256"));
    signature.members.emplace_back("value", core::compat::make_text(mac(core::compat::canonical(entry))));
    if (key_id) signature.members.emplace_back("key_id", core::compat::make_text(*key_id));
    entry.members.emplace_back("signature", std::move(signature));
  }
  return core::compat::canonical(entry);
}

}  // namespace ballast::journal::compat
