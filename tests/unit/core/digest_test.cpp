// Digests and Base64 against FIPS 180-4 and RFC 4648.
#include "core/digest.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/file.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace ballast;
using test::error_text;

TEST_SUITE_BEGIN("core");

TEST_CASE("sha256_hex gives the examples NIST publishes for FIPS 180-4") {
  CHECK(core::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(core::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(core::sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(core::sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a digest taken in pieces is the digest of the whole, and the hasher starts anew") {
  core::Sha256 hasher;
  for (const char* piece : {"a", "", "bc"}) hasher.update(piece);
  CHECK(core::to_hex(hasher.finish()) == core::sha256_hex("abc"));
  CHECK(core::to_hex(hasher.finish()) == core::sha256_hex(""));
}

TEST_CASE("sha256_file_hex hashes what is on disk and names a path it cannot read") {
  const test::TemporaryFolder folder;
  const auto path = folder / "million";
  core::write_file_atomically(path, std::string(1'000'000, 'a'));
  CHECK(core::sha256_file_hex(path) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(error_text([&] { return core::sha256_file_hex(folder / "none"); }) ==
        "not_found | " + (folder / "none").string() + ": cannot open: No such file or directory");
  CHECK(error_text([&] { return core::sha256_file_hex(folder.path()); }) ==
        "io | " + folder.path().string() + ": cannot read: Is a directory");
}

TEST_CASE("Base64 gives the vectors of RFC 4648, section 10, both ways") {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& row : vectors) {
    const auto& bytes = row.first;
    const auto& text = row.second;
    CHECK(core::to_base64(bytes) == text);
    CHECK(core::from_base64(text) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(core::from_base64(core::to_base64(all)) == all);
}

TEST_CASE("from_base64 accepts only the one spelling of each value") {
  for (const std::string text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", " Zg==", "Zg==\n", "Zm9v Zm9v",
                                 "Zm9vYg==Zm9v", "Zm-v", "Zm_v", "\n\n\n\n", "Zg==="}) {
    CAPTURE(text);
    CHECK(error_text([&] { return core::from_base64(text); }) == "argument | not Base64 with padding");
  }
}

TEST_CASE("to_hex writes two lower-case digits a byte, high half first") {
  CHECK(core::to_hex(std::string_view("\x00\x0f\xf0\xff", 4)) == "000ff0ff");
}

TEST_CASE("random_bytes gives what was asked for and comparisons see every byte") {
  CHECK(core::random_bytes(0).empty());
  const std::string a = core::random_bytes(32);
  CHECK(a.size() == 32);
  CHECK_FALSE(a == core::random_bytes(32));
  CHECK(core::equal_in_constant_time(a, std::string(a)));
  CHECK_FALSE(core::equal_in_constant_time(a, a.substr(1)));
  std::string b = a;
  b[31] = static_cast<char>(b[31] ^ 1);
  CHECK_FALSE(core::equal_in_constant_time(a, b));
  CHECK(core::equal_in_constant_time("", ""));
}

TEST_SUITE_END();
