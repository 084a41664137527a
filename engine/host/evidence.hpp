// The desk's keys, objects and decision log together: what deciding and checking need.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/signer.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "journal/desk_layout.hpp"
#include "journal/object_store.hpp"
#include "sign/key_ring.hpp"

namespace ballast::host {

inline std::filesystem::path log_folder(const Desk& desk) { return desk.var / journal::kLogFolder; }
inline std::filesystem::path objects_folder(const Desk& desk) { return desk.var / journal::kObjectsFolder; }
inline std::filesystem::path runs_folder(const Desk& desk) { return desk.var / journal::kRunsFolder; }

/// The signers of a desk. `made` names the keys that were created because there were none.
struct Keys {
  sign::KeyRing ring;
  std::unique_ptr<core::Signer> entry;          ///< HMAC-SHA256: log entries
  std::unique_ptr<core::Signer> head;           ///< Ed25519: HEAD and segment seals
  std::unique_ptr<core::Signer> segment;        ///< Ed25519
  std::unique_ptr<core::Signer> artefact_hmac;  ///< both stand in .sig files
  std::unique_ptr<core::Signer> artefact_public;
  std::unique_ptr<core::Signer> journal;  ///< HMAC-SHA256: run journals
  std::vector<std::string> made;
};

/// Opens the key ring. In `demo` and `paper` missing keys are created; elsewhere their absence is an error, because a
/// desk that acts must know its keys. Throws: Error{not_found | crypto | io}.
Keys open_keys(const Desk& desk, Environment environment, const core::Clock& clock);

/// Replaces `file`, durably, and its .sig, signed as artefacts are. Throws: Error{io | crypto}; what was there stays.
void write_signed(const std::filesystem::path& file, const std::string& bytes, const Keys& keys,
                  const core::Clock& clock);

/// The verifier of a desk: its key ring, or a file of public keys. Throws: Error{not_found | crypto | io}.
sign::KeyRing open_verifier(const Desk& desk, const std::optional<std::string>& public_keys);

}  // namespace ballast::host
