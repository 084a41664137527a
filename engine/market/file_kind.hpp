// Names what a file is by its first bytes, where it is not the CSV text that an import reads.
#pragma once

#include <string_view>

namespace ballast::market {

/// Returns words such as "compressed by gzip: unpack it with gunzip", or nothing when the beginning looks like text.
std::string_view what_is_not_csv(std::string_view beginning);

}  // namespace ballast::market
