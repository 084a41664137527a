// Bundles: decisions taken to another machine in one file, with every byte that is needed to prove, replay and re-judge
// them there. Who has no HMAC key proves them by Ed25519: the bundle's own seal covers every byte of it, and the lines
// up to the signed HEAD show the entries' place in the chain. Format: docs/formats/bundle.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/signer.hpp"
#include "journal/log_reader.hpp"
#include "journal/object_store.hpp"
#include "journal/verify.hpp"

namespace ballast::journal {

struct BundleOptions {
  std::size_t most_links = 256;  ///< lines up to HEAD are included when there are no more than so many
  std::optional<std::string>
      public_keys;  ///< text of a public key export, for convenience; proof needs keys from elsewhere
  std::map<std::string, std::filesystem::path>
      files;                      ///< more files to take along, by the name they get (a run's journal)
  std::set<std::string> objects;  ///< more objects to take along, by SHA-256
};

struct BundleEntry {
  std::uint64_t seq = 0;
  std::string sha256;
  std::string line;  ///< exact bytes
  core::Json json;
};

/// A bundle that was read. Reading checks the frame and every hash; whose it is, verify_bundle says.
struct Bundle {
  std::string log_id;
  core::Instant created;
  std::optional<std::string> run;
  std::string head;                            ///< exact text of HEAD
  std::vector<BundleEntry> entries;            ///< the entries that were asked for
  std::vector<std::string> chain;              ///< lines from the first entry to HEAD; empty when there were too many
  std::map<std::string, std::string> objects;  ///< bytes by SHA-256
  std::map<std::string, std::string> files;    ///< bytes by name
  std::optional<std::string> public_keys;
  core::Signature seal;
  std::string sealed_bytes;  ///< what the seal covers

  /// Throws: Error{not_found} when the bundle does not hold the object.
  const std::string& object(const std::string& sha256) const;
};

/// Writes the entries with those numbers, their objects and HEAD into one file. The same log, numbers and time give the
/// same bytes. Requires: `signer` has an Ed25519 key for artefacts.
/// Throws: Error{not_found} for an entry or object that is not there; Error{crypto} for an object that was changed;
/// Error{state} when the log itself, or a run's journal taken along, does not verify: a bundle is a statement about
/// them. Only lines that this verification saw get into the bundle, whatever the index says.
void export_bundle(LogReader& log, const ObjectStore& objects, std::vector<std::uint64_t> seqs,
                   const core::Signer& signer, const core::Verifier& verifier, const core::Clock& clock,
                   const std::filesystem::path& file, const BundleOptions& options = {});

/// The same for every entry of a run. Throws: Error{not_found} when the log has none.
void export_run_bundle(LogReader& log, const ObjectStore& objects, const std::string& run, const core::Signer& signer,
                       const core::Verifier& verifier, const core::Clock& clock, const std::filesystem::path& file,
                       const BundleOptions& options = {});

/// Reads a bundle. Throws: Error{argument} placed at "file:line" for what is not a bundle or does not match its hashes;
/// Error{not_found | io}.
Bundle open_bundle(const std::filesystem::path& file);

/// Verifies a bundle: frame, hashes, seal, entries, chain to HEAD, that every object an entry names is there, and that
/// a run's journal is chained and ends as the run's last entry says.
VerifyReport verify_bundle(const std::filesystem::path& file, const core::Verifier& verifier,
                           const VerifyOptions& options = {});

/// Returns the names of the objects an entry needs: policy, libraries, settings and inputs.
std::vector<std::string> objects_of(const core::Json& entry);
/// Returns the objects a libraries object lists: a canonical JSON object of file names to SHA-256. Empty for other
/// bytes.
std::vector<std::string> libraries_of(const std::string& bytes);

}  // namespace ballast::journal
