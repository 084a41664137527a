// What a runbook takes, does and promises, as `ballast run X --help` tells it.
#pragma once

#include <string>

#include "core/json.hpp"
#include "host/run/runbook.hpp"

namespace ballast::host {

/// Text of at most 100 columns a line: name, version, file, summary, parameters, steps, effects, artefacts, acceptance.
std::string runbook_help(const RunbookInfo& info);

/// Steps as a definition announces them: [{ text, name? }].
core::Json steps_document(const std::vector<RunbookStep>& steps);

/// The same as one document.
core::Json runbook_document(const RunbookInfo& info);

}  // namespace ballast::host
