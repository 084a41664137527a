// The journal of a run inside a bundle: its records are chained from their first one, signed by no key known here that
// says otherwise, and end as the entry of the log that states the run's end says.
#pragma once

#include <string>
#include <vector>

#include "core/signer.hpp"
#include "journal/bundle.hpp"
#include "journal/chain_check.hpp"

namespace ballast::journal {

/// Checks the bytes of a journal and adds what is wrong to `findings`, the file called `name`. Records by keys that are
/// not here count as proved where `vouched` says that a seal covers the bytes. Counts records and signatures in
/// `report`.
void check_bundled_journal(const std::string& bytes, const std::vector<BundleEntry>& entries,
                           const core::Verifier& verifier, bool vouched, const std::string& name, VerifyReport& report,
                           FindingList& findings);

}  // namespace ballast::journal
