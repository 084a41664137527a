// How a desk is, at one look: what needs a person, and what is as it should be. Writes nothing, anywhere.
#pragma once

#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/status/finding.hpp"

namespace ballast::host {

inline constexpr std::string_view kStatusFormat = "ballast-status";

/// What the parts look at.
struct StatusQuestion {
  const Desk& desk;
  const Configuration& configuration;
  core::Instant now;
  std::string var_option;  ///< " --var DIR" where commands that are shown need it
};

// One part a file. What cannot be read at all throws core::Error, which read_status makes a finding.
StatusPart runs_status(const StatusQuestion& question);
StatusPart schedules_status(const StatusQuestion& question);
StatusPart freezes_status(const StatusQuestion& question);
StatusPart decision_status(const StatusQuestion& question);
StatusPart log_status(const StatusQuestion& question);
StatusPart data_status(const StatusQuestion& question);
StatusPart keys_status(const StatusQuestion& question);
StatusPart disk_status(const StatusQuestion& question);

/// All parts, in the order in which they are shown. A part that cannot be read is a finding and hides no other.
std::vector<StatusPart> read_status(const StatusQuestion& question);

std::size_t count_findings(const std::vector<StatusPart>& parts);
core::Json status_document(const StatusQuestion& question, const std::vector<StatusPart>& parts);
std::string status_text(const StatusQuestion& question, const std::vector<StatusPart>& parts);

/// "2h 13min", "45s", "12d": two units at most. Negative lengths are those of the future: "in 3min".
std::string format_age(core::Instant from, core::Instant now);

}  // namespace ballast::host
