// Which engine decided: written into every entry.
#pragma once

#include <string_view>

namespace ballast::host {

extern const std::string_view kVersion;  ///< of the newest CHANGELOG section
/// First 16 digits of the SHA-256 over the engine's sources: the same for every compiler, another for every change.
extern const std::string_view kBuild;

}  // namespace ballast::host
