#include "host/log_access.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/evidence.hpp"
#include "journal/log_reader.hpp"

namespace ballast::host {

core::Json last_matching_entry(const Desk& desk, const core::Json& filter, const std::set<std::uint64_t>& unseen) {
  journal::Query query;
  std::map<std::string, std::string> members;  // of the decision
  if (!filter.is_object())
    throw core::Error(core::Code::argument, fmt::format("expected a table with names, found {}", filter.type_name()),
                      "filter");
  for (const auto& [key, value] : filter.items()) {
    if (!value.is_string())
      throw core::Error(core::Code::argument, fmt::format("expected text, found {}", value.type_name()),
                        "filter." + key);
    const std::string text = value.get<std::string>();
    if (key == "kind") {
      query.kind = text;
    } else if (key == "policy") {
      query.policy = text;
    } else if (key == "run") {
      query.run = text;
    } else if (key == "actor") {
      query.actor = text;
    } else if (key == "environment") {
      query.environment = text;
    } else if (key == "portfolio_id" || key == "governor" || key == "symbol") {
      members[key] = text;
    } else {
      throw core::Error(
          core::Code::argument,
          "unknown field; accepted: kind, policy, run, actor, environment, portfolio_id, governor, symbol",
          "filter." + key);
    }
  }
  std::error_code ignored;
  if (!std::filesystem::exists(log_folder(desk) / "HEAD", ignored)) return nullptr;
  journal::LogReader reader(log_folder(desk));
  const std::vector<journal::Entry> found = reader.query(query);
  for (auto entry = found.rbegin(); entry != found.rend(); ++entry) {
    if (unseen.contains(entry->place.seq)) continue;
    core::Json json = entry->json();
    const core::Json decision = json.value("decision", core::Json::object());
    const bool matches = std::all_of(members.begin(), members.end(), [&](const auto& member) {
      const auto at = decision.is_object() ? decision.find(member.first) : decision.end();
      return at != decision.end() && at->is_string() && at->template get<std::string>() == member.second;
    });
    if (matches) return json;
  }
  return nullptr;
}

}  // namespace ballast::host
