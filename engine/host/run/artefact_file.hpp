// Artefacts on the disk: a file and its signature, put in place one after the other.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

/// An artefact whose writing began and was not recorded as done.
struct UnfinishedArtefact {
  std::string path;    ///< as it is shown: "var/reports/x.json"
  std::string sha256;  ///< of the bytes that it was to hold
};

/// The remark that stands in the journal before an artefact is written, so that whoever gives the run up later knows.
core::Json artefact_remark(const std::string& path, const std::string& sha256);

/// Of the records of a run.
std::vector<UnfinishedArtefact> unfinished_artefacts(const std::vector<journal::RunRecord>& records);

/// Finishes the writing of one whose signature is in place: its bytes wait beside it until then. Returns whether the
/// file is there now as it was signed; of one that was not signed yet nothing was changed, and nothing is.
/// Throws: Error{io}.
bool finish_artefact(const std::filesystem::path& file, const std::string& sha256);

}  // namespace ballast::host
