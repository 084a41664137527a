// Measures the errors of engine/core/math against MPFR, in units of the last place of the exact result.
//   g++ -std=c++20 -O2 -ffp-contract=off -Iengine tests/golden/make/math_errors.cpp engine/core/math/*.cpp -lmpfr -lgmp
//   ./a.out [arguments per function] [function]
#include <cstdio>
#include <cstdlib>
#include <map>

#include "core/math.hpp"
#include "math_reference.hpp"

namespace {

namespace m = ballast::core::math;
using One = double (*)(double);
using Two = double (*)(double, double);

const std::map<std::string, One> kOne{{"exp", m::exp},
                                      {"exp2", m::exp2},
                                      {"expm1", m::expm1},
                                      {"log", m::log},
                                      {"log2", m::log2},
                                      {"log10", m::log10},
                                      {"log1p", m::log1p},
                                      {"cbrt", m::cbrt},
                                      {"sin", m::sin},
                                      {"cos", m::cos},
                                      {"tan", m::tan},
                                      {"asin", m::asin},
                                      {"acos", m::acos},
                                      {"atan", m::atan},
                                      {"sinh", m::sinh},
                                      {"cosh", m::cosh},
                                      {"tanh", m::tanh},
                                      {"normal_cdf", m::normal_cdf},
                                      {"normal_quantile", m::normal_quantile}};
const std::map<std::string, Two> kTwo{{"pow", m::pow}, {"hypot", m::hypot}, {"atan2", m::atan2}};

/// Returns |ours - exact| in units of the last place of exact (2^-1074 at least).
double error_in_units(double ours, mpfr_t exact) {
  if (mpfr_nan_p(exact) || std::isnan(ours)) return mpfr_nan_p(exact) && std::isnan(ours) ? 0.0 : 1e300;
  if (mpfr_zero_p(exact)) return ours == 0.0 ? 0.0 : 1e300;
  const double rounded = mpfr_get_d(exact, MPFR_RNDN);
  if (std::isinf(rounded) || std::isinf(ours)) return rounded == ours ? 0.0 : 1e300;
  const mpfr_exp_t unit = std::max<mpfr_exp_t>(mpfr_get_exp(exact) - 53, -1074);
  mpfr_t difference;
  mpfr_init2(difference, 200);
  mpfr_sub_d(difference, exact, ours, MPFR_RNDN);
  mpfr_mul_2si(difference, difference, -unit, MPFR_RNDN);
  const double result = std::fabs(mpfr_get_d(difference, MPFR_RNDN));
  mpfr_clear(difference);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc > 1 ? std::atol(argv[1]) : 20000;
  mpfr_set_emin(-20000);
  mpfr_set_emax(20000);
  mpfr_t x, y, exact;
  mpfr_inits2(53, x, y, static_cast<mpfr_ptr>(nullptr));
  mpfr_init2(exact, 160);
  for (const auto& f : reference::functions()) {
    if (argc > 2 && f.name != argv[2]) continue;
    reference::Random random{count > 0 ? 7u : 0u};
    double worst = 0.0;
    long not_nearest = 0;
    reference::Arguments at{};
    const long n = f.name == "normal_quantile" ? count / 200 : count;
    for (long i = 0; i < n; ++i) {
      const reference::Arguments a = reference::draw(f.name, random);
      mpfr_set_d(x, a.x, MPFR_RNDN);
      mpfr_set_d(y, a.y, MPFR_RNDN);
      f.evaluate(exact, x, y);
      const double ours = f.two_arguments ? kTwo.at(f.name)(a.x, a.y) : kOne.at(f.name)(a.x);
      const double error = error_in_units(ours, exact);
      if (error > 0.5) ++not_nearest;
      if (error > worst) {
        worst = error;
        at = a;
      }
    }
    std::printf("%-16s %9ld arguments  worst %.6f units at %a %a  not nearest %ld\n", f.name.c_str(), n, worst, at.x,
                at.y, not_nearest);
    std::fflush(stdout);
  }
}
