// What evidence costs: verifying a million entries against only parsing them, and a durable append against the disk's
// own floor. Both sides run in this process on the same data; the ratio is what counts.
//   BALLAST_BENCH_ENTRIES sets the size of the log (default 1,000,000).
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "core/file.hpp"
#include "journal/decision_log.hpp"
#include "journal/segment.hpp"
#include "journal/verify.hpp"
#include "sign/key_ring.hpp"
#include "support/scratch_folder.hpp"

using namespace ballast;

namespace {

journal::Draft draft(int number) {
  journal::Draft out;
  out.kind = "decision";
  out.actor = "bench";
  out.environment = "demo";
  out.run = "run-1";
  out.policy = journal::PolicyReference{"portfolio_governor", 3, std::string(64, 'a')};
  out.libraries_sha256 = std::string(64, 'b');
  out.settings_sha256 = std::string(64, 'c');
  out.inputs = {{"market", std::string(64, 'd')}};
  out.decision = core::Json{
      {"allowed", true}, {"number", number}, {"weights", {{"BTC_USDT", 0.25}, {"ETH_USDT", 0.125 + number * 1e-9}}}};
  return out;
}

struct Desk {
  support::ScratchFolder scratch;
  core::SystemClock clock;
  sign::KeyRing ring = sign::KeyRing::open(scratch / "keys");
  std::unique_ptr<core::Signer> signer, head_signer;
  Desk() {
    for (const auto algorithm : {sign::Algorithm::hmac_sha256, sign::Algorithm::ed25519}) {
      sign::NewKey key;
      key.algorithm = algorithm;
      ring.create_key(std::move(key), clock);
    }
    signer = ring.signer_for(core::Purpose::log_entry, sign::Algorithm::hmac_sha256, clock);
    head_signer = ring.signer_for(core::Purpose::log_head, sign::Algorithm::ed25519, clock);
  }
  std::filesystem::path folder() const { return scratch / "log"; }
  journal::DecisionLog open() const {
    return journal::DecisionLog::open(folder(), *signer, *head_signer, ring, clock, {"0.0.0", "bench", {}});
  }
};

int entries() {
  const char* text = std::getenv("BALLAST_BENCH_ENTRIES");
  return text == nullptr ? 1000000 : std::atoi(text);
}

const Desk& million() {
  static const Desk desk;
  static const bool filled = [] {
    auto log = desk.open();
    for (int done = 0; done < entries();) {
      std::vector<journal::Draft> drafts;
      for (int i = 0; i < 10000 && done < entries(); ++i) drafts.push_back(draft(done++));
      log.append(drafts);
    }
    return true;
  }();
  static_cast<void>(filled);
  return desk;
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576.0;
}

double peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void parse_only(benchmark::State& state) {
  const Desk& desk = million();
  for (auto _ : state) {
    std::size_t seen = 0;
    for (const std::string& segment : journal::list_segments(desk.folder())) {
      journal::BlockReader reader(desk.folder() / segment);
      std::string block;
      std::uint64_t offset = 0;
      while (reader.next(block, offset)) {
        journal::for_each_line(block, offset, [&](std::string_view line, std::uint64_t) {
          benchmark::DoNotOptimize(nlohmann::json::parse(line));
          ++seen;
        });
      }
    }
    state.counters["entries"] = static_cast<double>(seen);
  }
}

void verify(benchmark::State& state) {
  const Desk& desk = million();
  journal::VerifyOptions options;
  options.threads = static_cast<unsigned>(state.range(0));
  const double before = resident_mib();
  for (auto _ : state) {
    const journal::VerifyReport report = journal::verify_log(desk.folder(), desk.ring, options);
    if (!report.verified()) state.SkipWithError(report.findings.front().sentence.c_str());
    state.counters["entries"] = static_cast<double>(report.entries);
  }
  state.counters["resident_before_MiB"] = before;
  state.counters["resident_after_MiB"] = resident_mib();
  state.counters["peak_MiB"] = peak_mib();
}

// The floor: append 900 bytes and sync, nothing else.
void sync_floor(benchmark::State& state) {
  const support::ScratchFolder scratch;
  const core::FileDescriptor file = core::open_file(scratch / "floor", O_WRONLY | O_CREAT | O_APPEND);
  const std::string line(900, 'x');
  for (auto _ : state) {
    core::write_all(file.get(), line, "floor");
    ::fdatasync(file.get());
  }
}

void append_one(benchmark::State& state) {
  const Desk desk;
  auto log = desk.open();
  int number = 0;
  for (auto _ : state) log.append(draft(number++));
}

void append_batch(benchmark::State& state) {
  const Desk desk;
  auto log = desk.open();
  std::vector<journal::Draft> drafts;
  for (int i = 0; i < state.range(0); ++i) drafts.push_back(draft(i));
  for (auto _ : state) log.append(drafts);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void append_threads(benchmark::State& state) {
  const Desk desk;
  auto log = desk.open();
  constexpr int kEach = 20;
  for (auto _ : state) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < state.range(0); ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) log.append(draft(i));
      });
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * kEach);
}

void sign_300_bytes(benchmark::State& state) {
  const Desk desk;
  const std::string bytes(300, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(desk.signer->sign(core::Purpose::log_entry, bytes));
}

}  // namespace

// Appends first: the million entries leave dirty pages that would slow every sync.
BENCHMARK(sign_300_bytes);
BENCHMARK(sync_floor)->UseRealTime();
BENCHMARK(append_one)->UseRealTime();
BENCHMARK(append_batch)->Arg(100)->Arg(1000)->UseRealTime();
BENCHMARK(append_threads)->Arg(16)->UseRealTime()->Iterations(20);
BENCHMARK(verify)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);
BENCHMARK(parse_only)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);
BENCHMARK_MAIN();
