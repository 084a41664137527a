#include "host/run/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ballast::host {
namespace {

/// Whether what is done now is what was planned. What a prediction went into may come out otherwise, but for effects:
/// they are what was agreed to.
bool fits(core::Json planned, core::Json found) {
  const bool predicted = planned.value("predicted", false);
  planned.erase("predicted");
  found.erase("predicted");
  if (planned.value("unit", "") == "child" && found.value("unit", "") == "child") {
    core::Json items = planned["items"], now = found["items"];
    if (items.size() != now.size()) return false;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (predicted) items[i]["predicted"] = true;
      if (!fits(items[i], now[i])) return false;
    }
    planned.erase("items");
    found.erase("items");
    if (predicted) planned["order_sha256"] = found["order_sha256"];
    return planned == found;
  }
  if (!predicted || planned.value("unit", "") == "effect") return planned == found;
  for (const char* member : {"outcome_sha256", "sha256", "decision_sha256"}) {
    planned.erase(member);
    found.erase(member);
  }
  return planned == found;
}

/// What the first difference is. Requires: the two do not fit.
std::string difference_between(const core::Json& planned, const core::Json& found) {
  if (describe_item(planned) != describe_item(found))
    return fmt::format("{} was planned, now comes {}", describe_item(planned), describe_item(found));
  const core::Json items = planned.value("items", core::Json::array()), now = found.value("items", core::Json::array());
  for (std::size_t i = 0; i < std::max(items.size(), now.size()); ++i) {
    const std::string place = fmt::format("{}, item {}", describe_item(found), i + 1);
    if (i == now.size()) return fmt::format("{}: {} was planned and does not come", place, describe_item(items[i]));
    if (i == items.size()) return fmt::format("{}: it was to end here, now comes {}", place, describe_item(now[i]));
    if (!fits(items[i], now[i])) return fmt::format("{}: {}", place, difference_between(items[i], now[i]));
  }
  std::string members;
  for (const auto& [key, value] : found.items()) {
    const core::Json before = planned.value(key, core::Json());
    if (before == value || key == "items") continue;
    members += fmt::format("{}{}: planned {}, now {}", members.empty() ? "" : "; ", key, before.dump(), value.dump());
  }
  return fmt::format("{}: {}", describe_item(found), members);
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
  const char* link = describe_item(planned) == describe_item(item) ? ", " : ": ";
  return place() + link + difference_between(planned, item);
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
