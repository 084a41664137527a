// The normal distribution function and its inverse. Near 0 the Taylor series of Phi(x) - 1/2; elsewhere the density
// times Mills' ratio, which is smooth and of size 1 / x, so that the far tail is as accurate as the middle.
#include <iterator>

#include "core/math.hpp"
#include "core/math/exp_core.hpp"
#include "core/math/mills_table.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

/// Returns Phi(x) - 1/2 = (x - x^3 / 6 + ...) / sqrt(2 pi); from x^5 on the terms are below 2^-8 of the first and need
/// no more than doubles. Requires: |x| < 0.55.
DoubleDouble central(double x) {
  constexpr DoubleDouble kMinusSixth{-0x1.5555555555555p-3, -0x1.5555555555555p-57};
  const DoubleDouble square = two_square(x);
  double rest = kCentralSeries[11];
  for (int i = 10; i >= 2; --i) rest = kCentralSeries[i] + square.hi * rest;
  const DoubleDouble cubic = multiply(square, kMinusSixth);
  const DoubleDouble sum = fast_two_sum(1.0, cubic.hi);
  const DoubleDouble factor = fast_two_sum(sum.hi, sum.lo + (cubic.lo + square.hi * square.hi * rest));
  return multiply(multiply(factor, kInverseSqrtTwoPi), x);
}

/// Returns (1 - Phi(x)) / phi(x). Requires: 0.5 <= x < 42.
DoubleDouble mills(double x) {
  constexpr std::uint64_t kFirst = 0x3fe0000000000000 >> 48;
  const std::uint64_t bits = bits_of(x);
  const double centre = double_of((bits >> 48 << 48) | std::uint64_t{1} << 47);
  const MillsEntry& entry = kMillsTable[(bits >> 48) - kFirst];
  const double h = x - centre;
  double rest = entry.rest[std::size(entry.rest) - 1];
  for (std::size_t i = std::size(entry.rest) - 1; i-- > 0;) rest = entry.rest[i] + h * rest;
  const DoubleDouble linear = two_product(entry.slope.hi, h);
  const DoubleDouble sum = fast_two_sum(entry.value.hi, linear.hi);
  return fast_two_sum(sum.hi, sum.lo + (entry.value.lo + linear.lo + (entry.slope.lo * h + h * h * rest)));
}

/// Returns 1 - Phi(x) where `ratio` is mills(x).
Scaled upper_tail(double x, DoubleDouble ratio) {
  Scaled e = exp_scaled(scale(two_square(x), -0.5));
  e.value = multiply(multiply(e.value, kInverseSqrtTwoPi), ratio);
  return e;
}

/// Returns x > 0 with 1 - Phi(x) = tail. Requires: 0 < tail <= 0.3.
/// Newton's rule on log(1 - Phi), which is concave: from a start that is too large it descends to the root, and
/// 1 - Phi(x) <= exp(-x^2 / 2) / 2 gives such a start.
double upper_quantile(double tail) {
  constexpr int kSteps = 6;  // the start is off by 0.5 at most; each step squares an error below 0.3
  double x = std::sqrt(-2.0 * log(2.0 * tail));
  for (int step = 0;; ++step) {
    const DoubleDouble ratio = mills(x);
    const Scaled q = upper_tail(x, ratio);
    const double wanted = tail * 0x1p540 * power_of_two(-q.exponent - 540);
    if (step == kSteps) {
      const double difference = (q.value.hi - wanted) + q.value.lo;
      return x + ratio.hi * difference / q.value.hi;
    }
    x += ratio.hi * log(q.value.hi / wanted);
  }
}

/// Returns x with Phi(x) - 1/2 = excess. Requires: |excess| <= 0.2.
double central_quantile(double excess) {
  double x = excess / kInverseSqrtTwoPi.hi;
  for (int step = 0;; ++step) {
    const DoubleDouble value = central(x);
    const double correction = ((value.hi - excess) + value.lo) / (kInverseSqrtTwoPi.hi * exp(-0.5 * x * x));
    if (step == 5) return x - correction;
    x -= correction;
  }
}

}  // namespace

double normal_cdf(double x) {
  if (x != x) return kNaN;
  if (x >= 9.0) return 1.0;    // the tail is below 2^-62
  if (x <= -39.0) return 0.0;  // the tail is below half the least subnormal
  const double size = std::fabs(x);
  if (size < 0.5) {
    const DoubleDouble excess = central(x);
    const DoubleDouble sum = fast_two_sum(0.5, excess.hi);
    return sum.hi + (sum.lo + excess.lo);
  }
  const Scaled tail = upper_tail(size, mills(size));
  if (x < 0.0) return round_scaled(tail.value, tail.exponent);
  const DoubleDouble result = add({1.0}, negate(scale(tail.value, power_of_two(tail.exponent))));
  return result.hi + result.lo;
}

double normal_quantile(double p) {
  if (!(p >= 0.0 && p <= 1.0)) return kNaN;
  if (p == 0.0) return -kInfinity;
  if (p == 1.0) return kInfinity;
  if (p < 0.3) return -upper_quantile(p);
  if (p > 0.7) return upper_quantile(1.0 - p);
  return p == 0.5 ? 0.0 : central_quantile(p - 0.5);
}

}  // namespace ballast::core::math
