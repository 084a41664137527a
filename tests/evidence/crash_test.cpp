// Processes that append are killed and starved at every point; whatever they acknowledged must be there afterwards,
// with the hash they were told, and the log must open and verify. Uses append_driver and the fault library.
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "support/scratch_folder.hpp"

using namespace ballast;

namespace {

using Environment = std::map<std::string, std::string>;

struct Child {
  pid_t pid = -1;
  int out = -1;
};

// The driver's standard output is a pipe; its standard error is thrown away.
Child start(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<std::string> words = {BALLAST_APPEND_DRIVER}, settings;
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (char** each = environ; *each != nullptr; ++each) settings.emplace_back(*each);
  for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& each : settings) envp.push_back(each.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  Child child;
  REQUIRE(posix_spawn(&child.pid, BALLAST_APPEND_DRIVER, &actions, nullptr, argv.data(), envp.data()) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  child.out = ends[0];
  return child;
}

std::string read_all(int fd) {
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return out;
}

int wait_for(const Child& child) {
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(const std::vector<std::string>& arguments, std::string* out = nullptr, const Environment& environment = {}) {
  const Child child = start(arguments, environment);
  const std::string text = read_all(child.out);
  if (out != nullptr) *out = text;
  return wait_for(child);
}

// "ack SEQ SHA256" lines to hash by seq; half a line at the end was not said.
std::map<std::string, std::string> acknowledged(const std::string& text) {
  std::map<std::string, std::string> out;
  std::istringstream lines(text.substr(0, text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1));
  for (std::string word, seq, hash; lines >> word >> seq >> hash;) {
    CHECK_MESSAGE(!out.contains(seq), "entry acknowledged twice");
    out[seq] = hash;
  }
  return out;
}

struct Desk {
  support::ScratchFolder scratch;
  std::string keys = scratch / "keys";
  std::string log = scratch / "log";
  Desk() { REQUIRE(run({"keys", keys}) == 0); }

  // Opens, verifies and compares: everything acknowledged is there with its hash.
  void check(const std::map<std::string, std::string>& acks) const {
    std::string text;
    const int status = run({"verify", log, keys}, &text);
    CHECK(status == 0);
    std::map<std::string, std::string> there;
    std::istringstream lines(text);
    for (std::string seq, hash; lines >> seq >> hash;) there[seq] = hash;
    for (const auto& each : acks) {
      CAPTURE(each.first);
      CHECK(there[each.first] == each.second);
    }
  }
};

}  // namespace

TEST_SUITE("evidence") {
  TEST_CASE("killed at random moments, four processes lose no acknowledged entry of a thousand") {
    const Desk desk;
    std::mt19937 random(20260301);
    std::map<std::string, std::string> acks;
    int kills = 0;
    unsigned spread = 25000;  // microseconds; a slow or busy machine needs longer to acknowledge anything
    while (acks.size() < 1000) {
      const std::size_t before = acks.size();
      std::vector<Child> children;
      for (int i = 0; i < 4; ++i) children.push_back(start({"append", desk.log, desk.keys, "100"}));
      std::vector<std::string> said(4);
      {
        std::vector<std::jthread> readers;
        for (std::size_t i = 0; i < 4; ++i) readers.emplace_back([&, i] { said[i] = read_all(children[i].out); });
        for (const Child& child : children) {
          std::this_thread::sleep_for(std::chrono::microseconds(random() % spread));
          ::kill(child.pid, SIGKILL);
        }
      }
      for (std::size_t i = 0; i < 4; ++i) {
        kills += wait_for(children[i]) == 128 + SIGKILL ? 1 : 0;
        for (const auto& [seq, hash] : acknowledged(said[i])) {
          CHECK_MESSAGE(!acks.contains(seq), "entry acknowledged to two processes");
          acks[seq] = hash;
        }
      }
      if (acks.size() < before + 20) spread *= 2;
      desk.check(acks);
    }
    CHECK(kills > 10);
  }

  TEST_CASE("whatever call fails, nothing is acknowledged that is not there, and the log opens and verifies") {
    for (const char* scenario : {"fresh", "used", "torn"}) {
      // What the scenario starts from is made once and copied, so that every run meets the same calls.
      const Desk desk;
      if (scenario != std::string("fresh")) REQUIRE(run({"append", desk.log, desk.keys, "2"}) == 0);
      if (scenario == std::string("torn")) {
        for (const auto& entry : std::filesystem::directory_iterator(desk.log)) {
          if (entry.path().extension() == ".jsonl") std::ofstream(entry.path(), std::ios::app) << "{\"torn";
        }
      }
      const std::string begin = desk.scratch / "begin";
      if (std::filesystem::exists(desk.log))
        std::filesystem::copy(desk.log, begin, std::filesystem::copy_options::recursive);
      std::string before_text;
      std::map<std::string, std::string> before;
      for (const char* call : {"write", "pwrite", "fdatasync", "fsync", "rename", "ftruncate"}) {
        const auto reset = [&] {
          std::filesystem::remove_all(desk.log);
          if (std::filesystem::exists(begin))
            std::filesystem::copy(begin, desk.log, std::filesystem::copy_options::recursive);
        };
        const std::string count_file = desk.scratch / "count";
        reset();
        REQUIRE(run({"append", desk.log, desk.keys, "3"}, nullptr,
                    {{"LD_PRELOAD", BALLAST_FAULTS},
                     {"FAULT_CALL", call},
                     {"FAULT_AT", "0"},
                     {"FAULT_COUNT", count_file}}) == 0);
        const int calls = std::stoi(core::read_file(count_file));
        if (call == std::string("fdatasync") || call == std::string("write")) REQUIRE(calls >= 4);
        for (int at = 1; at <= calls; ++at) {
          for (const char* mode : {"EIO", "ENOSPC", "short", "kill", "stay"}) {
            if (mode == std::string("short") && std::string(call).find("write") == std::string::npos) continue;
            reset();
            std::string said;
            run({"append", desk.log, desk.keys, "3"}, &said,
                {{"LD_PRELOAD", BALLAST_FAULTS},
                 {"FAULT_CALL", call},
                 {"FAULT_AT", std::to_string(at)},
                 {"FAULT_MODE", mode}});
            CAPTURE(scenario);
            CAPTURE(call);
            CAPTURE(at);
            CAPTURE(mode);
            CAPTURE(said);
            desk.check(acknowledged(said));
          }
        }
      }
    }
  }

  TEST_CASE("threads killed in the middle of group commits lose nothing acknowledged") {
    const Desk desk;
    std::map<std::string, std::string> acks;
    for (int round = 1; round <= 12; ++round) {
      std::string said;
      run({"threads", desk.log, desk.keys, "50", "6"}, &said,
          {{"LD_PRELOAD", BALLAST_FAULTS},
           {"FAULT_CALL", "any"},
           {"FAULT_AT", std::to_string(3 + round * 7)},
           {"FAULT_MODE", round % 2 == 0 ? "kill" : "EIO"}});
      for (const auto& [seq, hash] : acknowledged(said)) acks[seq] = hash;
      desk.check(acks);
    }
    CHECK(acks.size() > 20);
  }
}
