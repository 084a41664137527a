// What a run will do, as a list that a dry run makes and the run is held to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace ballast::host {

inline constexpr std::string_view kPlanFormat = "ballast-plan";

/// Collects the units of a dry run, or compares those of a run with what was planned.
class PlanTrace {
 public:
  void collect() { collecting_ = true; }
  /// Forgets what was collected: only what comes now counts.
  void collect_from_here() {
    items_.clear();
    predicted_ = false;
  }
  /// From now on each unit must be the next item of `plan`, which is known by `hash`.
  void hold_to(const core::Json& plan, std::string hash);
  /// Takes one unit before it is done: { unit, name or path, what else it is known by }. Returns a sentence that names
  /// the unit, what was planned and what would be done now, when these differ.
  [[nodiscard]] std::optional<std::string> take(core::Json item);
  /// A unit that an earlier execution completed: it was compared then.
  void skip();
  /// Between these, units are not part of the plan: how often something is tried nobody knows beforehand.
  void open_ended(bool open) { open_ended_ = open; }
  bool is_open_ended() const noexcept { return open_ended_; }
  /// From here on everything depends on outcomes that were predicted.
  void predict() { predicted_ = true; }
  /// Returns a sentence as `take` does when `items`, planned later, are not what is left of the plan that it is held
  /// to.
  [[nodiscard]] std::optional<std::string> difference_from(const std::vector<core::Json>& items) const;
  bool predicting() const noexcept { return predicted_; }
  bool holding() const noexcept { return holding_; }
  /// Returns a sentence when planned units were not done.
  [[nodiscard]] std::optional<std::string> finish() const;
  const std::vector<core::Json>& items() const noexcept { return items_; }

 private:
  std::string place() const;

  bool collecting_ = false, holding_ = false, predicted_ = false, open_ended_ = false;
  std::vector<core::Json> items_;
  std::size_t at_ = 0;
  std::string hash_;
};

/// "effect 'hand over orders'", for messages and tables.
std::string describe_item(const core::Json& item);

}  // namespace ballast::host
