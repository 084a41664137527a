#include "host/run/child_process.hpp"

#include <cerrno>
#include <climits>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "host/exec_pointers.hpp"

namespace ballast::host {
namespace {

/// A process that a child left behind may hold the pipe open; and a signal may come just before the wait.
constexpr int kLookAgainMilliseconds = 500;

/// Takes what the process wrote, without waiting. Returns whether there was something.
bool take_said(ChildProcess& process) {
  char bytes[PIPE_BUF];
  const ssize_t count = ::read(process.ends.get(), bytes, sizeof bytes);
  if (count <= 0) return false;
  process.said.append(bytes, static_cast<std::size_t>(count));
  return true;
}

}  // namespace

ChildProcess start_process(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ballast");
  const std::vector<char*> pointers = exec_pointers(arguments);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) core::throw_errno("start", "a child run", errno);
  core::FileDescriptor reading(pipe[0]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const core::FileDescriptor writing(pipe[1]);
  const core::FileDescriptor nothing = core::open_file("/dev/null", O_RDONLY);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) core::throw_errno("start", "a child run", errno);
  if (child == 0) {   // only calls that are allowed between fork and exec
    ::setpgid(0, 0);  // Ctrl-C at the terminal is for the parent, which tells its children itself
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(130);  // it died just now
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    if (writing.get() == kToParent) {
      ::fcntl(kToParent, F_SETFD, 0);
    } else {
      ::dup2(writing.get(), kToParent);
    }
    ::execv(program.c_str(), pointers.data());
    ::_exit(127);
  }
  return {child, std::move(reading), {}};
}

bool has_waiting_parent() {
  struct stat found {};
  if (::fstat(kToParent, &found) != 0 || !S_ISFIFO(found.st_mode)) return false;
  ::fcntl(kToParent, F_SETFD, FD_CLOEXEC);
  return true;
}

void tell_parent(const core::Error& error) {
  const auto document = [&](const std::string& message) {
    return core::canonical_json(
        {{"code", std::string(core::code_name(error.code()))}, {"message", message}, {"where", error.where()}});
  };
  std::string text = document(error.message());
  if (text.size() > PIPE_BUF) text = document("its message is too long to be repeated; it stands on standard error");
  // A pipe takes so much at once, or its reader is gone, and then nobody asks.
  if (text.size() <= PIPE_BUF) static_cast<void>(!::write(kToParent, text.data(), text.size()));
}

Ending wait_for_one(std::vector<ChildProcess>& processes, const core::Stop& stop) {
  bool told = false;
  const auto ended = [&](std::size_t i, int status) {
    while (take_said(processes[i])) {  // what it wrote last
    }
    return Ending{i, status == 0, std::move(processes[i].said)};
  };
  while (true) {
    if (stop.requested() && !told) {
      for (const ChildProcess& each : processes) ::kill(each.id, SIGTERM);
      told = true;
    }
    for (std::size_t i = 0; i < processes.size(); ++i) {
      int status = -1;
      const pid_t found = ::waitpid(processes[i].id, &status, WNOHANG);
      if (found == processes[i].id || (found < 0 && errno == ECHILD)) return ended(i, status);
    }
    std::vector<pollfd> ends;
    for (const ChildProcess& each : processes) ends.push_back({each.ends.get(), POLLIN, 0});
    if (::poll(ends.data(), ends.size(), kLookAgainMilliseconds) <= 0) continue;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      if (ends[i].revents == 0 || take_said(processes[i])) continue;
      int status = -1;  // at its end, and about to be gone
      while (::waitpid(processes[i].id, &status, 0) < 0 && errno == EINTR) {
      }
      return ended(i, status);
    }
  }
}

}  // namespace ballast::host
