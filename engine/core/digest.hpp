// SHA-256, random bytes and Base64 (libcrypto stays inside digest.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::core {

using Digest = std::array<std::uint8_t, 32>;

/// Computes SHA-256 over bytes given in pieces. Reusable: `finish` starts the next message.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::string_view bytes);
/// Returns the digest as 64 lower-case hexadecimal digits, the form used in files and log entries.
std::string sha256_hex(std::string_view bytes);
/// Hashes a file without loading it. Throws: Error{io | not_found} naming the path.
std::string sha256_file_hex(const std::filesystem::path& path);

std::string to_hex(std::string_view bytes);
std::string to_hex(const Digest& digest);

/// Standard alphabet with padding (RFC 4648, 4).
std::string to_base64(std::string_view bytes);
/// Throws: Error{argument} unless `text` is canonical padded Base64.
std::string from_base64(std::string_view text);

/// Returns `count` bytes from the operating system's generator. Throws: Error{crypto}.
std::string random_bytes(std::size_t count);

/// Compares without telling by its time where the first difference is.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace ballast::core
