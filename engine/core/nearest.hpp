// "Did you mean": the nearest known name to a misspelt one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::core {

/// Returns the number of single-character insertions, deletions, replacements and swaps of neighbours
/// between two names (optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Returns the known name closest to `name` when it is close enough to be a likely typo, else an empty view.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

/// Returns " (did you mean 'x'?)", or nothing when no name is near.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

/// Returns " (did you mean 'x'?)" or, when nothing is near, "; accepted: a, b, c" (at most twelve names).
std::string suggestion(std::string_view name, std::span<const std::string_view> known);

}  // namespace ballast::core
