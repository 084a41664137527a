// exp, exp2, expm1: special values here, the arithmetic in exp_core.hpp.
#include "core/math.hpp"
#include "core/math/exp_core.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

/// The common case keeps to one multiplication; only results near the ends of the range need the careful rounding.
double round_exp(Scaled e) {
  if (e.exponent < -1020 || e.exponent > 1022) return round_scaled(e.value, e.exponent);
  return (e.value.hi + e.value.lo) * power_of_two(e.exponent);
}

}  // namespace

double exp(double x) {
  if (!(std::fabs(x) < 746.0)) {  // exp 746 overflows and exp -746 is below half the least subnormal
    if (x != x) return kNaN;
    return x > 0 ? kInfinity : 0.0;
  }
  if (std::fabs(x) < 0x1p-54) return 1.0;
  return round_exp(exp_scaled({x}));
}

double exp2(double x) {
  if (!(std::fabs(x) < 1080.0)) {
    if (x != x) return kNaN;
    return x > 0 ? kInfinity : 0.0;
  }
  if (std::fabs(x) < 0x1p-54) return 1.0;
  const double n = round_whole(x * 128.0);
  const double fraction = x - n * 0x1p-7;  // exact
  return round_exp(exp_of_reduced({static_cast<std::int64_t>(n), multiply(kLn2, fraction)}));
}

double expm1(double x) {
  if (x != x) return kNaN;
  if (std::fabs(x) < 0x1p-54) return x;  // x^2 / 2 is below half a unit; keeps -0
  if (x < -40.0) return -1.0;            // 1 + expm1 x is below 2^-57
  if (x > 710.0) return kInfinity;
  if (x > 50.0) return round_exp(exp_scaled({x}));  // the 1 is below 2^-72 of the result
  const DoubleDouble result = exp_minus_one({x});
  return result.hi + result.lo;
}

}  // namespace ballast::core::math
