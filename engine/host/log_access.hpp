// The decision log of a desk, opened for reading or for writing with the desk's keys.
#pragma once

#include <cstdint>
#include <set>

#include "core/json.hpp"
#include "host/desk.hpp"

namespace ballast::host {

/// Returns the newest entry whose fields equal those of `filter`, or null; a desk without a log has none.
/// `filter`: {kind?, policy?, run?, actor?, portfolio_id?, governor?}, the last two compared with the decision's
/// members. Entries whose numbers are in `unseen` are passed over.
core::Json last_matching_entry(const Desk& desk, const core::Json& filter, const std::set<std::uint64_t>& unseen = {});

}  // namespace ballast::host
