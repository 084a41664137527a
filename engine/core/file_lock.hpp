// Advisory locks of open files (flock): what keeps processes apart that share a folder. Released with the descriptor.
#pragma once

#include <chrono>
#include <filesystem>

namespace ballast::core {

enum class LockKind {
  shared,    ///< many at a time
  exclusive  ///< one, and nobody shared
};

/// Takes the lock of an open file, however long that takes. `path` names it in errors. Throws: Error{io}.
void lock_file(int fd, LockKind kind, const std::filesystem::path& path);

/// The same, for `longest` at most. Returns whether it was taken. Throws: Error{io}.
bool lock_file_within(int fd, LockKind kind, std::chrono::milliseconds longest, const std::filesystem::path& path);

}  // namespace ballast::core
