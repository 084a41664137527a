#include "core/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/json.hpp"

namespace ballast::core {
namespace {

/// Bytes of the character that begins with `first`, if it is well-formed; is_utf8 says whether it is.
std::size_t length_by(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

bool is_control(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  return character.size() == 2 && byte(0) == 0xC2 && byte(1) < 0xA0;  // C1: terminals take U+009B for ESC [
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view character = text.substr(0, length_by(static_cast<unsigned char>(text.front())));
    const bool readable = is_utf8(character);
    if (!readable) character = text.substr(0, 1);
    if (readable && !is_control(character)) {
      out += character;
    } else {
      for (const char each : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(each));
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace ballast::core
