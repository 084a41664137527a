#include "sign/compat_hmac.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "sign/crypto.hpp"

namespace ballast::sign::compat {
namespace {

using core::Code;
using core::Error;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

Value signature_object(const Value& payload, std::string_view key, Mac mac, const std::optional<std::string>& key_id) {
  Value out;
  out.kind = Value::Kind::table;
  out.members.emplace_back("algorithm", core::compat::make_text(mac == Mac::sha256 ? "HMAC-SHA256" : "HMAC-SHA384"));
  out.members.emplace_back("value", core::compat::make_text(mac_text(mac, key, core::compat::canonical(payload))));
  if (key_id && !key_id->empty()) out.members.emplace_back("key_id", core::compat::make_text(*key_id));
  return out;
}

const std::string* text_of(const Value* value) {
  return value != nullptr && value->kind == Value::Kind::text ? &value->text : nullptr;
}

}  // namespace

Mac mac_named(std::string_view name) {
  const std::string known = upper(name);
  if (known == "HMAC-SHA256") return Mac::sha256;
  if (known == "HMAC-SHA384") return Mac::sha384;
  throw Error(Code::argument,
              fmt::format("'{}' is not an old signature algorithm; accepted: HMAC-SHA256, HMAC-SHA384", name));
}

std::string mac_text(Mac mac, std::string_view key, std::string_view bytes) {
  return core::to_base64(plain_hmac(mac == Mac::sha384, key, bytes));
}

std::string sign(const Value& payload, std::string_view key, std::string_view algorithm,
                 const std::optional<std::string>& key_id) {
  if (key.size() < 32) {
    throw Error(Code::crypto, fmt::format("an HMAC key has at least 32 bytes, this one has {}", key.size()));
  }
  return core::compat::canonical(signature_object(payload, key, mac_named(algorithm), key_id));
}

bool verify(const Value& payload, const Value* signature, std::string_view key, std::string_view algorithm) {
  if (key.empty() || signature == nullptr || signature->kind != Value::Kind::table) return false;
  const std::string* stated = text_of(signature->find("algorithm"));
  const std::string* value = text_of(signature->find("value"));
  if (stated == nullptr || *stated != algorithm || value == nullptr) return false;
  return core::equal_in_constant_time(mac_text(mac_named(algorithm), key, core::compat::canonical(payload)), *value);
}

std::vector<std::string> validate(const Value& payload, const Value& document, std::string_view key,
                                  std::string_view algorithm) {
  const Value* signature = document.find("signature");
  if (signature == nullptr || signature->kind != Value::Kind::table || signature->members.empty()) {
    return {"the document has no signature object"};
  }
  const std::string* stated = text_of(signature->find("algorithm"));
  if (stated == nullptr || *stated != algorithm) return {fmt::format("the signature's algorithm is not {}", algorithm)};
  const std::string* key_id = text_of(signature->find("key_id"));
  const Value expected =
      signature_object(payload, key, mac_named(algorithm), key_id != nullptr ? std::optional(*key_id) : std::nullopt);
  if (!core::equal_in_constant_time(core::compat::canonical(expected), core::compat::canonical(*signature))) {
    return {"the signature object is not the one expected"};
  }
  return {};
}

}  // namespace ballast::sign::compat
