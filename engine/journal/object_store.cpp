#include "journal/object_store.hpp"

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::journal {

using core::Code;
using core::Error;

bool is_sha256_hex(std::string_view text) noexcept {
  if (text.size() != 64) return false;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

std::filesystem::path ObjectStore::path_of(std::string_view sha256) const {
  if (!is_sha256_hex(sha256)) {
    throw Error(Code::argument,
                fmt::format("'{}' does not name an object: 64 lower-case hexadecimal digits do", sha256));
  }
  return folder_ / sha256;
}

bool ObjectStore::has(std::string_view sha256) const { return std::filesystem::is_regular_file(path_of(sha256)); }

std::string ObjectStore::put(std::string_view bytes) const {
  std::string name = core::sha256_hex(bytes);
  const std::filesystem::path path = path_of(name);
  if (!std::filesystem::exists(path)) {
    core::write_file_atomically(path, bytes, 0444);
    return name;
  }
  if (core::sha256_file_hex(path) != name) {
    throw Error(Code::crypto, "an object was changed after it was stored: its bytes no longer match its name",
                path.string());
  }
  // Another process may have renamed it into place a moment ago and not yet synced the folder.
  core::sync_folder(folder_);
  return name;
}

std::string ObjectStore::get(std::string_view sha256) const {
  const std::filesystem::path path = path_of(sha256);
  std::string bytes = core::read_file(path);
  if (core::sha256_hex(bytes) != sha256) {
    throw Error(Code::crypto, "an object was changed after it was stored: its bytes no longer match its name",
                path.string());
  }
  return bytes;
}

}  // namespace ballast::journal
