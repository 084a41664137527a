// Files: the old bytes or the new, nothing left behind by a failure, and texts that name the path.
#include "core/file.hpp"

#include <csignal>
#include <filesystem>
#include <optional>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace ballast;
using test::error_text;

namespace {

// Files of this process cannot grow past `bytes` while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

TEST_SUITE_BEGIN("core");

TEST_CASE("write_file_atomically creates folders, replaces whole files and leaves nothing else") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a" / "b" / "c.json";
  core::write_file_atomically(path, "old");
  core::write_file_atomically(path, "new and longer");
  CHECK(core::read_file(path) == "new and longer");
  core::write_file_atomically(path, "");
  CHECK(core::read_file(path).empty());
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path.parent_path())) ++entries;
  CHECK(entries == 1);
}

TEST_CASE("write_file_atomically gives the mode asked for and never touches the bytes others hold open") {
  const test::TemporaryFolder folder;
  const auto path = folder / "key";
  core::write_file_atomically(path, "first", 0600);
  CHECK(mode_of(path) == 0600);
  const core::FileDescriptor reader = core::open_file(path, O_RDONLY);
  core::write_file_atomically(path, "second", 0600);
  char buffer[16];
  const ssize_t n = ::read(reader.get(), buffer, sizeof buffer);
  CHECK(std::string(buffer, static_cast<std::size_t>(n)) == "first");
}

TEST_CASE("a write that fails half-way keeps the old file and leaves no temporary") {
  const test::TemporaryFolder folder;
  const auto path = folder / "report.json";
  core::write_file_atomically(path, "old");
  std::string text;
  {
    const FileSizeLimit limit(1000);
    text = error_text([&] { return core::write_file_atomically(path, std::string(100'000, 'x')), 0; });
  }
  CHECK(text == "io | " + path.string() + ": cannot write: File too large");
  CHECK(core::read_file(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a folder cannot be replaced by a file, and no temporary stays") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "sub");
  CHECK(error_text([&] { return core::write_file_atomically(folder / "sub", "x"), 0; }) ==
        "io | " + (folder / "sub").string() + ": cannot replace: Is a directory");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a folder that cannot be written is named by the file that was wanted") {
  // Root may write anywhere by mode bits; a folder of /proc refuses it too.
  const test::TemporaryFolder folder;
  if (::geteuid() == 0) {
    CHECK(error_text([&] { return core::write_file_atomically("/proc/self/ballast", "x"), 0; }) ==
          "not_found | /proc/self/ballast: cannot write: No such file or directory");
  } else {
    std::filesystem::permissions(folder.path(),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    CHECK(error_text([&] { return core::write_file_atomically(folder / "x", "x"), 0; }) ==
          "io | " + (folder / "x").string() + ": cannot write: Permission denied");
    CHECK(folder.entries() == 0);
  }
}

TEST_CASE("create_folders names the folder when a file stands in the way") {
  const test::TemporaryFolder folder;
  core::write_file_atomically(folder / "file", "x");
  CHECK(error_text([&] { return core::create_folders(folder / "file"), 0; }) ==
        "io | " + (folder / "file").string() + ": cannot create folder: Not a directory");
  CHECK(error_text([&] { return core::create_folders(folder / "file" / "sub"), 0; }) ==
        "io | " + (folder / "file" / "sub").string() + ": cannot create folder: Not a directory");
  CHECK_NOTHROW(core::create_folders(folder.path()));
}

TEST_CASE("read_file names what is not there, what is a folder and what is too large") {
  const test::TemporaryFolder folder;
  CHECK(error_text([&] { return core::read_file(folder / "none"); }) ==
        "not_found | " + (folder / "none").string() + ": cannot open: No such file or directory");
  CHECK(error_text([&] { return core::read_file(folder.path()); }) ==
        "io | " + folder.path().string() + ": cannot read: Is a directory");
  core::write_file_atomically(folder / "five", "12345");
  CHECK(core::read_file(folder / "five", 5) == "12345");
  CHECK(error_text([&] { return core::read_file(folder / "five", 4); }) ==
        "argument | " + (folder / "five").string() + ": file is larger than the 4 bytes accepted here");
}

TEST_CASE("a sparse file that claims a terabyte is refused before memory is asked for") {
  const test::TemporaryFolder folder;
  core::write_file_atomically(folder / "sparse", "x");
  std::filesystem::resize_file(folder / "sparse", std::uintmax_t{1} << 40);
  CHECK(error_text([&] { return core::read_file(folder / "sparse"); }) ==
        "argument | " + (folder / "sparse").string() + ": file is larger than the 1073741824 bytes accepted here");
}

TEST_CASE("a file without a size of its own is read to its end and held to the limit") {
  CHECK(core::read_file("/proc/self/status").starts_with("Name:"));
  CHECK(error_text([] { return core::read_file("/proc/self/status", 10); }) ==
        "argument | /proc/self/status: file is larger than the 10 bytes accepted here");
}

TEST_CASE("write_all reports a descriptor that takes nothing") {
  const core::FileDescriptor full = core::open_file("/dev/full", O_WRONLY);
  CHECK(error_text([&] { return core::write_all(full.get(), "x", "/dev/full"), 0; }) ==
        "io | /dev/full: cannot write: No space left on device");
}

TEST_CASE("a file descriptor closes itself once and moves") {
  core::FileDescriptor a = core::open_file("/dev/null", O_RDONLY);
  const int raw = a.get();
  core::FileDescriptor b = std::move(a);
  CHECK_FALSE(a);
  CHECK(b.get() == raw);
  b = core::FileDescriptor();
  CHECK(::fcntl(raw, F_GETFD) == -1);
  CHECK(error_text([] { return core::open_file("/none/at/all", O_RDONLY), 0; }) ==
        "not_found | /none/at/all: cannot open: No such file or directory");
}

TEST_CASE("sync_folder takes the current folder as empty and refuses a file") {
  CHECK_NOTHROW(core::sync_folder(""));
  const test::TemporaryFolder folder;
  core::write_file_atomically(folder / "f", "x");
  CHECK(error_text([&] { return core::sync_folder(folder / "f"), 0; }) ==
        "io | " + (folder / "f").string() + ": cannot open: Not a directory");
}

TEST_SUITE_END();
