#include "host/status_line.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace ballast::host {
namespace {

constexpr std::size_t kColumnsUnknown = 80;

std::atomic<int> shown_on{-1};  // descriptor; -1 while no line is shown

std::string& shown_text() {
  static std::string text;
  return text;
}

/// What is shown is not needed by anything: a terminal that is gone is no error.
void write_quietly(int descriptor, std::string_view text) noexcept {
  [[maybe_unused]] const auto n = ::write(descriptor, text.data(), text.size());
}

std::size_t columns_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsUnknown;
  return size.ws_col;
}

/// The first characters, so many that the cursor stays in the line.
std::string_view cut(std::string_view text, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && ++characters == columns) return text.substr(0, at);
  }
  return text;
}

}  // namespace

void show_status_line(int descriptor, std::string text) {
  std::fflush(stdout);  // what was printed before stands before it
  clear_status_line();
  shown_text() = std::move(text);
  shown_on.store(descriptor);
  write_quietly(descriptor, cut(shown_text(), columns_of(descriptor)));
}

void clear_status_line() noexcept {
  const int descriptor = shown_on.exchange(-1);
  if (descriptor >= 0) write_quietly(descriptor, "\r\x1b[K");
}

StatusLinePause::StatusLinePause() : descriptor_(shown_on.load()) { clear_status_line(); }

StatusLinePause::~StatusLinePause() {
  if (descriptor_ >= 0) show_status_line(descriptor_, shown_text());
}

bool moves_cursor(int descriptor) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && terminal != nullptr && *terminal != '\0' && std::strcmp(terminal, "dumb") != 0;
}

}  // namespace ballast::host
