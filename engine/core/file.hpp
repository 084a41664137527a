// Files: read whole, replace atomically, sync. Whoever keeps evidence writes through these.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ballast::core {

/// Reads a whole file. Throws: Error{not_found | io}; Error{argument} when it is larger than `limit_bytes`.
std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes = std::size_t{1} << 30);

/// Replaces a file so that a crash leaves the old or the new bytes, never a mixture: temporary file in the same
/// folder, fsync, rename, fsync of the folder. Missing folders are created. Throws: Error{io}; the temporary is
/// removed.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0644);

/// Bytes that are durable beside `path` under a name of their own, until they are put in its place. For whoever has
/// something else to write first and must not fail half way for want of space.
class StagedFile {
 public:
  /// Missing folders are created. Throws: Error{io}, also when `path` is a folder; nothing is left then.
  StagedFile(std::filesystem::path path, std::string_view bytes, unsigned mode = 0644);
  /// Removes what was not put in place.
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  /// Replaces `path`, durably. Throws: Error{io}.
  void put_in_place();

 private:
  std::filesystem::path path_, temporary_;
};

/// Makes a directory entry durable. Throws: Error{io}.
void sync_folder(const std::filesystem::path& folder);

/// Creates a folder and its parents. Throws: Error{io} naming the one that could not be made.
void create_folders(const std::filesystem::path& folder);

/// An open file descriptor that closes itself.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// open(2) with the flags given plus O_CLOEXEC. Throws: Error{not_found | io}.
FileDescriptor open_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

/// Reads `count` bytes from a place of a file, going on after short reads and EINTR; fewer only where the file ends
/// before. Throws: Error{io}.
std::size_t read_at(int fd, char* out, std::size_t count, std::uint64_t offset, const std::filesystem::path& path);
std::string read_at(int fd, std::size_t count, std::uint64_t offset, const std::filesystem::path& path);

/// Writes every byte, going on after short writes and EINTR. Throws: Error{io}.
void write_all(int fd, std::string_view bytes, const std::filesystem::path& path);

}  // namespace ballast::core
