// Where things are: the desk folder that people edit, the installation behind it, `var` that is written, the keys.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/source.hpp"

namespace ballast::host {

struct Desk {
  std::filesystem::path folder;        ///< searched first
  std::filesystem::path installation;  ///< share/ballast beside the binary, or the source tree
  std::filesystem::path var;           ///< the only folder written, but for keys
  std::filesystem::path keys;

  /// Folders that hold scripts and settings, in the order in which they are searched.
  std::vector<std::filesystem::path> roots() const;
  FolderSource source() const { return FolderSource(roots()); }
  /// Returns how messages and records call a file: relative to the folder it lies in, else as given.
  std::string place_of(const std::filesystem::path& file) const;
};

/// Finds the installation beside the running binary. Throws: Error{state} naming the folders that were tried.
std::filesystem::path find_installation();

/// Returns a path as it holds from any folder: absolute, and without a slash at its end.
std::string whole_path(const std::filesystem::path& path);

/// $XDG_CONFIG_HOME/ballast/keys, or ~/.config/ballast/keys.
std::filesystem::path default_keys_folder();
/// $XDG_STATE_HOME/ballast, or ~/.local/state/ballast.
std::filesystem::path state_folder();

}  // namespace ballast::host
