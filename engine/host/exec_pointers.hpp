// Texts as exec(3) takes arguments and environments.
#pragma once

#include <string>
#include <vector>

namespace ballast::host {

/// Returns pointers into the texts, which must outlive them unchanged, and a null pointer behind the last.
inline std::vector<char*> exec_pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& each : texts) out.push_back(each.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace ballast::host
