// Runs the ballast binary as people do and captures what it wrote, with its exit status. Also a desk of a test's own:
// fresh `var`, keys and home, so that nothing of the machine or of another test is seen.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/json.hpp"
#include "support/temporary_folder.hpp"

namespace ballast::test {

struct Ran {
  int status = -1;
  std::string out, error;
  /// The one document of `--json`. Throws: Error when standard output holds anything else.
  core::Json json() const { return core::parse_json(out, "standard output"); }
  bool mentions(std::string_view text) const { return (out + error).find(text) != std::string::npos; }
};

struct Command {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  std::filesystem::path folder = BALLAST_SOURCE_DIR;
  std::string input;
  std::optional<rlim_t> largest_file;  ///< stands for a full disk: writing past it fails
};

inline std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void spill(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline Ran run_command(const Command& command) {
  int out[2], error[2], in[2];
  // Not inherited by what other threads start meanwhile: who reads an end waits until nobody holds the other.
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(error, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(error[1], 2);
    for (const int each : {in[0], in[1], out[0], out[1], error[0], error[1]}) ::close(each);
    if (::chdir(command.folder.c_str()) != 0) ::_exit(126);
    for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (command.largest_file) {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{*command.largest_file, *command.largest_file};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    std::vector<char*> argv;
    for (const std::string& each : command.arguments) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  for (const int each : {in[0], out[1], error[1]}) ::close(each);
  std::signal(SIGPIPE, SIG_IGN);
  if (!command.input.empty() && ::write(in[1], command.input.data(), command.input.size()) < 0) std::perror("write");
  ::close(in[1]);
  Ran result;
  pollfd watched[2] = {{out[0], POLLIN, 0}, {error[0], POLLIN, 0}};
  for (int open = 2; open > 0;) {
    ::poll(watched, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (watched[i].fd < 0 || watched[i].revents == 0) continue;
      char buffer[8192];
      const ssize_t n = ::read(watched[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        (i == 0 ? result.out : result.error).append(buffer, static_cast<std::size_t>(n));
      } else {
        ::close(watched[i].fd);
        watched[i].fd = -1;
        --open;
      }
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// Starts a command that goes on by itself and says nothing.
inline pid_t start_command(const Command& command) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int each : {0, 1, 2}) ::dup2(nowhere, each);
  if (::chdir(command.folder.c_str()) != 0) ::_exit(126);
  for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const std::string& each : command.arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

/// A desk folder with `var`, keys and home of its own. Commands run inside it.
class TestDesk {
 public:
  TestDesk() {
    std::filesystem::create_directories(desk());
    environment_ = {{"HOME", (folder_ / "home").string()},
                    {"XDG_CONFIG_HOME", (folder_ / "config").string()},
                    {"XDG_STATE_HOME", (folder_ / "state").string()},
                    {"NO_COLOR", "1"}};
  }
  std::filesystem::path desk() const { return folder_ / "desk"; }
  std::filesystem::path var() const { return desk() / "var"; }
  std::filesystem::path keys() const { return folder_ / "config/ballast/keys"; }
  std::filesystem::path outside(const std::string& name) const { return folder_ / name; }

  Command command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), BALLAST_BINARY);
    return {std::move(arguments), environment_, desk(), {}, {}};
  }
  Ran run(std::vector<std::string> arguments) const { return run_command(command(std::move(arguments))); }
  /// One portfolio cycle at a fixed time over the sample market.
  std::vector<std::string> cycle(std::vector<std::string> more = {}) const {
    std::vector<std::string> out{"run", "portfolio_cycle", "--set", "portfolio_value=1e6", "--now",
                                 kNow,  "--actor",         "tester"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  void sample() const { run({"data", "sample"}); }
  void spill(const std::string& name, std::string_view text) const { test::spill(desk() / name, text); }

  static constexpr const char* kNow = "2026-01-15T00:00:00Z";

 private:
  TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

/// Names of files below a folder that look half-written.
inline std::vector<std::string> temporary_files(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  if (!std::filesystem::exists(folder)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.find(".tmp") != std::string::npos || name.starts_with(".ballast") || name.ends_with("-journal"))
      out.push_back(entry.path().string());
  }
  return out;
}

}  // namespace ballast::test
