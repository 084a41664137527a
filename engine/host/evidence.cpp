#include "host/evidence.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "core/signature_file.hpp"

namespace ballast::host {
namespace {

bool has_key(const sign::KeyRing& ring, sign::Algorithm algorithm) {
  for (const sign::KeyInfo& each : ring.list()) {
    if (each.algorithm == algorithm && each.state == sign::KeyState::active && each.can_sign) return true;
  }
  return false;
}

/// Held while missing keys are made, so that runs that begin at once on a desk without keys share one pair.
core::FileDescriptor lock_keys(const std::filesystem::path& folder) {
  if (folder.has_parent_path()) core::create_folders(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) core::throw_errno("create", folder.string(), errno);
  core::FileDescriptor out = core::open_file(folder, O_RDONLY | O_DIRECTORY);
  core::lock_file(out.get(), core::LockKind::exclusive, folder);
  return out;
}

}  // namespace

Keys open_keys(const Desk& desk, Environment environment, const core::Clock& clock) {
  Keys out{sign::KeyRing::open(desk.keys), {}, {}, {}, {}, {}, {}, {}};
  const bool may_create = environment == Environment::demo || environment == Environment::paper;
  core::FileDescriptor lock;
  const auto has_both = [&] {
    return has_key(out.ring, sign::Algorithm::hmac_sha256) && has_key(out.ring, sign::Algorithm::ed25519);
  };
  if (may_create && !has_both()) {
    lock = lock_keys(desk.keys);
    out.ring = sign::KeyRing::open(desk.keys);  // somebody may have made them meanwhile
  }
  for (const sign::Algorithm algorithm : {sign::Algorithm::hmac_sha256, sign::Algorithm::ed25519}) {
    if (has_key(out.ring, algorithm)) continue;
    if (!may_create) {
      throw core::Error(
          core::Code::not_found,
          fmt::format(
              "no active {} key; make one with `ballast keys new` (only demo and paper make keys by themselves)",
              sign::algorithm_name(algorithm)),
          desk.keys.string());
    }
    // A key outlives the run that needed it first, so its validity is not tied to a given clock.
    const core::SystemClock today;
    sign::NewKey wanted;
    wanted.algorithm = algorithm;
    out.made.push_back(out.ring.create_key(std::move(wanted), today).key_id);
  }
  using core::Purpose;
  using sign::Algorithm;
  out.entry = out.ring.signer_for(Purpose::log_entry, Algorithm::hmac_sha256, clock);
  out.journal = out.ring.signer_for(Purpose::run_journal, Algorithm::hmac_sha256, clock);
  out.artefact_hmac = out.ring.signer_for(Purpose::artefact, Algorithm::hmac_sha256, clock);
  out.head = out.ring.signer_for(Purpose::log_head, Algorithm::ed25519, clock);
  out.segment = out.ring.signer_for(Purpose::log_segment, Algorithm::ed25519, clock);
  out.artefact_public = out.ring.signer_for(Purpose::artefact, Algorithm::ed25519, clock);
  return out;
}

void write_signed(const std::filesystem::path& file, const std::string& bytes, const Keys& keys,
                  const core::Clock& clock) {
  const core::Signer* signers[] = {keys.artefact_hmac.get(), keys.artefact_public.get()};
  // The bytes wait beside their place, so that a full disk leaves what was there; between the signature and the file
  // stands one rename. The signature first: what a crash leaves then is a signature without its file, or beside an
  // older one, and verification names both. A file without its signature would look like one that nothing vouches for.
  core::StagedFile staged(file, bytes);
  core::sign_bytes(file, bytes, core::Purpose::artefact, signers, clock);
  staged.put_in_place();
}

sign::KeyRing open_verifier(const Desk& desk, const std::optional<std::string>& public_keys) {
  return public_keys ? sign::KeyRing::open_public(*public_keys) : sign::KeyRing::open(desk.keys);
}

}  // namespace ballast::host
