#include "host/run/terminal_prompt.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/limits.hpp"
#include "host/status_line.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kLongestLine = 4096;  // what a terminal gives at once

/// While it lives, signals that end or stop the process wait: their usual effect comes when this goes, after whoever
/// holds it has put the terminal right.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int each : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}) sigaddset(&held, each);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
    waiting_ = core::FileDescriptor(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  /// Readable when a signal waits. It is never read, so that the signal stays.
  int descriptor() const noexcept { return waiting_.get(); }

 private:
  sigset_t before_{};
  core::FileDescriptor waiting_;
};

/// While it lives, what is typed does not show, but the end of the line does.
class HiddenTyping {
 public:
  explicit HiddenTyping(Echo echo) {
    if (echo == Echo::on) return;
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) core::throw_errno("ask at", "the terminal", errno);
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    hidden.c_lflag |= ECHONL;
    // Flushed, so that nothing typed before the question is taken for the answer.
    if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0) core::throw_errno("ask at", "the terminal", errno);
    changed_ = true;
  }
  ~HiddenTyping() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

enum class Awaited { input, signal };

Awaited wait_for_input(int signals) {
  std::array<pollfd, 2> watched{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
  while (::poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) core::throw_errno("read from", "the terminal", errno);
  }
  return watched[1].revents != 0 ? Awaited::signal : Awaited::input;
}

}  // namespace

bool can_ask() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

std::optional<sign::Secret> ask_line(std::string_view prompt, Echo echo) {
  const StatusLinePause pause;
  while (!was_interrupted()) {
    const HeldSignals signals;
    const HiddenTyping typing(echo);
    core::write_all(STDERR_FILENO, prompt, "the terminal");
    // After a signal that left the process going (Ctrl-Z and fg) the question is put again.
    if (wait_for_input(signals.descriptor()) == Awaited::signal) continue;
    sign::Secret line(kLongestLine);
    const ssize_t n = ::read(STDIN_FILENO, line.data(), line.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EIO) core::throw_errno("read from", "the terminal", errno);
    if (n <= 0) return std::nullopt;  // EIO: the terminal is gone
    const auto size = static_cast<std::size_t>(n);
    line.shrink(line.view()[size - 1] == '\n' ? size - 1 : size);
    return line;
  }
  return std::nullopt;
}

}  // namespace ballast::host
