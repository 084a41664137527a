// The lines of the decision log, the newest first, read without its index: for readers that may write nothing.
// Says nothing about whether the log is sound.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace ballast::host {

/// Calls `each` with every whole line, the newest first, until it returns false. `day` is that of the line's segment:
/// "2026-01-15"; no line of it was written before that day. A folder without a log has no lines. Throws: Error{io}.
void for_each_log_line(const std::filesystem::path& log_folder,
                       const std::function<bool(std::string_view line, std::string_view day)>& each);

}  // namespace ballast::host
