// Writes stored series as CSV that `import_file` reads back to the same rows.
#pragma once

#include <ostream>
#include <string_view>

#include "market/store.hpp"

namespace ballast::market {

/// Writes a header and one line a row (a book: one line a level), numbers in their shortest form that reads back equal,
/// times as whole milliseconds (bars) or microseconds. `interval` is needed for bars only. Returns: rows written.
/// Throws: Error{not_found} when the series is not stored; Error{io} when the stream fails.
std::int64_t export_csv(const Store& store, Kind kind, std::string_view symbol, std::string_view interval,
                        std::ostream& out, const Range& range = {});

}  // namespace ballast::market
