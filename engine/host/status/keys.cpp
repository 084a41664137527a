// Keys whose validity ends soon or has ended: without them nothing is decided.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "host/status/status.hpp"
#include "sign/key_ring.hpp"

namespace ballast::host {
namespace {

using core::Purpose;
using sign::Algorithm;

/// What a desk signs, each with the kind of key that it signs with.
constexpr std::array<std::pair<Algorithm, Purpose>, 6> kNeeded{{{Algorithm::hmac_sha256, Purpose::log_entry},
                                                                {Algorithm::hmac_sha256, Purpose::run_journal},
                                                                {Algorithm::hmac_sha256, Purpose::artefact},
                                                                {Algorithm::ed25519, Purpose::log_head},
                                                                {Algorithm::ed25519, Purpose::log_segment},
                                                                {Algorithm::ed25519, Purpose::artefact}}};

/// The key for a purpose that lasts longest; null when there is none.
const sign::KeyInfo* lasting_key(const std::vector<sign::KeyInfo>& keys, Algorithm algorithm, Purpose purpose) {
  const sign::KeyInfo* out = nullptr;
  for (const sign::KeyInfo& each : keys) {
    if (each.algorithm != algorithm || each.state != sign::KeyState::active || !each.can_sign) continue;
    if (std::find(each.purposes.begin(), each.purposes.end(), purpose) == each.purposes.end()) continue;
    if (out == nullptr || !each.valid_until || (out->valid_until && *each.valid_until > *out->valid_until)) out = &each;
    if (!out->valid_until) break;
  }
  return out;
}

}  // namespace

StatusPart keys_status(const StatusQuestion& question) {
  StatusPart out;
  const std::vector<sign::KeyInfo> keys = sign::KeyRing::open(question.desk.keys).list();
  const Settings& settings = question.configuration.settings;
  const std::int64_t days = settings.status.key_warning_days;
  const core::Instant warned{question.now.microseconds + days * 86'400'000'000};
  const bool made_when_missing =
      settings.desk.environment == Environment::demo || settings.desk.environment == Environment::paper;
  core::Json active = core::Json::array();
  for (const sign::KeyInfo& each : keys) {
    if (each.state != sign::KeyState::active) continue;
    core::Json row{{"key_id", each.key_id}, {"algorithm", std::string(sign::algorithm_name(each.algorithm))}};
    if (each.valid_until) row["valid_until"] = core::format_instant(*each.valid_until);
    active.push_back(std::move(row));
  }
  std::set<std::string> told;  // a key serves several purposes and is told once
  for (const auto& [algorithm, purpose] : kNeeded) {
    const sign::KeyInfo* key = lasting_key(keys, algorithm, purpose);
    const std::string kind(sign::algorithm_name(algorithm));
    if (key == nullptr) {
      if (made_when_missing && keys.empty()) continue;
      if (told.insert(kind).second)
        out.findings.push_back({"key_missing", kind,
                                fmt::format("there is no active {} key in {}", kind, question.desk.keys.string()),
                                "ballast keys new --algorithm " + kind});
    } else if (key->valid_until && *key->valid_until <= warned && told.insert(key->key_id).second) {
      const bool over = *key->valid_until <= question.now;
      const std::string when = core::format_instant(*key->valid_until);
      out.findings.push_back(
          {over ? "key_expired" : "key_expiring", key->key_id,
           over ? fmt::format("key {} ended {} and nothing can be signed with it", key->key_id, when)
                : fmt::format("key {} ends {} ({}), and no other follows it", key->key_id, when,
                              format_age(*key->valid_until, question.now)),
           fmt::format("ballast keys new --algorithm {}; what {} signed stays verifiable", kind, key->key_id)});
    }
  }
  out.lines.push_back(
      keys.empty()
          ? std::string("none yet")
          : fmt::format("{} active{}", active.size(),
                        out.findings.empty() ? fmt::format(", none that is needed ends within {} days", days) : ""));
  out.facts = {{"active", std::move(active)}, {"warning_days", days}};
  return out;
}

}  // namespace ballast::host
