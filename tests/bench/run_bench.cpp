// What durability costs a run: a step against the disk's own floor, going on with ten thousand steps against reading
// and parsing their bytes, and waiting against a process that sleeps. Each and its peer run by turns; the ratio counts.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "core/file.hpp"
#include "host/configuration.hpp"
#include "host/run/resume.hpp"
#include "host/run/run.hpp"
#include "support/command.hpp"

using namespace ballast;

namespace {

namespace fs = std::filesystem;
using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

constexpr const char* kRunbook =
    "return require('runbook').define { name = 'steps', version = 1, summary = 'Many steps.',\n"
    "params = { n = { type = 'integer', required = true, text = 'How many.' } },\n"
    "main = function(run)\n"
    "  for i = 1, run.params.n do\n"
    "    run:step('step ' .. i, function() return { n = i, text = 'what it found' } end)\n"
    "  end\n"
    "  run:confirm { name = 'go on', text = 'Go on?' }\n"
    "end }\n";

/// A desk with the runbook, and what is needed to run it in this process.
struct Bench {
  test::TestDesk test;
  host::Desk desk;
  host::Configuration configuration;

  Bench()
      : desk{test.desk(), BALLAST_SOURCE_DIR, test.var(), test.keys()},
        configuration(host::read_configuration(desk, {}, {"limits.runbook.seconds=3600"})) {
    test.spill("runbooks/steps.lua", kRunbook);
  }

  /// Runs it until it waits. Returns the run's id.
  std::string run(int steps) {
    host::RunRequest request;
    request.runbook = "steps";
    request.actor = "bench";
    request.parameters.set.push_back("n=" + std::to_string(steps));
    const host::RunResult result = host::execute_run(desk, configuration, request);
    if (result.status != "waiting") throw std::runtime_error("it did not wait: " + result.status);
    return result.id;
  }
  fs::path journal(const std::string& run) const { return test.var() / "runs" / run / "journal.jsonl"; }
};

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line + "\n");
  return out;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void report(benchmark::State& state, const std::vector<double>& ratios, double peer) {
  state.counters["ratio"] = median(ratios);
  state.counters["ratio_least"] = *std::min_element(ratios.begin(), ratios.end());
  state.counters["ratio_most"] = *std::max_element(ratios.begin(), ratios.end());
  state.counters["peer_us"] = peer * 1e6;
}

/// From the end of the first step to that of the last, as their records have it: beginning and end of a run have costs
/// of their own.
Seconds time_of_steps(const Bench& bench, const std::string& run) {
  std::vector<core::Instant> ends;
  for (const std::string& line : lines_of(bench.journal(run))) {
    if (line.find("\"kind\":\"step_finished\"") == std::string::npos) continue;
    ends.push_back(core::parse_instant(nlohmann::json::parse(line)["time"].get<std::string>()));
  }
  const auto took = ends.back().microseconds - ends.front().microseconds;
  return Seconds(static_cast<double>(took) / 1e6 * static_cast<double>(ends.size()) /
                 static_cast<double>(ends.size() - 1));
}

/// The floor: the bytes that each step left, appended and synced, and nothing else.
Seconds floor_of(const Bench& bench, const std::string& run, int steps) {
  std::vector<std::string> each;
  std::string begun;
  for (const std::string& line : lines_of(bench.journal(run))) {
    if (line.find("\"kind\":\"step_started\"") != std::string::npos) begun = line;
    if (line.find("\"kind\":\"step_finished\"") != std::string::npos) each.push_back(begun + line);
  }
  if (each.size() != static_cast<std::size_t>(steps)) throw std::runtime_error("steps are missing");
  const fs::path file = bench.journal(run).parent_path() / "floor";
  const core::FileDescriptor out = core::open_file(file, O_WRONLY | O_CREAT | O_APPEND);
  const auto began = Clock::now();
  for (const std::string& bytes : each) {
    core::write_all(out.get(), bytes, file);
    if (::fdatasync(out.get()) != 0) throw std::runtime_error("fdatasync");
  }
  const Seconds took = Clock::now() - began;
  fs::remove(file);
  return took;
}

void journaled_step(benchmark::State& state) {
  constexpr int kEach = 1000;
  Bench bench;
  bench.run(1);  // keys, folders
  std::vector<double> ratios, floors;
  for (auto _ : state) {
    const std::string run = bench.run(kEach);
    const Seconds took = time_of_steps(bench, run);
    const Seconds floor = floor_of(bench, run, kEach);
    state.SetIterationTime(took.count() / kEach);
    ratios.push_back(took / floor);
    floors.push_back(floor.count() / kEach);
  }
  report(state, ratios, median(floors));
}

Seconds parse_all(const fs::path& file) {
  const auto began = Clock::now();
  const std::string bytes = core::read_file(file);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find('\n', at);
    benchmark::DoNotOptimize(nlohmann::json::parse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                                   bytes.begin() + static_cast<std::ptrdiff_t>(end)));
    at = end + 1;
  }
  return Clock::now() - began;
}

void resume_ten_thousand(benchmark::State& state) {
  constexpr int kSteps = 10000;
  Bench bench;
  const std::string run = bench.run(kSteps);
  std::vector<double> ratios, parses;
  for (auto _ : state) {
    const Seconds parsed = parse_all(bench.journal(run));
    const auto began = Clock::now();
    host::ResumeRequest request;
    request.run = run;
    request.actor = "bench";
    if (host::resume_run(bench.desk, bench.configuration, request).status != "waiting")
      throw std::runtime_error("it did not wait again");
    const Seconds took = Clock::now() - began;
    state.SetIterationTime(took.count());
    ratios.push_back(took / parsed);
    parses.push_back(parsed.count());
  }
  report(state, ratios, median(parses));
}

Seconds cpu_of(pid_t process) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    throw std::runtime_error("the process is gone");
  return Seconds(static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9);
}

/// Whether a process is there and sleeps: one that has ended uses no CPU either.
bool is_asleep(pid_t process) {
  const std::string stat = test::slurp(fmt::format("/proc/{}/stat", process));
  const std::size_t name = stat.rfind(')');
  return name != std::string::npos && stat.substr(name).starts_with(") S ");
}

/// CPU that a process takes in a second, over five.
double idle_cpu(pid_t process) {
  const Seconds before = cpu_of(process);
  std::this_thread::sleep_for(std::chrono::seconds(5));
  return (cpu_of(process) - before).count() / 5;
}

void end(pid_t process) {
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
}

void idle_wait(benchmark::State& state) {
  const test::TestDesk desk;
  desk.spill("runbooks/patient.lua",
             "return require('runbook').define { name = 'patient', version = 1, summary = 'Waits.', main = "
             "function(run) run:wait { name = 'long', until_ = '1h' } end }\n");
  const pid_t sleeper = ::fork();
  if (sleeper == 0) {
    for (;;) ::pause();
  }
  const pid_t waiting = test::start_command(desk.command({"run", "patient"}));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  for (auto _ : state) {
    const double peer = idle_cpu(sleeper), used = idle_cpu(waiting);
    if (!is_asleep(waiting) || !fs::exists(desk.var() / "runs")) throw std::runtime_error("the run does not wait");
    state.SetIterationTime(used);
    state.counters["cpu_us_per_s"] = used * 1e6;
    state.counters["sleeper_us_per_s"] = peer * 1e6;
  }
  end(waiting);
  end(sleeper);
}

}  // namespace

BENCHMARK(journaled_step)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(9);
BENCHMARK(resume_ten_thousand)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(7);
BENCHMARK(idle_wait)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(1);
BENCHMARK_MAIN();
