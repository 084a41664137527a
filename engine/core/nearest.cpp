#include "core/nearest.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ballast::core {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  // Longer names tolerate more slips; a third of the letters is where suggestions stop being helpful.
  const std::size_t limit = std::clamp<std::size_t>(name.size() / 3, 1, 4);
  std::string_view best;
  std::size_t best_distance = limit + 1;
  for (const std::string_view candidate : known) {
    // Far longer or shorter names cannot be near, and a script may ask for one of a million letters.
    if (std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size()) > limit) continue;
    const std::size_t distance = edit_distance(name, candidate);
    // Names with no letter in common are no typo of each other, however short.
    if (distance < best_distance && distance < std::max(name.size(), candidate.size())) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view best = nearest_name(name, known);
  return best.empty() ? std::string() : fmt::format(" (did you mean '{}'?)", best);
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return did_you_mean(name, views);
}

std::string suggestion(std::string_view name, std::span<const std::string_view> known) {
  std::string near = did_you_mean(name, known);
  if (!near.empty() || known.empty()) return near;
  const std::size_t shown = std::min<std::size_t>(known.size(), 12);
  return fmt::format("; accepted: {}{}",
                     fmt::join(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     shown < known.size() ? ", ..." : "");
}

}  // namespace ballast::core
