#include "host/hand_over/program.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/exec_pointers.hpp"

namespace ballast::host {
namespace {

struct Pipe {
  core::FileDescriptor reading, writing;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) core::throw_errno("make a pipe for", "a program", errno);
    reading = core::FileDescriptor(ends[0]);
    writing = core::FileDescriptor(ends[1]);
  }
};

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> out;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    if (!changes.contains(std::string(entry.substr(0, entry.find('='))))) out.emplace_back(entry);
  }
  for (const auto& [name, value] : changes) {
    if (!value.empty()) out.push_back(name + "=" + value);
  }
  return out;
}

/// Takes what both pipes hold until their writers are gone.
void drain(const Pipe& out, const Pipe& error, ProgramResult& result) {
  pollfd watched[2] = {{out.reading.get(), POLLIN, 0}, {error.reading.get(), POLLIN, 0}};
  for (int open = 2; open > 0;) {
    if (::poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      core::throw_errno("wait for", "a program", errno);
    }
    for (int i = 0; i < 2; ++i) {
      if (watched[i].fd < 0 || watched[i].revents == 0) continue;
      char buffer[8192];
      const ssize_t n = ::read(watched[i].fd, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n > 0) {
        (i == 0 ? result.out : result.error).append(buffer, static_cast<std::size_t>(n));
      } else {
        watched[i].fd = -1;
        --open;
      }
    }
  }
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment) {
  std::vector<std::string> words = command, settings = merged_environment(environment);
  std::vector<char*> arguments = exec_pointers(words), variables = exec_pointers(settings);
  const core::FileDescriptor nothing = core::open_file("/dev/null", O_RDONLY);
  Pipe out, error, failed;
  const pid_t child = ::fork();
  if (child < 0) core::throw_errno("start", command.front(), errno);
  if (child == 0) {  // only calls that are allowed between fork and exec
    ::dup2(nothing.get(), 0);
    ::dup2(out.writing.get(), 1);
    ::dup2(error.writing.get(), 2);
    ::execvpe(arguments[0], arguments.data(), variables.data());
    const int reason = errno;
    [[maybe_unused]] const auto n = ::write(failed.writing.get(), &reason, sizeof reason);
    ::_exit(127);
  }
  for (Pipe* each : {&out, &error, &failed}) each->writing = {};
  ProgramResult result;
  drain(out, error, result);
  int reason = 0, status = 0;
  const bool not_started = ::read(failed.reading.get(), &reason, sizeof reason) == sizeof reason;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (not_started)
    throw core::Error(core::Code::not_found, fmt::format("cannot be started: {}", std::strerror(reason)),
                      command.front());
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace ballast::host
