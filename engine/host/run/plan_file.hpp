// Plans that were kept: what a dry run would do, in var/runs/<id>/plan.json, known by the SHA-256 of its bytes. A run
// that carries one out has its id, its parameters and its decision time. Format: docs/formats/plan.md.
#pragma once

#include <string>
#include <vector>

#include "host/run/plan.hpp"
#include "host/run/stores.hpp"

namespace ballast::host {

struct PlanFile {
  std::string hash;
  std::filesystem::path folder;  ///< of the run that it is the plan of
  core::Json document;
  std::string bytes;
};

/// Finds a plan by its hash or at least eight digits of its beginning.
/// Throws: Error{not_found} when there is none, Error{argument} when there are several; Error{state} when the file was
/// changed since it was named by its hash, or was carried out already.
PlanFile find_plan(const Desk& desk, const std::string& hash);

/// Writes the plan of a dry run into the folder of the run and returns it.
PlanFile write_plan(const std::filesystem::path& folder, core::Json document);

/// How much of what an effect will do is shown.
enum class Shown { short_form, whole };

/// The plan for a terminal: a line a unit, effects with what they will do, child runs with their units below them.
std::string plan_text(const core::Json& document, Shown shown = Shown::short_form, std::size_t indent = 0);

}  // namespace ballast::host
