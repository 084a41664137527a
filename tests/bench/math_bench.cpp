// Nanoseconds a call of core/math beside the C library's function of the same name.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/math.hpp"

namespace {

namespace math = ballast::core::math;
using One = double (*)(double);
using Two = double (*)(double, double);

/// A fixed walk through [low, high], so that branches are not learnt by heart.
std::vector<double> arguments(double low, double high) {
  std::vector<double> values(1024);
  double unit = 0.5;
  for (double& value : values) {
    unit += 0.618033988749895;
    if (unit >= 1.0) unit -= 1.0;
    value = low + (high - low) * unit;
  }
  return values;
}

void call_one(benchmark::State& state, One f, double low, double high) {
  const auto xs = arguments(low, high);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(f(xs[i++ & 1023]));
}

void call_two(benchmark::State& state, Two f, double low, double high) {
  const auto xs = arguments(low, high);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(f(xs[i & 1023], xs[(i + 7) & 1023]));
    ++i;
  }
}

void add(const std::string& name, One ours, One theirs, double low, double high) {
  benchmark::RegisterBenchmark((name + "/ballast").c_str(), call_one, ours, low, high);
  if (theirs != nullptr) benchmark::RegisterBenchmark((name + "/libm").c_str(), call_one, theirs, low, high);
}

void add(const std::string& name, Two ours, Two theirs, double low, double high) {
  benchmark::RegisterBenchmark((name + "/ballast").c_str(), call_two, ours, low, high);
  benchmark::RegisterBenchmark((name + "/libm").c_str(), call_two, theirs, low, high);
}

}  // namespace

int main(int argc, char** argv) {
  add("exp", math::exp, std::exp, -20, 20);
  add("exp2", math::exp2, std::exp2, -20, 20);
  add("expm1", math::expm1, std::expm1, -2, 2);
  add("log", math::log, std::log, 0.01, 100);
  add("log2", math::log2, std::log2, 0.01, 100);
  add("log10", math::log10, std::log10, 0.01, 100);
  add("log1p", math::log1p, std::log1p, -0.5, 2);
  add("pow", math::pow, std::pow, 0.01, 20);
  add("cbrt", math::cbrt, std::cbrt, 0.01, 100);
  add("hypot", math::hypot, std::hypot, 0.01, 100);
  add("sin", math::sin, std::sin, -10, 10);
  add("sin_large", math::sin, std::sin, 1e20, 1e22);
  add("cos", math::cos, std::cos, -10, 10);
  add("tan", math::tan, std::tan, -10, 10);
  add("asin", math::asin, std::asin, -1, 1);
  add("acos", math::acos, std::acos, -1, 1);
  add("atan", math::atan, std::atan, -3, 3);
  add("atan2", math::atan2, std::atan2, -3, 3);
  add("sinh", math::sinh, std::sinh, -5, 5);
  add("cosh", math::cosh, std::cosh, -5, 5);
  add("tanh", math::tanh, std::tanh, -5, 5);
  add("normal_cdf", math::normal_cdf, nullptr, -6, 6);
  add("normal_quantile", math::normal_quantile, nullptr, 0.001, 0.999);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
