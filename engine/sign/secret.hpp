// Bytes that must not stay in memory: zeroed when they are let go, never copied, never printed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ballast::sign {

class Secret {
 public:
  Secret() = default;
  /// Never in the string's own short buffer, which every move would copy and leave behind.
  explicit Secret(std::size_t size) {
    bytes_.reserve(size < kLeastBytes ? kLeastBytes : size);
    bytes_.resize(size);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      bytes_.swap(other.bytes_);
    }
    return *this;
  }
  ~Secret() { wipe(); }

  std::string_view view() const noexcept { return bytes_; }
  char* data() noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  /// Requires: size <= size(). What is cut off is zeroed.
  void shrink(std::size_t size);
  void wipe() noexcept;

 private:
  static constexpr std::size_t kLeastBytes = 64;  // past the short buffer of every standard library
  std::string bytes_;
};

/// Decodes canonical Base64 without leaving a copy behind. Throws: Error{argument}, without the text.
Secret secret_from_base64(std::string_view text);
Secret secret_to_base64(std::string_view bytes);

}  // namespace ballast::sign
