#include "durability/trial.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "host/run/history.hpp"

namespace ballast::test {
namespace {

namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

/// A command whose syncs cost nothing.
Command without_syncs(const TestDesk& desk, const std::vector<std::string>& arguments) {
  Command out = desk.command(arguments);
  out.environment["LD_PRELOAD"] = BALLAST_FAULTS;
  out.environment["FAULT_SKIP"] = "1";
  return out;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> out;
  std::istringstream text(slurp(file));
  for (std::string line; std::getline(text, line);) out.push_back(line);
  return out;
}

/// Entries that tell of the log itself, or of how often a run was interrupted.
bool is_about_the_log(const std::string& kind) {
  return kind == "recovery" || kind == "run_finished" || kind == "run_stopped";
}

std::string without(core::Json record, const std::set<std::string>& members) {
  for (const std::string& each : members) record.erase(each);
  return record.dump();
}

bool has_whole_record(const fs::path& journal) { return slurp(journal).find('\n') != std::string::npos; }

}  // namespace

Ran run_plain(const TestDesk& desk, const std::vector<std::string>& arguments) {
  return run_command(without_syncs(desk, arguments));
}

std::string told(const std::string& what, const Ran& ran) {
  return what + " ended with " + std::to_string(ran.status) + ": " + ran.out + ran.error;
}

bool had_ended(const Ran& ran) { return ran.status == 2 && ran.mentions("the run has ended"); }

Scenario::Scenario(std::string name, std::vector<std::string> arguments,
                   const std::function<void(const TestDesk&)>& prepare, int status)
    : name_(std::move(name)), arguments_(std::move(arguments)), status_(status) {
  prepare(start_);
  const auto undisturbed = copy();
  const Ran ran = run_plain(*undisturbed, arguments_);
  if (ran.status != status_) throw std::runtime_error(told(name_, ran));
  expected_ = traces_of(*undisturbed);
}

std::unique_ptr<TestDesk> copy_of(const TestDesk& desk) {
  auto out = std::make_unique<TestDesk>();
  const auto options = fs::copy_options::recursive | fs::copy_options::overwrite_existing;
  fs::copy(desk.desk(), out->desk(), options);
  if (fs::exists(desk.outside("config"))) fs::copy(desk.outside("config"), out->outside("config"), options);
  return out;
}

long count_calls(const TestDesk& desk, const std::vector<std::string>& arguments, const std::string& calls,
                 const std::string& child) {
  const auto copied = copy_of(desk);
  Command command = without_syncs(*copied, arguments);
  const fs::path file = copied->outside("count");
  command.environment["FAULT_CALL"] = calls;
  command.environment["FAULT_CHILD"] = child;
  command.environment["FAULT_COUNT"] = file.string();
  const Ran ran = run_command(command);
  if (!fs::exists(file)) throw std::runtime_error(told("counting", ran));
  return std::stol(slurp(file));
}

Ran run_with(const TestDesk& desk, const std::vector<std::string>& arguments, const Fault& fault) {
  Command command = without_syncs(desk, arguments);
  command.environment["FAULT_CALL"] = fault.calls;
  command.environment["FAULT_AT"] = std::to_string(fault.at);
  command.environment["FAULT_MODE"] = fault.mode;
  command.environment["FAULT_CHILD"] = fault.child;
  return run_command(command);
}

std::unique_ptr<TestDesk> killed(const TestDesk& desk, const std::vector<std::string>& arguments, long at,
                                 const std::string& calls, const std::string& mode) {
  auto out = copy_of(desk);
  const Ran ran = run_with(*out, arguments, {calls, at, mode});
  if (ran.status != 128 + SIGKILL) throw std::runtime_error(told("what was to be killed", ran));
  return out;
}

long first_kill(const TestDesk& desk, const std::vector<std::string>& arguments, long from,
                const std::function<bool(const TestDesk&)>& holds) {
  const long last = count_calls(desk, arguments);
  for (long at = from; at <= last; ++at) {
    if (holds(*killed(desk, arguments, at))) return at;
  }
  return 0;
}

std::string begun_run(const TestDesk& desk) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(desk.var() / "runs", none)) {
    const std::string name = entry.path().filename().string();
    if (name.find('.') == std::string::npos && has_whole_record(entry.path() / "journal.jsonl")) return name;
  }
  return {};
}

Traces traces_of(const TestDesk& desk) {
  Traces out;
  const fs::path log = desk.var() / "audit/decision_log";
  for (const auto& entry : fs::recursive_directory_iterator(desk.var())) {
    const std::string path = entry.path().lexically_relative(desk.var()).string();
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || path.starts_with("runs/") || path.starts_with("objects/") ||
        path.starts_with("audit/decision_log/") || path.starts_with("market.sqlite") || path.starts_with("locks/"))
      continue;
    if (name.starts_with(".") && name.ends_with(".tmp")) continue;  // what nobody looks at
    out.files[path] = slurp(entry.path());
  }
  std::set<fs::path> segments;
  for (const auto& entry : fs::directory_iterator(log)) {
    if (entry.path().extension() == ".jsonl") segments.insert(entry.path());
  }
  for (const fs::path& segment : segments) {
    for (const std::string& line : lines_of(segment)) {
      const core::Json json = core::parse_json(line, segment.string());
      if (is_about_the_log(json["kind"])) continue;
      out.entries.push_back(without(json, {"seq", "previous", "signature"}));
    }
  }
  const std::string run = begun_run(desk);
  if (run.empty()) return out;
  const host::FoldedJournal folded = host::fold_journal(journal::RunJournal::read(desk.var() / "runs" / run));
  out.units.push_back(folded.end ? (*folded.end)["status"].get<std::string>() : "died");
  for (const journal::RunRecord& each : folded.records) {
    std::set<std::string> varying{"seq", "time", "previous", "signature"};
    if (each.json["kind"] == "child") varying.insert({"records", "sha256"});  // of a journal that tells of its stops
    out.units.push_back(without(each.json, varying));
  }
  return out;
}

void without_entry_numbers(Traces& traces) {
  for (std::size_t i = 1; i < traces.units.size(); ++i)  // the first is the status
    traces.units[i] = without(core::parse_json(traces.units[i], "unit"), {"entry_seq", "entry_sha256"});
}

std::string difference(const Traces& expected, const Traces& found, Compared compared) {
  const auto lists = [](const char* what, const std::vector<std::string>& a, const std::vector<std::string>& b) {
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const std::string one = i < a.size() ? a[i] : "nothing", other = i < b.size() ? b[i] : "nothing";
      if (one != other) return std::string(what) + " " + std::to_string(i + 1) + ": " + one + "\n  now " + other;
    }
    return std::string();
  };
  if (const std::string text = lists("entry", expected.entries, found.entries); !text.empty()) return text;
  std::set<std::string> paths;
  for (const auto* each : {&expected.files, &found.files}) {
    for (const auto& [path, bytes] : *each) paths.insert(path);
  }
  for (const std::string& path : paths) {
    const auto one = expected.files.find(path), other = found.files.find(path);
    if (one == expected.files.end()) return "there is a file that nobody should have written: " + path;
    if (other == found.files.end()) return "a file is missing: " + path;
    if (compared != Compared::names_and_entries && one->second != other->second)
      return path + " holds other bytes:\n" + one->second + "\nnow\n" + other->second;
  }
  if (compared != Compared::everything) return {};
  return lists("unit", expected.units, found.units);
}

std::string settle(const Scenario& scenario, const TestDesk& desk, Compared compared) {
  std::string run = begun_run(desk);
  if (run.empty()) {
    const Ran again = run_plain(desk, scenario.arguments());
    if (again.status != scenario.status()) return told("a fresh start", again);
    run = begun_run(desk);
  } else {
    const Ran resumed = run_plain(desk, {"runs", "resume", run});
    if (resumed.status != scenario.status() && !had_ended(resumed)) return told("resuming", resumed);
  }
  const Ran verified = run_plain(desk, {"verify", "var"});
  if (verified.status != 0) return told("verifying", verified);
  const Ran replayed = run_plain(desk, {"replay", run});
  if (replayed.status != 0) return told("replaying", replayed);
  return difference(scenario.expected(), traces_of(desk), compared);
}

std::string settle_abort(const TestDesk& desk, const Traces& expected, Compared compared) {
  const Ran aborted = run_plain(desk, {"runs", "abort", begun_run(desk)});
  if (aborted.status != 0 && !had_ended(aborted)) return told("aborting", aborted);
  const Ran verified = run_plain(desk, {"verify", "var"});
  if (verified.status != 0) return told("verifying", verified);
  return difference(expected, traces_of(desk), compared);
}

std::string for_all(const std::vector<long>& points, const std::function<std::string(long)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t failed = 0;
  std::string out;
  const auto worker = [&] {
    for (std::size_t i = next++; i < points.size(); i = next++) {
      std::string problem;
      try {
        problem = work(points[i]);
      } catch (const std::exception& e) {
        problem = e.what();
      }
      if (problem.empty()) continue;
      const std::lock_guard guard(mutex);
      if (++failed <= 10) out += "at call " + std::to_string(points[i]) + ": " + problem.substr(0, 3000) + "\n";
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back(worker);
  }
  if (failed > 0) out += std::to_string(failed) + " of " + std::to_string(points.size()) + " went wrong\n";
  return out;
}

std::vector<long> points(long last, long stride) {
  const char* given = std::getenv("BALLAST_KILL_STRIDE");
  stride *= given != nullptr ? std::max(1L, std::atol(given)) : kSanitized ? 11 : 1;
  std::vector<long> out;
  for (long at = 1; at <= last; at += stride) out.push_back(at);
  return out;
}

}  // namespace ballast::test
