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
  explicit Secret(std::size_t size) : bytes_(size, '\0') {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      // A swap and not a move: a short string is copied by a move and would stay behind in `other`.
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
  std::string bytes_;
};

/// Decodes canonical Base64 without leaving a copy behind. Throws: Error{argument}, without the text.
Secret secret_from_base64(std::string_view text);
Secret secret_to_base64(std::string_view bytes);

}  // namespace ballast::sign
