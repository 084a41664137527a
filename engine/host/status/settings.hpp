// What the settings say of `ballast status`: from when on something needs a person.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/record.hpp"

namespace ballast::host {

struct StatusSettings {
  std::int64_t bars_max_age_minutes = 180;
  std::vector<std::string> ignored_symbols;
  std::int64_t key_warning_days = 30;
  double disk_min_free_percent = 5;
  std::int64_t disk_min_free_mib = 1024;
};

}  // namespace ballast::host

namespace ballast::core {

template <>
struct Record<host::StatusSettings> {
  using S = host::StatusSettings;
  static constexpr std::string_view name = "StatusSettings",
                                    doc = "When `ballast status` says that somebody is needed.";
  static constexpr auto fields = std::tuple{
      field(&S::bars_max_age_minutes,
            {.name = "bars_max_age_minutes",
             .doc = "The newest bar of a series may be so old, or three bars where that is longer; no limit in demo.",
             .unit = "minutes",
             .low = 1,
             .high = 525600}),
      field(&S::ignored_symbols, {.name = "ignored_symbols", .doc = "Symbols whose bars may be of any age."}),
      field(&S::key_warning_days, {.name = "key_warning_days",
                                   .doc = "A key whose validity ends within this is told.",
                                   .unit = "days",
                                   .low = 0,
                                   .high = 3650}),
      field(&S::disk_min_free_percent, {.name = "disk_min_free_percent",
                                        .doc = "Of the file system that holds var.",
                                        .unit = "percent",
                                        .low = 0,
                                        .high = 100}),
      field(&S::disk_min_free_mib, {.name = "disk_min_free_mib",
                                    .doc = "The same as an amount; less of either is told.",
                                    .unit = "MiB",
                                    .low = 0,
                                    .high = 1073741824})};
};

}  // namespace ballast::core
