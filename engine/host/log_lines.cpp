#include "host/log_lines.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/file.hpp"

namespace ballast::host {
namespace {

constexpr std::string_view kPrefix = "decision_log-", kSuffix = ".jsonl";

}  // namespace

void for_each_log_line(const std::filesystem::path& log_folder,
                       const std::function<bool(std::string_view line, std::string_view day)>& each) {
  std::vector<std::string> segments;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(log_folder, ignored)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) segments.push_back(std::move(name));
  }
  std::sort(segments.rbegin(), segments.rend());
  for (const std::string& name : segments) {
    const std::string day = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
    const std::string bytes = core::read_file(log_folder / name);
    std::string_view rest(bytes);
    rest = rest.substr(0, rest.rfind('\n') + 1);  // what follows is torn; without a line feed nothing is left
    while (!rest.empty()) {
      rest.remove_suffix(1);
      const auto start = rest.rfind('\n') + 1;  // 0 where there is none before
      if (!each(rest.substr(start), day)) return;
      rest = rest.substr(0, start);
    }
  }
}

}  // namespace ballast::host
