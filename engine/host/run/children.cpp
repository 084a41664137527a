// What a run does with its children: it begins them, waits for them, takes them back.
#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/printable.hpp"
#include "host/evidence.hpp"
#include "host/run/child_runs.hpp"
#include "host/run/script_table.hpp"
#include "host/run/services.hpp"

namespace ballast::host {
namespace {

std::string calling(const std::string& name) { return fmt::format("child run '{}'", name); }

/// The word for a run whose children ended and stopped like these: what one of them waits for, the run waits for.
std::string halt_status(const std::vector<ChildEnd>& ends) {
  for (const char* worst : {"failed", "differs", "denied", "waiting"}) {
    for (const ChildEnd& each : ends) {
      const bool other = each.status != "differs" && each.status != "denied" && each.status != "waiting";
      if (!each.ended && (each.status == worst || (other && std::string_view(worst) == "failed"))) return worst;
    }
  }
  return {};
}

/// A limit that stopped a child stopped the run.
core::Code halt_code(const std::vector<ChildEnd>& ends) {
  for (const ChildEnd& each : ends) {
    if (!each.ended && (each.code == core::Code::budget || each.code == core::Code::memory)) return each.code;
  }
  return core::Code::state;
}

}  // namespace

ChildOrder RunServices::order_of(const core::Json& wanted) const {
  ChildOrder out;
  out.parent = identity_.id;
  out.name = required_text(wanted, "name");
  if (out.name.front() == '-' || core::printable(out.name) != out.name)
    refuse_member("name", "text that can be shown in a line and does not begin with '-'", out.name);
  out.run = child_id(identity_.id, out.name);
  out.runbook = required_text(wanted, "runbook");
  out.given = wanted.value("params", core::Json::object());
  if (out.given.is_array() && out.given.empty()) out.given = core::Json::object();  // Lua has one empty table
  if (!out.given.is_object()) refuse_member("params", "parameters by name", out.given);
  out.actor = identity_.actor;
  out.time = identity_.time;
  out.clock_given = identity_.clock_given;
  out.depth = identity_.parent ? identity_.parent->depth + 1 : 1;
  return out;
}

void RunServices::begin_child(ChildOrder order) {
  const std::string doing = calling(order.name);
  require_no_step(doing);
  if (plan.is_open_ended())
    throw core::Error(core::Code::state, doing + " is begun where nobody knows how often; it belongs into main");
  for (const auto& [name, other] : children_begun_) {
    if (other.run == order.run)
      throw core::Error(core::Code::argument, fmt::format("{} cannot be told from '{}'", doing, name), "name");
  }
  if (order.depth > kDeepestChild) {
    throw core::Error(
        core::Code::state,
        fmt::format("{} would be a child of a child, {} deep; {} is the most", doing, order.depth, kDeepestChild),
        order.runbook);
  }
  if (const core::Json* record = served("child", doing)) {
    if ((*record)["name"] != order.name || !is_begun_child(*record)) history_.refuse(doing, describe_record(*record));
    if ((*record)["order_sha256"] != order_sha256(order))
      history_.refuse(doing + " with another runbook or other parameters", describe_record(*record));
    take_recorded(order, *record, journal::ObjectStore(objects_folder(desk_)));
    children_begun_.emplace(order.name, std::move(order));
    return;
  }
  if (dry() || plan.holding()) {
    ChildPlan ahead = plan_child(order);
    planned({{"unit", "child"},
             {"name", order.name},
             {"runbook", order.runbook},
             {"order_sha256", order_sha256(order)},
             {"pins_sha256", ahead.pins_sha256},
             {"items", ahead.items}});
    if (plan.holding()) order.plan = core::canonical_json({{"items", ahead.items}, {"pins_sha256", ahead.pins_sha256}});
    child_plans_[order.name] = std::move(ahead);
  }
  if (!dry()) {
    core::Json payload{{"state", "begun"},
                       {"name", order.name},
                       {"run", order.run},
                       {"runbook", order.runbook},
                       {"order_sha256", order_sha256(order)},
                       {"depth", order.depth},
                       {"decision_time", core::format_instant(order.time)}};
    payload = inline_or_object("given", order.given, std::move(payload));
    if (!order.plan.empty()) payload["plan_sha256"] = put_object(order.plan);
    append_record("child", payload);
  }
  children_begun_.emplace(order.name, std::move(order));
}

ChildPlan RunServices::plan_child(const ChildOrder& order) {
  try {
    return children_->plan(order);
  } catch (const core::Error& e) {  // the run itself would stop with it, and so does what is planned
    halt("failed", fmt::format("{}: {}", calling(order.name), e.what()), e.code());
  }
}

void RunServices::children_started(const core::Json& children) {
  require_begun();
  if (!children.is_array()) refuse_member("children", "a list", children);
  std::vector<ChildOrder> orders;
  for (const core::Json& each : children) orders.push_back(order_of(each));
  if (orders.empty()) return;
  require_not_denied(orders.front().name);  // what a policy forbids the run, its children do not do for it
  // All or none, but for those that were begun before: a run that died between two of them goes on with the others.
  for (std::size_t i = history_.remaining(); i < orders.size(); ++i) children_->check(orders[i]);
  for (ChildOrder& each : orders) {
    const std::string name = each.name;
    begin_child(std::move(each));
    awaited_.insert(name);
  }
}

const ChildOrder& RunServices::child_named(const core::Json& name) const {
  const auto at = name.is_string() ? children_begun_.find(name.get<std::string>()) : children_begun_.end();
  if (at == children_begun_.end()) refuse_member("name", "the name of a child run that was begun", name);
  return at->second;
}

core::Json RunServices::planned_child(const std::string& name) {
  if (!child_plans_.contains(name)) child_plans_[name] = plan_child(children_begun_.at(name));
  const ChildPlan& ahead = child_plans_[name];
  if (ahead.predicted) plan.predict();
  if (!ahead.refused.empty()) halt("denied", fmt::format("{}: {}", calling(name), ahead.refused));
  return {{"name", name}, {"run", children_begun_.at(name).run}, {"status", ahead.status}, {"result", ahead.result}};
}

core::Json RunServices::children_finished(const core::Json& names, std::int64_t at_once) {
  require_begun();
  if (!names.is_array()) refuse_member("names", "a list", names);
  if (at_once < 1) refuse_member("at_once", "1 or more", at_once);
  core::Json out = core::Json::array();
  std::vector<ChildOrder> orders;
  for (const core::Json& each : names) {
    const ChildOrder& order = child_named(each);
    const std::string& name = order.name;
    awaited_.erase(name);
    const core::Json* record = history_.take("child", calling(name));
    if (record == nullptr) {
      orders.push_back(order);
      continue;
    }
    if ((*record)["name"] != name || is_begun_child(*record))
      history_.refuse("the end of " + calling(name), describe_record(*record));
    out.push_back({{"name", name},
                   {"run", (*record)["run"]},
                   {"status", (*record)["status"]},
                   {"result", from_object(*record, "result")}});
  }
  if (orders.empty()) return out;
  if (undoing_) halt("history_ended", "everything that the run did was gone through");
  if (dry()) {
    for (const ChildOrder& each : orders) out.push_back(planned_child(each.name));
    return out;
  }
  const std::vector<ChildEnd> ends = children_->run(orders, static_cast<std::size_t>(at_once), people_.actor, stop);
  stop.check();  // interrupted: they were told so too
  std::string stopped;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].ended) continue;
    stopped += fmt::format("{}{} ({}): {}{}{}", stopped.empty() ? "" : "; ", calling(orders[i].name), orders[i].run,
                           ends[i].status, ends[i].text.empty() ? "" : ": ", ends[i].text);
  }
  if (!stopped.empty()) halt(halt_status(ends), stopped, halt_code(ends));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    core::Json payload{{"state", "ended"},         {"name", orders[i].name},     {"run", orders[i].run},
                       {"status", ends[i].status}, {"records", ends[i].records}, {"sha256", ends[i].sha256}};
    append_record("child", inline_or_object("result", ends[i].result, std::move(payload)));
    out.push_back(
        {{"name", orders[i].name}, {"run", orders[i].run}, {"status", ends[i].status}, {"result", ends[i].result}});
  }
  return out;
}

core::Json RunServices::child_undone(const std::string& name) {
  require_begun();
  return children_->take_back(child_named(name), people_.actor, stop);
}

}  // namespace ballast::host
