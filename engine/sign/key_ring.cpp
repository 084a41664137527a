#include "sign/key_ring.hpp"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/nearest.hpp"
#include "sign/key_file.hpp"

namespace ballast::sign {
namespace {

using core::Code;
using core::Error;
using core::Json;
using core::Purpose;
using core::Signature;
using core::SignatureStatus;

constexpr Purpose kPurposes[] = {Purpose::log_entry, Purpose::log_head, Purpose::log_segment,
                                 Purpose::artefact,  Purpose::approval, Purpose::run_journal};

bool allows(const KeyInfo& info, Purpose purpose) {
  return std::find(info.purposes.begin(), info.purposes.end(), purpose) != info.purposes.end();
}

bool valid_at(const KeyInfo& info, core::Instant at) {
  return (!info.valid_from || *info.valid_from <= at) && (!info.valid_until || at < *info.valid_until);
}

class RingSigner final : public core::Signer {
 public:
  RingSigner(std::shared_ptr<const KeyRing::Key> key, const core::Clock& clock) : key_(std::move(key)), clock_(clock) {}

  Signature sign(Purpose purpose, std::string_view bytes) const override {
    const KeyInfo& info = key_->info;
    if (!allows(info, purpose)) {
      throw Error(Code::crypto,
                  fmt::format("key '{}' may not sign for purpose {}", info.key_id, core::purpose_name(purpose)));
    }
    if (!valid_at(info, clock_.now())) {
      throw Error(Code::crypto,
                  fmt::format("key '{}' is not valid at {}", info.key_id, core::format_instant(clock_.now())));
    }
    const std::string_view algorithm = algorithm_name(info.algorithm);
    return {std::string(algorithm), info.key_id,
            core::to_base64(key_->cipher->sign(signing_context(purpose, algorithm, info.key_id), bytes))};
  }

 private:
  std::shared_ptr<const KeyRing::Key> key_;
  const core::Clock& clock_;
};

}  // namespace

std::string_view key_state_name(KeyState state) noexcept {
  switch (state) {
    case KeyState::active: return "active";
    case KeyState::retired: return "retired";
    case KeyState::revoked: return "revoked";
  }
  return "unknown";
}

std::vector<Purpose> default_purposes(Algorithm algorithm) {
  if (algorithm == Algorithm::hmac_sha256) return {Purpose::log_entry, Purpose::artefact, Purpose::run_journal};
  return {Purpose::log_head, Purpose::log_segment, Purpose::artefact, Purpose::approval};
}

Purpose purpose_named(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Purpose purpose : kPurposes) {
    if (core::purpose_name(purpose) == name) return purpose;
    known.push_back(core::purpose_name(purpose));
  }
  throw Error(Code::argument, fmt::format("'{}' is not a purpose{}", name, core::suggestion(name, known)));
}

std::string signing_context(Purpose purpose, std::string_view algorithm, std::string_view key_id) {
  // None of the parts can hold a line feed, so no other split of the same bytes is possible.
  return fmt::format("ballast-signature-v1\n{}\n{}\n{}\n", core::purpose_name(purpose), algorithm, key_id);
}

KeyRing KeyRing::open(const std::filesystem::path& folder) {
  KeyRing ring;
  ring.folder_ = folder;
  if (!std::filesystem::exists(folder)) return ring;
  require_private_folder(folder);
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    const std::string name = entry.path().filename().string();
    // Names that begin with a dot are what an interrupted atomic replacement leaves behind.
    if (name.starts_with('.') || entry.path().extension() != ".json") continue;
    auto key = std::make_shared<Key>(read_key_file(entry.path()));
    std::string id = key->info.key_id;
    ring.keys_.emplace(std::move(id), std::move(key));
  }
  if (problem) core::throw_errno("list key ring", folder.string(), problem.value());
  return ring;
}

KeyRing KeyRing::open_public(const std::filesystem::path& file) {
  return read_public(core::read_file(file, std::size_t{1} << 24), file.string());
}

KeyRing KeyRing::read_public(std::string_view text, std::string_view where) {
  const Json json = core::parse_json(text, where);
  KeyRing ring;
  try {
    if (!json.is_object() || json.value("format", Json()) != "ballast-public-keys" || !json.contains("keys") ||
        !json["keys"].is_array()) {
      throw Error(Code::argument, "not a ballast-public-keys file");
    }
    if (json.value("version", Json()) != 1) throw Error(Code::argument, "its version is not known here (accepted: 1)");
    for (const Json& each : json["keys"]) {
      auto key = std::make_shared<Key>();
      key->info = key_info_from(each);
      if (key->info.algorithm != Algorithm::ed25519 || !each.contains("public") || !each["public"].is_string()) {
        throw Error(Code::argument, fmt::format("key '{}' is not an Ed25519 public key", key->info.key_id));
      }
      key->cipher = make_public_cipher(core::from_base64(each["public"].get_ref<const std::string&>()));
      std::string id = key->info.key_id;
      if (!ring.keys_.emplace(id, std::move(key)).second) {
        throw Error(Code::argument, fmt::format("key '{}' appears twice", id));
      }
    }
  } catch (const Error& e) {
    throw e.at(std::string(where));
  }
  return ring;
}

KeyInfo KeyRing::create_key(NewKey key, const core::Clock& clock) {
  if (folder_.empty()) throw Error(Code::state, "public keys are for verifying; a new key needs a key ring folder");
  KeyInfo info;
  info.algorithm = key.algorithm;
  info.created = clock.now();
  info.purposes = key.purposes.empty() ? default_purposes(key.algorithm) : std::move(key.purposes);
  info.valid_from = key.valid_from;
  info.valid_until = key.valid_until;
  info.can_sign = true;
  if (info.valid_from && info.valid_until && !(*info.valid_from < *info.valid_until)) {
    throw Error(Code::argument, "the key would never be valid: valid_until must be later than valid_from");
  }
  info.key_id = !key.key_id.empty()
                    ? std::move(key.key_id)
                    : fmt::format("{}-{}-{}", key.algorithm == Algorithm::ed25519 ? "ed25519" : "hmac",
                                  core::format_stamp(info.created).substr(0, 8), core::to_hex(core::random_bytes(4)));
  require_key_id(info.key_id);
  if (keys_.contains(info.key_id)) {
    throw Error(Code::argument, fmt::format("a key '{}' exists already; ids are never used twice", info.key_id));
  }
  const Secret secret = key.secret ? std::move(*key.secret) : random_secret(32);
  auto made = std::make_shared<Key>();
  made->cipher = make_cipher(info.algorithm, secret);
  made->info = info;
  if (!std::filesystem::exists(folder_)) {
    if (folder_.has_parent_path()) core::create_folders(folder_.parent_path());
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
      core::throw_errno("create key ring", folder_.string(), errno);
  }
  require_private_folder(folder_);
  write_key_file(folder_ / (info.key_id + ".json"), info, secret.view());
  keys_.emplace(info.key_id, std::move(made));
  return info;
}

KeyInfo KeyRing::rotate_key(std::string_view key_id, const core::Clock& clock) {
  const KeyInfo old = named(key_id).info;
  if (old.state != KeyState::active) {
    throw Error(Code::state,
                fmt::format("key '{}' is {}; only an active key can be rotated", key_id, key_state_name(old.state)));
  }
  NewKey next;
  next.algorithm = old.algorithm;
  next.purposes = old.purposes;
  const KeyInfo made = create_key(std::move(next), clock);
  set_state(key_id, KeyState::retired);
  return made;
}

void KeyRing::set_state(std::string_view key_id, KeyState state) {
  const Key& old = named(key_id);
  if (folder_.empty()) throw Error(Code::state, "the state of a public key is set where its secret is");
  if (old.info.state == KeyState::revoked && state != KeyState::revoked) {
    throw Error(Code::state, fmt::format("key '{}' is revoked and stays so", key_id));
  }
  const std::filesystem::path path = folder_ / (old.info.key_id + ".json");
  rewrite_key_state(path, state);
  keys_.find(key_id)->second = std::make_shared<Key>(read_key_file(path));
}

std::vector<KeyInfo> KeyRing::list() const {
  std::vector<KeyInfo> out;
  for (const auto& [id, key] : keys_) out.push_back(key->info);
  return out;
}

std::optional<KeyInfo> KeyRing::find(std::string_view key_id) const {
  const auto at = keys_.find(key_id);
  if (at == keys_.end()) return std::nullopt;
  return at->second->info;
}

std::string KeyRing::public_text() const {
  Json list = Json::array();
  for (const auto& [id, key] : keys_) {
    const auto raw = key->cipher->public_key();
    if (!raw) continue;
    Json each = key_info_json(key->info);
    each["public"] = core::to_base64(*raw);
    list.push_back(std::move(each));
  }
  return core::canonical_json(Json{{"format", "ballast-public-keys"}, {"version", 1}, {"keys", list}}) + "\n";
}

void KeyRing::export_public(const std::filesystem::path& file) const {
  core::write_file_atomically(file, public_text());
}

const KeyRing::Key& KeyRing::named(std::string_view key_id) const {
  const auto at = keys_.find(key_id);
  if (at != keys_.end()) return *at->second;
  std::vector<std::string_view> known;
  for (const auto& [id, key] : keys_) known.push_back(id);
  throw Error(Code::not_found, fmt::format("no key '{}' in the key ring {}{}", key_id, folder_.string(),
                                           known.empty() ? ", which is empty" : core::suggestion(key_id, known)));
}

std::unique_ptr<core::Signer> KeyRing::signer_for(Purpose purpose, Algorithm algorithm,
                                                  const core::Clock& clock) const {
  std::shared_ptr<const Key> best;
  for (const auto& [id, key] : keys_) {
    const KeyInfo& info = key->info;
    if (info.algorithm != algorithm || info.state != KeyState::active || !info.can_sign || !allows(info, purpose) ||
        !valid_at(info, clock.now())) {
      continue;
    }
    if (!best || best->info.created <= info.created) best = key;
  }
  if (best) return std::make_unique<RingSigner>(std::move(best), clock);
  std::string held;
  for (const auto& [id, key] : keys_) {
    held += fmt::format("{}{} ({}, {})", held.empty() ? "" : ", ", id, algorithm_name(key->info.algorithm),
                        key_state_name(key->info.state));
  }
  throw Error(Code::not_found,
              fmt::format("no active {} key for purpose {} that is valid at {}; the key ring {} holds {}; "
                          "'ballast keys new' makes one",
                          algorithm_name(algorithm), core::purpose_name(purpose), core::format_instant(clock.now()),
                          folder_.string(), held.empty() ? "no keys" : held));
}

std::unique_ptr<core::Signer> KeyRing::signer_with(std::string_view key_id, const core::Clock& clock) const {
  const KeyInfo& info = named(key_id).info;
  if (!info.can_sign) throw Error(Code::crypto, fmt::format("key '{}' is a public key and cannot sign", key_id));
  if (info.state != KeyState::active) {
    throw Error(Code::crypto, fmt::format("key '{}' is {} and may not sign", key_id, key_state_name(info.state)));
  }
  if (!valid_at(info, clock.now())) {
    throw Error(Code::crypto, fmt::format("key '{}' is not valid at {}", key_id, core::format_instant(clock.now())));
  }
  return std::make_unique<RingSigner>(keys_.find(key_id)->second, clock);
}

SignatureStatus KeyRing::verify(Purpose purpose, std::string_view bytes, const Signature& signature) const {
  return check(purpose, bytes, signature, std::nullopt);
}

SignatureStatus KeyRing::verify_at(Purpose purpose, std::string_view bytes, const Signature& signature,
                                   core::Instant at) const {
  return check(purpose, bytes, signature, at);
}

SignatureStatus KeyRing::check(Purpose purpose, std::string_view bytes, const Signature& signature,
                               const std::optional<core::Instant>& at) const {
  const auto algorithm = algorithm_named(signature.algorithm);
  if (!algorithm) return SignatureStatus::unknown_algorithm;
  const auto found = keys_.find(signature.key_id);
  if (found == keys_.end()) return SignatureStatus::unknown_key;
  const Key& key = *found->second;
  // The algorithm is the key's, never the document's choice.
  if (key.info.algorithm != *algorithm) return SignatureStatus::wrong;
  std::string raw;
  try {
    raw = core::from_base64(signature.value);
  } catch (const Error&) {
    return SignatureStatus::wrong;
  }
  if (!key.cipher->verify(signing_context(purpose, signature.algorithm, signature.key_id), bytes, raw)) {
    return SignatureStatus::wrong;
  }
  if (key.info.state == KeyState::revoked) return SignatureStatus::revoked;
  if (!allows(key.info, purpose)) return SignatureStatus::wrong_purpose;
  if (at && !valid_at(key.info, *at)) return SignatureStatus::outside_validity;
  return SignatureStatus::valid;
}

}  // namespace ballast::sign
