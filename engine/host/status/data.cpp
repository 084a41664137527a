// Bars that are too old to decide by: docs/decisions/0008.
#include <algorithm>

#include <fmt/format.h>

#include "core/duration.hpp"
#include "host/status/status.hpp"
#include "market/interval.hpp"
#include "market/store.hpp"

namespace ballast::host {
namespace {

constexpr std::int64_t kBarsThatMayPass = 3;

}  // namespace

StatusPart data_status(const StatusQuestion& question) {
  StatusPart out;
  out.facts = {{"series", core::Json::array()}};
  const Settings& settings = question.configuration.settings;
  const auto file = question.desk.var / settings.market.store;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    out.lines.emplace_back("no market store yet");
    return out;
  }
  const bool judged = settings.desk.environment != Environment::demo;
  const auto& passed_over = settings.status.ignored_symbols;
  std::size_t count = 0;
  std::optional<core::Instant> newest, oldest;
  for (const market::SeriesInfo& each : market::Store::open(file, market::Mode::read).series()) {
    if (each.kind != market::Kind::bars) continue;
    const std::int64_t interval = market::parse_interval(each.interval);
    const core::Instant closed{each.last.microseconds + interval * 1000};
    const std::int64_t age = (question.now.microseconds - closed.microseconds) / 1'000'000;
    const std::int64_t limit = std::max(settings.status.bars_max_age_minutes * 60, kBarsThatMayPass * interval / 1000);
    const bool counts = judged && std::find(passed_over.begin(), passed_over.end(), each.symbol) == passed_over.end();
    core::Json row{{"symbol", each.symbol},
                   {"interval", each.interval},
                   {"newest", core::format_instant(closed)},
                   {"age_seconds", age}};
    if (counts) row["limit_seconds"] = limit;
    out.facts["series"].push_back(std::move(row));
    ++count;
    newest = newest ? std::max(*newest, closed) : closed;
    oldest = oldest ? std::min(*oldest, closed) : closed;
    if (!counts || age <= limit) continue;
    out.findings.push_back(
        {"data_stale", fmt::format("{} {}", each.symbol, each.interval),
         fmt::format("the newest {} bar of {} is {} old, and {} are accepted", each.interval, each.symbol,
                     format_age(closed, question.now), core::format_duration(static_cast<double>(limit))),
         "see why no newer bars come, then ballast data import FILE; for a symbol that ended, status.ignored_symbols"});
  }
  if (count == 0) {
    out.lines.emplace_back("no bars yet");
    return out;
  }
  out.lines.push_back(fmt::format("{} series of bars, the newest {} old, the oldest {}{}", count,
                                  format_age(*newest, question.now), format_age(*oldest, question.now),
                                  judged ? "" : " (not judged in demo)"));
  return out;
}

}  // namespace ballast::host
