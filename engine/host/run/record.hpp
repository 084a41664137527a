// The record of a run: a signed JSON summary and the same as Markdown for people who check. Both follow from the
// journal alone. Format: docs/formats/run_summary.md.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/run/stores.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

inline constexpr std::string_view kSummaryFormat = "ballast-run-summary";
inline constexpr std::string_view kSummaryName = "summary.json";
inline constexpr std::string_view kRecordName = "record.md";

/// Sums a journal up: who, when, parameters, units with what they came to, policies with their answers, approvals,
/// artefacts, and the acceptance with what was checked.
core::Json run_summary(const std::vector<journal::RunRecord>& records);

/// The summary of a run as it lies in its folder. Throws: Error{not_found | io | argument}.
core::Json read_summary(const std::filesystem::path& run_folder);

/// The summary as Markdown.
std::string run_markdown(const core::Json& summary);

/// Writes both into the run's folder, signed as artefacts are. Throws: Error{io | crypto}.
void write_record(const OpenStores& stores, const std::filesystem::path& run_folder);

}  // namespace ballast::host
