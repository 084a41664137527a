#include "host/run/child_order.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/run/history.hpp"
#include "host/run/list.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kLongestPart = 40;  // of a folder's name

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

std::string child_id(const std::string& parent, const std::string& name) {
  std::string part = name;
  std::replace_if(
      part.begin(), part.end(), [](char c) { return !is_plain(c); }, '-');
  // Names that look alike without what a folder's name cannot hold stay different.
  if (part != name || part.size() > kLongestPart)
    part = fmt::format("{}-{}", part.substr(0, kLongestPart - 9), core::sha256_hex(name).substr(0, 8));
  return fmt::format("{}.{}", parent, part);
}

std::string order_sha256(const ChildOrder& order) {
  return core::sha256_hex(core::canonical_json({{"runbook", order.runbook}, {"params", order.given}}));
}

void take_recorded(ChildOrder& order, const core::Json& record, const journal::ObjectStore& objects) {
  order.run = record.at("run").get<std::string>();
  order.runbook = record.at("runbook").get<std::string>();
  order.given = recorded_value(record, "given", objects);
  order.time = core::parse_instant(record.at("decision_time").get<std::string>());
  order.depth = record.at("depth").get<std::size_t>();
  if (record.contains("plan_sha256")) order.plan = objects.get(record["plan_sha256"].get<std::string>());
}

ChildOrder read_order(const Desk& desk, const std::string& parent, const std::string& name) {
  const auto folder = find_run_folder(desk, parent);
  if (!journal::RunJournal::is_written(folder))
    throw core::Error(core::Code::state, "no process executes this run, and only a run begins its children", parent);
  const FoldedJournal journal = read_run(folder);
  for (auto at = journal.records.rbegin(); at != journal.records.rend(); ++at) {
    if (!is_begun_child(at->json) || at->json["name"] != name) continue;
    ChildOrder out;
    out.parent = parent;
    out.name = name;
    out.actor = journal.started.at("actor").get<std::string>();
    out.clock_given = journal.started.value("clock", "") == "given";
    take_recorded(out, at->json, journal::ObjectStore(objects_folder(desk)));
    return out;
  }
  throw core::Error(core::Code::not_found, fmt::format("the run has no child '{}'", name), parent);
}

}  // namespace ballast::host
