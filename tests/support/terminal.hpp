// Runs a command on a terminal of its own, as somebody who types: for what a pipe does not show (editing, Ctrl-C).
#pragma once

#include <chrono>
#include <string>

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "support/command.hpp"

namespace ballast::test {

class Terminal {
 public:
  explicit Terminal(const Command& command) {
    child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (child_ == 0) {
      if (::chdir(command.folder.c_str()) != 0) ::_exit(126);
      ::setenv("TERM", "dumb", 1);  // unless the command has another one
      for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
      std::vector<char*> argv;
      for (const std::string& each : command.arguments) argv.push_back(const_cast<char*>(each.c_str()));
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Terminal() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(terminal_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  pid_t process() const { return child_; }
  void type(std::string_view text) {
    if (::write(terminal_, text.data(), text.size()) < 0) std::perror("write");
  }
  /// Waits until `text` appears after what was waited for before; false when it does not within ten seconds.
  bool shows(std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      if (const auto at = shown_.find(text, seen_); at != std::string::npos) {
        seen_ = at + text.size();
        return true;
      }
      if (std::chrono::steady_clock::now() > end || !more(100)) return false;
    }
  }
  /// Waits for the end of the process. Returns: its status; -1 when it goes on for ten seconds.
  int finish() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
      more(20);
      int status = 0;
      if (::waitpid(child_, &status, WNOHANG) == child_) {
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
    return -1;
  }
  const std::string& shown() const { return shown_; }
  /// Whether what is typed shows.
  bool echoes() const {
    termios now{};
    return ::tcgetattr(terminal_, &now) == 0 && (now.c_lflag & ECHO) != 0;
  }

 private:
  /// Reads what is there within `milliseconds`; false when the other side is closed.
  bool more(int milliseconds) {
    pollfd watched{terminal_, POLLIN, 0};
    if (::poll(&watched, 1, milliseconds) <= 0) return true;
    char buffer[4096];
    const ssize_t n = ::read(terminal_, buffer, sizeof buffer);
    if (n <= 0) return false;
    shown_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string shown_;
  std::size_t seen_ = 0;
};

}  // namespace ballast::test
