#include "sign/private_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::sign {

using core::Code;
using core::Error;

Secret read_private_file(const std::filesystem::path& path, std::string_view what, Links links) {
  constexpr off_t kMostBytes = 65536;
  const auto refuse = [&](const std::string& why) {
    throw Error(Code::crypto, fmt::format("{} {}", what, why), path.string());
  };
  // Opening a pipe would wait for somebody who writes.
  const core::FileDescriptor file =
      core::open_file(path, O_RDONLY | O_NONBLOCK | (links == Links::refuse ? O_NOFOLLOW : 0));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) core::throw_errno("read", path.string(), errno);
  if (!S_ISREG(info.st_mode)) refuse("must be an ordinary file");
  if ((info.st_mode & 077) != 0) {
    refuse(fmt::format("that others may read is refused: its mode is {:04o}, accepted: 0600 (chmod 600)",
                       info.st_mode & 07777));
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) refuse("that belongs to another user is refused");
  if (info.st_size > kMostBytes) refuse(fmt::format("has at most {} bytes", kMostBytes));
  Secret out(static_cast<std::size_t>(info.st_size));
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = ::read(file.get(), out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) core::throw_errno("read", path.string(), errno);
    if (n == 0) throw Error(Code::io, fmt::format("{} became shorter while it was read", what), path.string());
    have += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace ballast::sign
