#include "host/run/child_process.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "host/exec_pointers.hpp"

namespace ballast::host {
namespace {

/// A process that a child left behind may hold the pipe open; and a signal may come just before the wait.
constexpr int kLookAgainMilliseconds = 500;

}  // namespace

ChildProcess start_process(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ballast");
  const std::vector<char*> pointers = exec_pointers(arguments);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) core::throw_errno("start", "a child run", errno);
  core::FileDescriptor reading(pipe[0]);
  const core::FileDescriptor writing(pipe[1]);
  const core::FileDescriptor nothing = core::open_file("/dev/null", O_RDONLY);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) core::throw_errno("start", "a child run", errno);
  if (child == 0) {  // only calls that are allowed between fork and exec
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(130);  // it died just now
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::fcntl(writing.get(), F_SETFD, 0);
    ::execv(program.c_str(), pointers.data());
    ::_exit(127);
  }
  return {child, std::move(reading)};
}

Ending wait_for_one(const std::vector<ChildProcess>& processes, const core::Stop& stop) {
  bool told = false;
  while (true) {
    if (stop.requested() && !told) {
      for (const ChildProcess& each : processes) ::kill(each.id, SIGTERM);
      told = true;
    }
    for (std::size_t i = 0; i < processes.size(); ++i) {
      int status = -1;
      const pid_t ended = ::waitpid(processes[i].id, &status, WNOHANG);
      if (ended == processes[i].id || (ended < 0 && errno == ECHILD)) return {i, status == 0};
    }
    std::vector<pollfd> ends;
    for (const ChildProcess& each : processes) ends.push_back({each.ends.get(), POLLIN, 0});
    if (::poll(ends.data(), ends.size(), kLookAgainMilliseconds) <= 0) continue;
    // At its end, and about to be gone.
    for (std::size_t i = 0; i < processes.size(); ++i) {
      if (ends[i].revents == 0) continue;
      int status = -1;
      while (::waitpid(processes[i].id, &status, 0) < 0 && errno == EINTR) {
      }
      return {i, status == 0};
    }
  }
}

}  // namespace ballast::host
