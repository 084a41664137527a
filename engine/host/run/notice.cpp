#include "host/run/notice.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/printable.hpp"
#include "host/exec_pointers.hpp"
#include "host/status_line.hpp"

namespace ballast::host {
namespace {

void append_line(const std::filesystem::path& file, const std::string& line) {
  core::create_folders(file.parent_path());
  const core::FileDescriptor out = core::open_file(file, O_WRONLY | O_APPEND | O_CREAT);
  core::write_all(out.get(), line, file);
  if (::fdatasync(out.get()) != 0) core::throw_errno("sync", file.string(), errno);
}

/// "BALLAST_SECRET_TOKEN=..." for "secret:token".
std::vector<std::string> environment_with(const Secrets* secrets) {
  std::vector<std::string> out;
  for (char** each = environ; *each != nullptr; ++each) out.emplace_back(*each);
  if (secrets == nullptr) return out;
  for (const std::string& placeholder : secrets->placeholders()) {
    std::string name = "BALLAST_SECRET_";
    for (const char c : placeholder.substr(placeholder.find(':') + 1))
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    out.push_back(fmt::format("{}={}", name, secrets->value(placeholder)));
  }
  return out;
}

/// Starts a program that nobody waits for. Returns the system's reason when it could not be started, else 0.
int start_detached(std::vector<std::string> command, std::vector<std::string> environment, const std::string& input) {
  std::vector<char*> arguments = exec_pointers(command), settings = exec_pointers(environment);
  const core::FileDescriptor text(::memfd_create("notice", MFD_CLOEXEC));
  if (!text) return errno;
  core::write_all(text.get(), input, "notice");
  if (::lseek(text.get(), 0, SEEK_SET) != 0) return errno;
  int failed[2];
  if (::pipe2(failed, O_CLOEXEC) != 0) return errno;
  const core::FileDescriptor reading(failed[0]);
  core::FileDescriptor writing(failed[1]);
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {  // only calls that are allowed between fork and exec
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(text.get(), 0);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    ::execvpe(arguments[0], arguments.data(), settings.data());
    const int reason = errno;
    [[maybe_unused]] const auto n = ::write(writing.get(), &reason, sizeof reason);
    ::_exit(127);
  }
  writing = {};
  ::waitpid(child, nullptr, 0);
  int reason = 0;
  // Nothing comes when the program was started: the pipe closes with exec.
  return ::read(reading.get(), &reason, sizeof reason) == sizeof reason ? reason : 0;
}

}  // namespace

std::vector<std::string> send_notice(const core::Json& notice, const NotifySettings& settings, const Desk& desk,
                                     const Secrets* secrets) {
  std::vector<std::string> out;
  const std::string line = core::canonical_json(notice) + "\n";
  if (settings.standard_error) {
    const StatusLinePause pause;
    fmt::print(stderr, "{}: {}\n", notice.value("level", "notice"), core::printable(notice.value("text", "")));
  }
  if (!settings.file.empty()) {
    try {
      append_line(desk.var / settings.file, line);
    } catch (const core::Error& e) {
      out.push_back(fmt::format("notice not written: {}", e.what()));
    }
  }
  if (!settings.command.empty()) {
    const int reason = start_detached(settings.command, environment_with(secrets), line);
    if (reason != 0)
      out.push_back(
          fmt::format("notice not sent: {} could not be started: {}", settings.command.front(), std::strerror(reason)));
  }
  return out;
}

}  // namespace ballast::host
