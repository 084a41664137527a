// Secrets: moves leave nothing behind, and files that others may read are refused.
#include "sign/secret.hpp"

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "sign/private_file.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace ballast;
using test::error_text;

TEST_SUITE_BEGIN("sign");

TEST_CASE("a move hands the bytes over where they are: no copy of them stays behind") {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 4096U}) {
    CAPTURE(size);
    sign::Secret first(size);
    const char* bytes = first.data();
    sign::Secret second(std::move(first));
    CHECK(second.data() == bytes);
    sign::Secret third(8);
    third = std::move(second);
    CHECK(third.data() == bytes);
    CHECK(third.size() == size);
  }
}

TEST_CASE("only a file that is the owner's alone is read") {
  const test::TemporaryFolder folder;
  const auto file = folder / "token";
  const auto read = [&](const std::filesystem::path& path, sign::Links links) {
    return error_text([&] { return sign::read_private_file(path, "a token", links).size(); });
  };
  std::FILE* out = std::fopen(file.c_str(), "w");
  REQUIRE(out != nullptr);
  std::fputs("abc", out);
  std::fclose(out);
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    ::chmod(file.c_str(), mode);
    CHECK(read(file, sign::Links::follow).find("a token that others may read is refused") != std::string::npos);
  }
  ::chmod(file.c_str(), 0600);
  CHECK(sign::read_private_file(file, "a token", sign::Links::follow).view() == "abc");
  std::filesystem::create_symlink(file, folder / "link");
  CHECK(sign::read_private_file(folder / "link", "a token", sign::Links::follow).view() == "abc");
  CHECK(read(folder / "link", sign::Links::refuse).starts_with("io | "));
  CHECK(read(folder / "none", sign::Links::follow).starts_with("not_found | "));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(read(folder / "pipe", sign::Links::follow).find("must be an ordinary file") != std::string::npos);
}

TEST_SUITE_END();
