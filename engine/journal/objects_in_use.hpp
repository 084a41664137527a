// Which objects of a desk somebody still needs, so that what only archived runs need can go.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "core/signer.hpp"
#include "journal/object_store.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {

/// The objects that a run's records name, with the library files behind lists of libraries.
/// Throws: Error{not_found | crypto} for a list that is not there or was changed.
std::set<std::string> objects_named(const RunFacts& run, const ObjectStore& objects);

/// The objects that the log below `var` and the journals of its runs name, but for those of the runs `except`.
/// Throws: Error{state} when a journal cannot be trusted to name them all; Error{argument | not_found | io}.
std::set<std::string> objects_in_use(const std::filesystem::path& var, const core::Verifier& verifier,
                                     const std::set<std::string>& except = {});

}  // namespace ballast::journal
