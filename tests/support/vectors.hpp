// Recorded vectors: the whole recording where it is at hand, else the one case of each file kept in
// tests/golden/vectors.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace ballast::support {

/// Returns the path of a vector file such as "stage6_portfolio/decision_log.json".
inline std::filesystem::path vector_file(const std::string& name) {
  const char* chosen = std::getenv("BALLAST_VECTORS");
  const std::filesystem::path folders[] = {chosen != nullptr ? chosen : "",
                                           std::filesystem::path(BALLAST_SOURCE_DIR) / "../shared/vectors",
                                           std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/golden/vectors"};
  for (const auto& folder : folders) {
    if (!folder.empty() && std::filesystem::exists(folder / name)) return folder / name;
  }
  return folders[2] / name;
}

}  // namespace ballast::support
