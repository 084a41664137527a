#include "host/desk.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::host {
namespace {

std::filesystem::path home_folder(const char* variable, const char* below_home) {
  if (const char* given = std::getenv(variable); given != nullptr && *given != '\0') return given;
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    throw core::Error(core::Code::state,
                      fmt::format("neither ${} nor $HOME is set: name the folder with an option", variable));
  }
  return std::filesystem::path(home) / below_home;
}

}  // namespace

std::vector<std::filesystem::path> Desk::roots() const {
  std::vector<std::filesystem::path> out{folder};
  std::error_code ignored;
  if (!std::filesystem::equivalent(folder, installation, ignored)) out.push_back(installation);
  return out;
}

std::string Desk::place_of(const std::filesystem::path& file) const {
  for (const auto& root : roots()) {
    const auto relative =
        std::filesystem::weakly_canonical(file).lexically_relative(std::filesystem::weakly_canonical(root));
    if (!relative.empty() && *relative.begin() != "..") return relative.string();
  }
  return file.string();
}

std::filesystem::path find_installation() {
  std::error_code problem;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem) throw core::Error(core::Code::state, "cannot tell where the ballast binary is");
  const auto folder = binary.parent_path();
  const std::filesystem::path candidates[] = {folder / "../share/ballast", folder / "../..", folder / "../../.."};
  for (const auto& candidate : candidates) {
    if (std::filesystem::exists(candidate / "lua/policy.lua", problem)) return std::filesystem::canonical(candidate);
  }
  throw core::Error(core::Code::state,
                    fmt::format("the installation is not complete: no lua/policy.lua in {}, {} or {}",
                                candidates[0].string(), candidates[1].string(), candidates[2].string()));
}

std::string whole_path(const std::filesystem::path& path) {
  std::string out = std::filesystem::absolute(path).lexically_normal().string();
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::filesystem::path default_keys_folder() { return home_folder("XDG_CONFIG_HOME", ".config") / "ballast/keys"; }
std::filesystem::path state_folder() { return home_folder("XDG_STATE_HOME", ".local/state") / "ballast"; }

}  // namespace ballast::host
