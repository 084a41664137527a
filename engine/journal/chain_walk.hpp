// Whether a line is one that a HEAD covers: told by the hashes from the line to HEAD, without any key and any index.
#pragma once

#include <filesystem>

#include "journal/head.hpp"
#include "journal/index.hpp"

namespace ballast::journal {

/// Walks the segments from the line at `place` to the one that `head` names; every line must name the one before.
/// Returns false where the walk ends early or elsewhere. Requires: the hash of `place` is that of the line there, and
/// the signature of `head` was checked. Throws: Error{io}.
bool leads_to_head(const std::filesystem::path& folder, const LinePlace& place, const Head& head);

}  // namespace ballast::journal
