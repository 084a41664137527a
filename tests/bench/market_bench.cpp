// The market store against what an operator would use instead, both in one run and by turns: importing a CSV against
// the sqlite3 shell's .import, and the metrics of a million stored bars against stepping the same bars as rows.
// Counters give both times, their ratio and, for the metrics, the resident memory of a process that does nothing else.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "market/export.hpp"
#include "market/import.hpp"
#include "market/metrics.hpp"
#include "market/sample.hpp"

namespace {

using namespace ballast;
using market::Mode;
using market::Store;
constexpr std::int64_t kBars = 1'000'000;

// Runs in a child process, so that what it allocates does not count for what is measured later. Returns peak KiB.
long in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      work();
      status = 0;
    } catch (const std::exception& e) {
      fmt::print(stderr, "{}\n", e.what());
    }
    ::_exit(status);
  }
  int status = 0;
  struct rusage usage {};
  ::wait4(child, &status, 0, &usage);
  if (status != 0) throw core::Error(core::Code::state, "a child process of the benchmark failed");
  return usage.ru_maxrss;
}

struct Data {
  std::filesystem::path folder;
  std::filesystem::path csv() const { return folder / "BTCUSDT_1m.csv"; }
  std::filesystem::path store() const { return folder / "market.db"; }
  std::filesystem::path rows() const { return folder / "rows.db"; }

  Data() {
    std::string name = (std::filesystem::temp_directory_path() / "ballast-bench-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    in_child([&] {
      Store made = Store::open(store(), Mode::write);
      market::write_sample(made, {.symbols = {"BTC_USDT"}, .interval = "1m", .bars = kBars});
      std::ofstream out(csv());
      market::export_csv(made, market::Kind::bars, "BTC_USDT", "1m", out);
    });
    shell(rows());
  }
  ~Data() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void shell(const std::filesystem::path& database) const {
    std::filesystem::remove(database);
    const std::string command = fmt::format(
        "sqlite3 {} 'CREATE TABLE bars (open_time INTEGER PRIMARY KEY, open REAL, high REAL, low REAL, close REAL, "
        "volume REAL)' "
        "'.mode csv' '.import --skip 1 {} bars'",
        database.string(), csv().string());
    if (std::system(command.c_str()) != 0)
      throw core::Error(core::Code::state, "the sqlite3 shell is not there or failed");
  }
};

const Data& data() {
  static const Data made;
  return made;
}

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void by_turns(benchmark::State& state, const std::function<void()>& peer, const std::function<void()>& ours) {
  std::vector<double> peers, own, ratios;
  for (auto _ : state) {
    peers.push_back(seconds(peer));
    own.push_back(seconds(ours));
    ratios.push_back(peers.back() / own.back());
    state.SetIterationTime(own.back());
  }
  state.counters["peer_ms"] = median(peers) * 1e3;
  state.counters["ours_ms"] = median(own) * 1e3;
  state.counters["ratio"] = median(ratios);
  state.counters["worst_ratio"] = *std::min_element(ratios.begin(), ratios.end());
}

void import_against_the_sqlite3_shell(benchmark::State& state) {
  const std::filesystem::path own = data().folder / "import.db", peer = data().folder / "peer.db";
  by_turns(
      state, [&] { data().shell(peer); },
      [&] {
        for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(own.string() + end);
        Store store = Store::open(own, Mode::write);
        if (market::import_file(store, data().csv()).stored != kBars) state.SkipWithError("rows are missing");
      });
}

// The peer reads time, close and volume of each row and does nothing with them.
void metrics_against_stepping_rows(benchmark::State& state) {
  market::SnapshotOptions options{.interval = "1m"};
  options.lookback.reset();
  // Before the peer fills its cache, for a child begins with what its parent holds.
  const long resident_kib = in_child([&] {
    const Store own = Store::open(data().store(), Mode::read);
    market::snapshot(own, "BTC_USDT", options);
  });
  sqlite3* rows = nullptr;
  sqlite3_open(data().rows().c_str(), &rows);
  sqlite3_exec(rows, "PRAGMA cache_size = -100000", nullptr, nullptr, nullptr);
  const Store store = Store::open(data().store(), Mode::read);
  const auto peer = [&] {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(rows, "SELECT open_time, close, volume FROM bars ORDER BY open_time", -1, &statement, nullptr);
    double sum = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      sum += static_cast<double>(sqlite3_column_int64(statement, 0)) + sqlite3_column_double(statement, 1) +
             sqlite3_column_double(statement, 2);
    }
    benchmark::DoNotOptimize(sum);
    sqlite3_finalize(statement);
  };
  by_turns(state, peer, [&] {
    const market::Snapshot snapshot = market::snapshot(store, "BTC_USDT", options);
    if (snapshot.bar_count != kBars || snapshot.status != market::Status::ok)
      state.SkipWithError("metrics are missing");
  });
  sqlite3_close(rows);
  state.counters["resident_mib"] = static_cast<double>(resident_kib) / 1024;
}

void snapshot_of_a_week(benchmark::State& state) {
  const Store store = Store::open(data().store(), Mode::read);
  for (auto _ : state) benchmark::DoNotOptimize(market::snapshot(store, "BTC_USDT", {.interval = "1m"}));
}

BENCHMARK(import_against_the_sqlite3_shell)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(metrics_against_stepping_rows)->Iterations(9)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(snapshot_of_a_week)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
