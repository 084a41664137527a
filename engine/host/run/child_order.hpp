// What a run orders when it begins a child: what its journal says of the child, and all that the child's process needs
// to know.
#pragma once

#include <cstddef>
#include <string>

#include "core/instant.hpp"
#include "core/json.hpp"
#include "host/desk.hpp"
#include "journal/object_store.hpp"

namespace ballast::host {

/// Runs begin children, and these begin theirs, so deep and no deeper: a runbook that calls itself ends here.
inline constexpr std::size_t kDeepestChild = 4;

struct ChildOrder {
  std::string parent;  ///< the run that orders it
  std::string name;    ///< what it is called there
  std::string run;     ///< the id that the child has: follows from the two above
  std::string runbook;
  core::Json given;    ///< parameters, as the script of the parent gave them
  std::string actor;   ///< the author of the parent is that of the child
  core::Instant time;  ///< the child's decision time
  bool clock_given = false;
  std::size_t depth = 1;  ///< 1: the child of a run that nobody ordered
  std::string plan;       ///< bytes of the plan that it is held to; empty: none
};

/// The id of the child `name` of a run: the same whenever it is asked for, so that a child whose parent died is found.
std::string child_id(const std::string& parent, const std::string& name);

/// SHA-256 of what the script gave: runbook and parameters.
std::string order_sha256(const ChildOrder& order);

/// Goes on with the decision time, parameters and plan that a `child` record with the state `begun` holds.
void take_recorded(ChildOrder& order, const core::Json& record, const journal::ObjectStore& objects);

/// Reads the newest order of that name from the parent's journal.
/// Throws: Error{not_found} when there is none; Error{state} when no process executes the parent.
ChildOrder read_order(const Desk& desk, const std::string& parent, const std::string& name);

}  // namespace ballast::host
