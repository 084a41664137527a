// log, log2, log10, log1p: special values here, the arithmetic in log_core.hpp.
#include "core/math.hpp"
#include "core/math/log_core.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

bool has_finite_log(double x) { return x > 0.0 && x < kInfinity; }

double special_log(double x) {
  if (x == 0.0) return -kInfinity;
  return x > 0.0 ? kInfinity : kNaN;  // what is left: infinity, negative numbers, NaN
}

/// Subnormal numbers are brought into the normal range; `shift` tells log_parts by how much.
double make_normal(double x, std::int64_t& shift) {
  if (x >= std::numeric_limits<double>::min()) return x;
  shift = -54;
  return x * 0x1p54;
}

}  // namespace

double log(double x) {
  if (!has_finite_log(x)) return special_log(x);
  std::int64_t shift = 0;
  const double normal = make_normal(x, shift);
  const DoubleDouble result = log_double_double<false>({normal}, shift);
  return result.hi + result.lo;
}

double log2(double x) {
  if (!has_finite_log(x)) return special_log(x);
  std::int64_t shift = 0;
  const double normal = make_normal(x, shift);
  const LogParts parts = log_parts<false>({normal}, shift);
  const DoubleDouble fraction = multiply(kInverseLn2, parts.fraction);
  if (parts.exponent == 0.0) return fraction.hi + fraction.lo;
  const DoubleDouble sum = fast_two_sum(parts.exponent, fraction.hi);
  return sum.hi + (sum.lo + fraction.lo);
}

double log10(double x) {
  if (!has_finite_log(x)) return special_log(x);
  std::int64_t shift = 0;
  const double normal = make_normal(x, shift);
  const DoubleDouble result = multiply(log_double_double<false>({normal}, shift), kInverseLn10);
  return result.hi + result.lo;
}

double log1p(double x) {
  if (!(x > -1.0 && x < kInfinity)) return x == -1.0 ? -kInfinity : special_log(x);
  if (std::fabs(x) < 0x1p-54) return x;  // x^2 / 2 is below half a unit; keeps -0
  const DoubleDouble result = log_double_double<false>(two_sum(1.0, x));
  return result.hi + result.lo;
}

}  // namespace ballast::core::math
