// sinh, cosh, tanh from exp x - 1 or exp x in double-double, whichever does not cancel.
#include "core/math.hpp"
#include "core/math/exp_core.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

double rounded(DoubleDouble a) { return a.hi + a.lo; }

/// Beyond this exp(-x) is below 2^-110 of exp x.
constexpr double kOneSided = 39.0;
constexpr double kOverflow = 711.0;

}  // namespace

double sinh(double x) {
  if (x != x) return kNaN;
  const double size = std::fabs(x);
  if (size < 0x1p-28) return x;  // x^3 / 6 is below half a unit; keeps -0
  double result = kInfinity;
  if (size < kOneSided) {  // (m + m / (1 + m)) / 2 with m = exp x - 1
    const DoubleDouble m = exp_minus_one({size});
    result = 0.5 * rounded(add(m, divide(m, add({1.0}, m))));
  } else if (size < kOverflow) {
    const Scaled e = exp_scaled({size});
    result = round_scaled(e.value, e.exponent - 1);
  }
  return x < 0.0 ? -result : result;
}

double cosh(double x) {
  if (x != x) return kNaN;
  const double size = std::fabs(x);
  if (size < 0x1p-28) return 1.0;
  if (size >= kOverflow) return kInfinity;
  const Scaled e = exp_scaled({size});
  if (size >= kOneSided) return round_scaled(e.value, e.exponent - 1);
  const DoubleDouble power = scale(e.value, power_of_two(e.exponent));
  return 0.5 * rounded(add(power, divide({1.0}, power)));
}

double tanh(double x) {
  if (x != x) return kNaN;
  const double size = std::fabs(x);
  if (size < 0x1p-28) return x;  // x^3 / 3 is below half a unit; keeps -0
  double result = 1.0;           // 1 - tanh 22 is below 2^-61
  if (size < 22.0) {             // m / (m + 2) with m = exp 2x - 1
    const DoubleDouble m = exp_minus_one({2.0 * size});
    result = rounded(divide(m, add({2.0}, m)));
  }
  return x < 0.0 ? -result : result;
}

}  // namespace ballast::core::math
