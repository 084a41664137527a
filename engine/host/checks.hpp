// Verifying and exporting evidence, as the verbs verify, log and replay share it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "journal/verify.hpp"

namespace ballast::host {

struct VerifyRequest {
  std::optional<std::string> public_keys;  ///< file of public keys instead of the key ring
  std::optional<std::string> expect_head;  ///< HEAD file kept elsewhere
};

/// Verifies what is at `path` with the desk's keys. Throws: Error{not_found | io | crypto}.
journal::VerifyReport verify_at(const Desk& desk, const std::filesystem::path& path, const VerifyRequest& request);

/// Shows reports, names that others gave with their control characters and invalid UTF-8 escaped; returns the exit
/// status: 0 verified, 1 findings.
int show_reports(const std::vector<journal::VerifyReport>& reports, bool json);

/// Writes a bundle of an entry ("12") or a run. Throws: Error{not_found}, for a run without a journal too; Error{state}
/// when the log or the run does not verify, or the run is going on.
void export_evidence(const Desk& desk, const std::string& subject, const std::filesystem::path& file);

}  // namespace ballast::host
