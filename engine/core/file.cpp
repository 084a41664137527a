#include "core/file.hpp"

#include <cerrno>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"

namespace ballast::core {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() noexcept { return std::exchange(fd_, -1); }

FileDescriptor open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) throw_errno("open", path.string(), errno);
  return FileDescriptor(fd);
}

std::size_t read_at(int fd, char* out, std::size_t count, std::uint64_t offset, const std::filesystem::path& path) {
  std::size_t have = 0;
  while (have < count) {
    const ssize_t n = ::pread(fd, out + have, count - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("read", path.string(), errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  return have;
}

std::string read_at(int fd, std::size_t count, std::uint64_t offset, const std::filesystem::path& path) {
  std::string out(count, '\0');
  out.resize(read_at(fd, out.data(), count, offset, path));
  return out;
}

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path.string(), errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_errno("read", path.string(), errno);
  if (S_ISDIR(info.st_mode)) throw_errno("read", path.string(), EISDIR);
  const auto too_large = [&] {
    return Error(Code::argument, fmt::format("file is larger than the {} bytes accepted here", limit_bytes),
                 path.string());
  };
  // Before any memory is asked for: a sparse file may claim terabytes.
  if (S_ISREG(info.st_mode) && static_cast<std::uintmax_t>(info.st_size) > limit_bytes) throw too_large();
  std::string out;
  std::string buffer(std::size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      throw_errno("read", path.string(), errno);
    }
    if (n == 0) return out;
    if (out.size() + static_cast<std::size_t>(n) > limit_bytes) throw too_large();
    if (out.empty()) out.reserve(static_cast<std::size_t>(info.st_size));
    out.append(buffer, 0, static_cast<std::size_t>(n));
  }
}

void create_folders(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) throw_errno("create folder", folder.string(), problem.value());
}

void sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor descriptor = open_file(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (::fsync(descriptor.get()) != 0) throw_errno("sync folder", folder.string(), errno);
}

StagedFile::StagedFile(std::filesystem::path path, std::string_view bytes, unsigned mode) : path_(std::move(path)) {
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  create_folders(folder);
  if (std::filesystem::is_directory(path_)) throw_errno("replace", path_.string(), EISDIR);
  const std::filesystem::path temporary =
      folder / fmt::format(".{}.{}.tmp", path_.filename().string(), to_hex(random_bytes(6)));
  const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  // Nobody knows the temporary's name: what failed is writing `path`.
  if (!file) throw_errno("write", path_.string(), errno);
  try {
    write_all(file.get(), bytes, path_);
    if (::fsync(file.get()) != 0) throw_errno("sync", path_.string(), errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  temporary_ = temporary;
}

StagedFile::~StagedFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void StagedFile::put_in_place() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw_errno("replace", path_.string(), errno);
  temporary_.clear();
  sync_folder(path_.parent_path());
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
  StagedFile(path, bytes, mode).put_in_place();
}

}  // namespace ballast::core
