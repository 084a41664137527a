// The bytes behind every hash, kept once: var/objects/<sha256>. Write-once, durable before it is named anywhere,
// checked each time it is read. Format: docs/formats/objects.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::journal {

/// Returns whether `text` is 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text) noexcept;

class ObjectStore {
 public:
  explicit ObjectStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Stores bytes durably unless they are there already. Returns their SHA-256. Throws: Error{io}; Error{crypto} when
  /// an object of that name is there with other bytes.
  std::string put(std::string_view bytes) const;
  /// Returns the bytes. Throws: Error{not_found}; Error{crypto} when they no longer match their name; Error{io}.
  std::string get(std::string_view sha256) const;
  bool has(std::string_view sha256) const;
  std::filesystem::path path_of(std::string_view sha256) const;
  const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace ballast::journal
