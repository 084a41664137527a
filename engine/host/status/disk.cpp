// Room for evidence: what cannot be written is not decided.
#include <cerrno>

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "core/error.hpp"
#include "host/status/status.hpp"

namespace ballast::host {

StatusPart disk_status(const StatusQuestion& question) {
  StatusPart out;
  // A desk that never ran has no var yet; it will be made in the nearest folder that is there.
  std::filesystem::path place = std::filesystem::absolute(question.desk.var).lexically_normal();
  std::error_code ignored;
  while (!std::filesystem::exists(place, ignored) && place.has_relative_path()) place = place.parent_path();
  struct statvfs about {};
  if (::statvfs(place.c_str(), &about) != 0) core::throw_errno("look at the file system of", place.string(), errno);
  const double free = static_cast<double>(about.f_bavail) * static_cast<double>(about.f_frsize);
  const double size = static_cast<double>(about.f_blocks) * static_cast<double>(about.f_frsize);
  const double percent = size > 0 ? 100 * free / size : 0;
  const double mib = free / 1048576;
  const StatusSettings& limits = question.configuration.settings.status;
  out.facts = {{"path", place.string()},
               {"free_mib", static_cast<std::int64_t>(mib)},
               {"free_percent", static_cast<double>(static_cast<std::int64_t>(percent * 10)) / 10},
               {"min_free_mib", limits.disk_min_free_mib},
               {"min_free_percent", limits.disk_min_free_percent}};
  const std::string text = fmt::format("{:.1f} GiB free ({:.1f}%)", mib / 1024, percent);
  if (percent < limits.disk_min_free_percent || mib < static_cast<double>(limits.disk_min_free_mib)) {
    out.findings.push_back({"disk_low", place.string(),
                            fmt::format("{} has {}, and {}% and {} MiB are wanted", place.string(), text,
                                        limits.disk_min_free_percent, limits.disk_min_free_mib),
                            "make room; with a full disk every decision is refused"});
  }
  out.lines.push_back(text);
  return out;
}

}  // namespace ballast::host
