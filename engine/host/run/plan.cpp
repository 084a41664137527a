#include "host/run/plan.hpp"

#include <fmt/format.h>

namespace ballast::host {
namespace {

/// Whether what is done now is what was planned. What a prediction went into may come out otherwise, but for effects:
/// they are what was agreed to.
bool fits(core::Json planned, core::Json found) {
  const bool predicted = planned.value("predicted", false);
  planned.erase("predicted");
  found.erase("predicted");
  if (!predicted || planned.value("unit", "") == "effect") return planned == found;
  for (const char* member : {"outcome_sha256", "sha256", "decision_sha256"}) {
    planned.erase(member);
    found.erase(member);
  }
  return planned == found;
}

}  // namespace

std::string describe_item(const core::Json& item) {
  const std::string unit = item.value("unit", "");
  const char* name = item.contains("name") ? "name" : item.contains("path") ? "path" : "text";
  return fmt::format("{} '{}'", unit, item.value(name, ""));
}

void PlanTrace::hold_to(const core::Json& plan, std::string hash) {
  items_ = plan.at("items").get<std::vector<core::Json>>();
  hash_ = std::move(hash);
  at_ = 0;
  holding_ = true;
}

std::optional<std::string> PlanTrace::take(core::Json item) {
  if (open_ended_) return std::nullopt;
  if (collecting_) {
    if (predicted_) item["predicted"] = true;
    items_.push_back(std::move(item));
    return std::nullopt;
  }
  if (!holding_) return std::nullopt;
  if (at_ == items_.size()) return fmt::format("{}: it ends here, now comes {}", place(), describe_item(item));
  const core::Json& planned = items_[at_];
  if (fits(planned, item)) {
    ++at_;
    return std::nullopt;
  }
  if (describe_item(planned) != describe_item(item))
    return fmt::format("{}: {} was planned, now comes {}", place(), describe_item(planned), describe_item(item));
  std::string members;
  for (const auto& [key, value] : item.items()) {
    const core::Json before = planned.value(key, core::Json());
    if (before == value) continue;
    members += fmt::format("{}{}: planned {}, now {}", members.empty() ? "" : "; ", key, before.dump(), value.dump());
  }
  return fmt::format("{}, {}: {}", place(), describe_item(item), members);
}

std::optional<std::string> PlanTrace::difference_from(const std::vector<core::Json>& items) const {
  if (!holding_) return std::nullopt;
  PlanTrace left = *this;
  for (const core::Json& item : items) {
    if (auto difference = left.take(item)) return difference;
  }
  return left.finish();
}

void PlanTrace::skip() {
  if (holding_ && !open_ended_ && at_ < items_.size()) ++at_;
}

std::optional<std::string> PlanTrace::finish() const {
  if (!holding_ || at_ == items_.size()) return std::nullopt;
  return fmt::format("{}: {} was planned and did not come", place(), describe_item(items_[at_]));
}

std::string PlanTrace::place() const {
  return fmt::format("reality differs from plan {} at item {}", hash_.substr(0, 12), at_ + 1);
}

}  // namespace ballast::host
