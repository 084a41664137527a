// Writes tests/golden/core/math.json: arguments, the correctly rounded result and how far from it the exact one lies,
// all from MPFR. Besides special values each function gets random arguments and hard ones: those of many tried whose
// exact result lies closest to the middle between two doubles.
//   g++ -std=c++20 -O2 tests/golden/make/math_vectors.cpp -lmpfr -lgmp && ./a.out > tests/golden/core/math.json
#include <array>
#include <cstdio>

#include "math_reference.hpp"

namespace {

struct Result {
  double nearest;
  double rest;  // (exact - nearest) in units of the last place of nearest; 0 where nearest is not finite
};

Result evaluate(const reference::Function& f, double a, double b) {
  mpfr_t x, y, exact, difference;
  mpfr_inits2(53, x, y, static_cast<mpfr_ptr>(nullptr));
  mpfr_inits2(400, exact, difference, static_cast<mpfr_ptr>(nullptr));
  mpfr_set_d(x, a, MPFR_RNDN);
  mpfr_set_d(y, b, MPFR_RNDN);
  f.evaluate(exact, x, y);
  Result result{
      mpfr_nan_p(exact) ? std::bit_cast<double>(std::uint64_t{0x7ff8000000000000}) : mpfr_get_d(exact, MPFR_RNDN), 0.0};
  if (std::isfinite(result.nearest) && !mpfr_zero_p(exact)) {
    const int unit = result.nearest == 0.0 ? -1074 : std::max(std::ilogb(result.nearest) - 52, -1074);
    mpfr_sub_d(difference, exact, result.nearest, MPFR_RNDN);
    mpfr_mul_2si(difference, difference, -unit, MPFR_RNDN);
    result.rest = mpfr_get_d(difference, MPFR_RNDN);
  }
  mpfr_clears(x, y, exact, difference, static_cast<mpfr_ptr>(nullptr));
  return result;
}

bool first_line = true;

void print(const reference::Function& f, double a, double b) {
  const Result r = evaluate(f, a, b);
  const auto bits = [](double x) { return static_cast<unsigned long>(std::bit_cast<std::uint64_t>(x)); };
  std::printf("%s[\"%016lx\", ", first_line ? "\n    " : ",\n    ", bits(a));
  if (f.two_arguments) std::printf("\"%016lx\", ", bits(b));
  std::printf("\"%016lx\", %.6f]", bits(r.nearest), r.rest);
  first_line = false;
}

/// Values at which the functions change their behaviour.
std::vector<double> special_values(const std::string& name) {
  const double nan = std::bit_cast<double>(std::uint64_t{0x7ff8000000000000});
  std::vector<double> values{0.0,
                             0x1p-1074,
                             0x0.fffffffffffffp-1022,
                             0x1p-1022,
                             0x1p-60,
                             0x1p-54,
                             0x1.8p-28,
                             0x1p-27,
                             0x1.5p-9,
                             0.25,
                             0.5,
                             0x1.fffffffffffffp-1,
                             1.0,
                             0x1.0000000000001p+0,
                             2.0,
                             3.0,
                             10.0,
                             100.0,
                             1e15,
                             0x1p53,
                             1e22,
                             0x1.fffffffffffffp+1023,
                             HUGE_VAL};
  const auto also = [&](std::initializer_list<double> more) { values.insert(values.end(), more); };
  if (name == "exp" || name == "expm1" || name == "sinh" || name == "cosh") {
    also({0x1.62e42fefa39efp+9, 0x1.62e42fefa39fp+9, 708.5, 745.1332191019411, 745.1332191019412, 745.2, 709.0,
          710.4758600739439, 710.475860073944, 40.0, 37.5, 39.0, 0x1.62e42fefa39efp-1, 0x1.62e42fefa39efp-9});
  }
  if (name == "exp2")
    also({1023.0, 1023.9999999999999, 1024.0, 1022.5, 1074.0, 1074.5, 1075.0, 1074.9999999999998, 1076.0});
  if (name == "sin" || name == "cos" || name == "tan") {
    // The last one is the double closest to a multiple of pi / 2 (Muller, Elementary Functions, 2016, chapter 11).
    also({0x1.921fb54442d18p-1, 0x1.921fb54442d17p-1, 0x1.921fb54442d18p+0, 0x1.921fb54442d18p+1, 0x1.2d97c7f3321d2p+2,
          22.0, 355.0, 0x1.7fffffffffffp+19, 0x1.8000000000001p+19, 1e300, std::ldexp(6381956970095103.0, 797)});
  }
  if (name == "log10") also({1000.0, 1e5, 1e100, 1e-5});
  if (name == "cbrt") also({8.0, 27.0, 1000.0, 0x1p-1073, 3e-320});
  if (name == "asin" || name == "acos") also({0.7071067811865475, 0.7071067811865476, 0.999999, 0.9});
  if (name == "atan") also({0x1p60, 0x1p53, 0.0078125, 0.99, 1.01});
  if (name == "tanh") also({18.0, 19.06, 19.07, 21.99, 22.0});
  if (name == "normal_cdf")
    also({0.49999999999999994, 8.29, 8.3, 9.0, 20.0, 37.5, 38.0, 38.4, 38.48, 38.6, 39.0, 1.96, 1.2815515655446004});
  if (name == "normal_quantile") {
    return {0.0,
            -0.0,
            0x1p-1074,
            1e-320,
            0x1p-1022,
            1e-300,
            1e-100,
            1e-20,
            1e-10,
            0x1p-54,
            0.001,
            0.01,
            0.025,
            0.05,
            0.1,
            0.25,
            0.3,
            0.29999999999999993,
            0.4,
            0.49999999999999994,
            0.5,
            0.5000000000000001,
            0.6,
            0.7,
            0.7000000000000001,
            0.75,
            0.9,
            0.95,
            0.975,
            0.99,
            0.999,
            0x1.fffffffffffffp-1,
            1.0,
            1.5,
            -0.1,
            HUGE_VAL,
            -HUGE_VAL,
            nan};
  }
  const std::size_t positive = values.size();
  for (std::size_t i = 0; i < positive; ++i) values.push_back(-values[i]);
  values.push_back(nan);
  return values;
}

std::vector<reference::Arguments> special_pairs(const std::string& name) {
  const double nan = std::bit_cast<double>(std::uint64_t{0x7ff8000000000000});
  std::vector<reference::Arguments> pairs;
  const std::vector<double> corner{0.0, -0.0, 1.0, -1.0, HUGE_VAL, -HUGE_VAL, nan, 0x1p-1074, -0x1.fffffffffffffp+1023};
  for (const double x : corner) {
    for (const double y : corner) pairs.push_back({x, y});
  }
  if (name == "pow") {
    for (const double x : {0.0, -0.0, HUGE_VAL, -HUGE_VAL, -2.0, 0.5, -0.5, 10.0, 0x1p-1074, -0x1p-1074}) {
      for (const double y : {2.0, 3.0, -2.0, -3.0, 0.5, -0.5, 1e300, -1e300, 0x1p53, 0x1.fffffffffffffp+52, 1e-300})
        pairs.push_back({x, y});
    }
    for (const reference::Arguments a : {reference::Arguments{2, 1023},
                                         {2, 1024},
                                         {2, -1074},
                                         {2, -1075},
                                         {2, -1074.5},
                                         {2, 1023.9999999999999},
                                         {10, 22},
                                         {10, 308},
                                         {10, -308},
                                         {10, -323},
                                         {10, 309},
                                         {3, 33},
                                         {1.1, 10},
                                         {4, 0.5},
                                         {4, 1.5},
                                         {27, 1.0 / 3.0},
                                         {0x1.0000000000001p+0, 1e18},
                                         {0x1.fffffffffffffp-1, 1e18},
                                         {0x1.0000000000001p+0, 3.2e18},
                                         {-0x1.fffffffffffffp-1, 0x1p53},
                                         {1.05, 252},
                                         {0.94, 63}}) {
      pairs.push_back(a);
    }
  } else {
    for (const reference::Arguments a : {reference::Arguments{3, 4},
                                         {-5, 12},
                                         {1e308, 1e308},
                                         {1e-310, 2e-310},
                                         {0x1p-1074, 0x1p-1074},
                                         {3e-324, 1e-323},
                                         {1, 0x1p-27},
                                         {1, 0x1p-60},
                                         {0x1p-61, 1},
                                         {1e200, 1e-200},
                                         {-1e-200, -1e200},
                                         {1e-200, 1e200},
                                         {2, -3},
                                         {-2, 3},
                                         {-2, -3},
                                         {0x1p-600, -0x1.8p-601},
                                         {0x1p900, 0x1.8p899},
                                         {1e-300, 1e-100},
                                         {1e-320, 1.5},
                                         {-1e-320, 1.5}}) {
      pairs.push_back(a);
    }
  }
  return pairs;
}

void print_hard(const reference::Function& f) {
  constexpr int kKept = 12;
  const int tries = f.name == "normal_quantile" ? 200 : 20000;
  struct Hard {
    double distance = 1.0;
    reference::Arguments at{};
  };
  std::array<Hard, kKept> hardest;
  reference::Random random{2024};
  for (int i = 0; i < tries; ++i) {
    const reference::Arguments a = reference::draw(f.name, random);
    const Result r = evaluate(f, a.x, a.y);
    if (!std::isfinite(r.nearest) || r.rest == 0.0) continue;
    if (i < kKept) print(f, a.x, a.y);
    const double distance = 0.5 - std::fabs(r.rest);
    auto last =
        std::max_element(hardest.begin(), hardest.end(), [](auto& p, auto& q) { return p.distance < q.distance; });
    if (distance > 0.0 && distance < last->distance) *last = {distance, a};
  }
  for (const Hard& h : hardest) print(f, h.at.x, h.at.y);
}

}  // namespace

int main() {
  std::printf("{\n  \"source\": \"GNU MPFR %s\"", mpfr_get_version());
  for (const auto& f : reference::functions()) {
    std::printf(",\n  \"%s\": [", f.name.c_str());
    first_line = true;
    if (f.two_arguments) {
      for (const auto& a : special_pairs(f.name)) print(f, a.x, a.y);
    } else {
      for (const double x : special_values(f.name)) print(f, x, 0.0);
    }
    print_hard(f);
    std::printf("]");
  }
  std::printf("\n}\n");
}
