#include "sign/key_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "sign/private_file.hpp"

namespace ballast::sign {
namespace {

using core::Code;
using core::Error;
using core::Json;

constexpr std::string_view kSecretMember = "\"secret\":\"";

struct Range {
  std::size_t begin, end;
};

// The secret is found by position so that it never enters a JSON document, whose strings are not zeroed.
Range secret_range(std::string_view text) {
  const std::size_t member = text.find(kSecretMember);
  const std::size_t begin = member + kSecretMember.size();
  const std::size_t end = member == std::string_view::npos ? member : text.find('"', begin);
  if (end == std::string_view::npos) throw Error(Code::argument, "member 'secret' is missing");
  return {begin, end};
}

Json without_secret(std::string_view text, const Range& range, std::string_view where) {
  const std::string rest = std::string(text.substr(0, range.begin)) + std::string(text.substr(range.end));
  return core::parse_json(rest, where);
}

KeyState state_named(const std::string& name) {
  for (const KeyState state : {KeyState::active, KeyState::retired, KeyState::revoked}) {
    if (name == key_state_name(state)) return state;
  }
  throw Error(Code::argument, fmt::format("state '{}' is not known (accepted: active, retired, revoked)", name));
}

}  // namespace

void require_key_id(std::string_view key_id) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool good = !key_id.empty() && key_id.size() <= 64 && letter(key_id[0]);
  for (const char c : key_id) good = good && (letter(c) || c == '.' || c == '_' || c == '-');
  if (!good) {
    throw Error(Code::argument,
                fmt::format("'{}' is not a key id: 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit",
                            key_id));
  }
}

void require_private_folder(const std::filesystem::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) core::throw_errno("open key ring", folder.string(), errno);
  if (!S_ISDIR(info.st_mode)) throw Error(Code::crypto, "a key ring is a folder", folder.string());
  if ((info.st_mode & 077) != 0) {
    throw Error(
        Code::crypto,
        fmt::format("a key ring that others may enter is refused: its mode is {:04o}, accepted: 0700 (chmod 700)",
                    info.st_mode & 07777),
        folder.string());
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    throw Error(Code::crypto, "a key ring that belongs to another user is refused", folder.string());
  }
}

Json key_info_json(const KeyInfo& info) {
  Json purposes = Json::array();
  for (const core::Purpose purpose : info.purposes) purposes.push_back(std::string(core::purpose_name(purpose)));
  Json out{{"key_id", info.key_id},
           {"algorithm", std::string(algorithm_name(info.algorithm))},
           {"state", std::string(key_state_name(info.state))},
           {"purposes", purposes},
           {"created", core::format_instant(info.created)}};
  if (info.valid_from) out["valid_from"] = core::format_instant(*info.valid_from);
  if (info.valid_until) out["valid_until"] = core::format_instant(*info.valid_until);
  return out;
}

KeyInfo key_info_from(const Json& json) {
  const auto text = [&](const char* name) -> const std::string& {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_string())
      throw Error(Code::argument, fmt::format("member '{}' must be text", name));
    return at->get_ref<const std::string&>();
  };
  KeyInfo out;
  out.key_id = text("key_id");
  require_key_id(out.key_id);
  const auto algorithm = algorithm_named(text("algorithm"));
  if (!algorithm) {
    throw Error(Code::argument,
                fmt::format("algorithm '{}' is not known (accepted: HMAC-SHA256, Ed25519)", text("algorithm")));
  }
  out.algorithm = *algorithm;
  out.state = state_named(text("state"));
  out.created = core::parse_instant(text("created"));
  if (json.contains("valid_from")) out.valid_from = core::parse_instant(text("valid_from"));
  if (json.contains("valid_until")) out.valid_until = core::parse_instant(text("valid_until"));
  const auto purposes = json.find("purposes");
  if (purposes == json.end() || !purposes->is_array() || purposes->empty()) {
    throw Error(Code::argument, "member 'purposes' must be a list of at least one purpose");
  }
  for (const Json& purpose : *purposes) {
    if (!purpose.is_string()) throw Error(Code::argument, "a purpose must be text");
    out.purposes.push_back(purpose_named(purpose.get_ref<const std::string&>()));
  }
  return out;
}

KeyRing::Key read_key_file(const std::filesystem::path& path) {
  const Secret text = read_private_file(path, "a key file", Links::refuse);
  try {
    const Range range = secret_range(text.view());
    const Json json = without_secret(text.view(), range, path.filename().string());
    if (!json.is_object() || json.value("format", Json()) != "ballast-key")
      throw Error(Code::argument, "not a ballast-key file");
    if (json.value("version", Json()) != 1) throw Error(Code::argument, "its version is not known here (accepted: 1)");
    KeyRing::Key key;
    key.info = key_info_from(json);
    key.info.can_sign = true;
    if (path.filename() != key.info.key_id + ".json") {
      throw Error(Code::argument, fmt::format("the file is not named after its key id '{}'", key.info.key_id));
    }
    const Secret secret = secret_from_base64(text.view().substr(range.begin, range.end - range.begin));
    key.cipher = make_cipher(key.info.algorithm, secret);
    if (const auto raw = key.cipher->public_key(); raw && json.value("public", Json()) != core::to_base64(*raw)) {
      throw Error(Code::argument, "member 'public' is not the public key of this secret");
    }
    return key;
  } catch (const Error& e) {
    throw Error(Code::crypto, fmt::format("cannot use this key file: {}", e.what()), path.string());
  }
}

void write_key_file(const std::filesystem::path& path, const KeyInfo& info, std::string_view secret) {
  Secret raw(secret.size());
  std::copy(secret.begin(), secret.end(), raw.data());
  Json json = key_info_json(info);
  json["format"] = "ballast-key";
  json["version"] = 1;
  json["secret"] = "";
  if (const auto public_key = make_cipher(info.algorithm, raw)->public_key())
    json["public"] = core::to_base64(*public_key);
  const std::string text = core::canonical_json(json);
  const Range range = secret_range(text);
  const Secret encoded = secret_to_base64(secret);
  Secret whole(text.size() + encoded.size() + 1);
  char* out = whole.data();
  out = std::copy_n(text.data(), range.begin, out);
  out = std::copy_n(encoded.view().data(), encoded.size(), out);
  out = std::copy(text.begin() + static_cast<std::ptrdiff_t>(range.begin), text.end(), out);
  *out = '\n';
  core::write_file_atomically(path, whole.view(), 0600);
}

void rewrite_key_state(const std::filesystem::path& path, KeyState state) {
  const Secret text = read_private_file(path, "a key file", Links::refuse);
  const Range range = secret_range(text.view());
  KeyInfo info = key_info_from(without_secret(text.view(), range, path.filename().string()));
  info.state = state;
  write_key_file(path, info, secret_from_base64(text.view().substr(range.begin, range.end - range.begin)).view());
}

}  // namespace ballast::sign
