#include "core/file_lock.hpp"

#include <cerrno>
#include <thread>

#include <sys/file.h>

#include "core/error.hpp"

namespace ballast::core {
namespace {

int operation(LockKind kind) noexcept { return kind == LockKind::shared ? LOCK_SH : LOCK_EX; }

}  // namespace

void lock_file(int fd, LockKind kind, const std::filesystem::path& path) {
  while (::flock(fd, operation(kind)) != 0) {
    if (errno != EINTR) throw_errno("lock", path.string(), errno);
  }
}

bool lock_file_within(int fd, LockKind kind, std::chrono::milliseconds longest, const std::filesystem::path& path) {
  const auto until = std::chrono::steady_clock::now() + longest;
  while (::flock(fd, operation(kind) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno("lock", path.string(), errno);
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace ballast::core
