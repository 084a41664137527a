// cbrt and hypot: a good double first, then one Newton step whose residual is computed exactly.
#include <utility>

#include "core/math.hpp"
#include "core/math/double_double.hpp"

namespace ballast::core::math {

using namespace detail;

double cbrt(double x) {
  double size = std::fabs(x);
  if (size == 0.0) return x;
  if (!(size < kInfinity)) return x != x ? kNaN : x;
  std::int64_t shift = 0;
  if (size < std::numeric_limits<double>::min()) {
    size *= 0x1p54;
    shift = -54;
  }
  // size = 8^third * m with 1 <= m < 8
  const std::int64_t exponent = static_cast<std::int64_t>(bits_of(size) >> 52) - 1023;
  const std::int64_t third = (exponent + 1023) / 3 - 341;
  const double m = size * power_of_two(-3 * third / 2) * power_of_two(-3 * third - (-3 * third / 2));
  // The line through (1, 1) and (8, 2), raised by 0.12, is within 13%; each Halley step cubes the error (0.13 -> 2^-10
  // -> 2^-30 -> rounding).
  double root = 0.977 + m * 0.142857142857142857;
  for (int i = 0; i < 3; ++i) {
    const double cube = root * root * root;
    root = root * ((cube + 2.0 * m) / (2.0 * cube + m));
  }
  const DoubleDouble square = two_square(root);
  const DoubleDouble cube = multiply(square, root);
  const double correction = ((m - cube.hi) - cube.lo) / (3.0 * square.hi);
  const double result = (root + correction) * power_of_two(third + shift / 3);
  return x < 0.0 ? -result : result;
}

double hypot(double x, double y) {
  double a = std::fabs(x), b = std::fabs(y);
  if (a == kInfinity || b == kInfinity) return kInfinity;
  if (a != a || b != b) return kNaN;
  if (a < b) std::swap(a, b);
  if (b == 0.0) return a;
  // Dividing by a power of two near the larger keeps the squares in range; below 2^-60 of it the smaller is unseen.
  const auto exponent = static_cast<std::int64_t>(bits_of(a) >> 52) - 1023;
  if (b < a * 0x1p-60) return a;
  const std::int64_t half = exponent / 2;
  const double down = power_of_two(-half), rest = power_of_two(half - exponent);
  a = a * down * rest;
  b = b * down * rest;
  const DoubleDouble a_square = two_square(a), b_square = two_square(b);
  const DoubleDouble sum = fast_two_sum(a_square.hi, b_square.hi);
  const DoubleDouble total = fast_two_sum(sum.hi, sum.lo + (a_square.lo + b_square.lo));
  return round_scaled(square_root(total), exponent);
}

}  // namespace ballast::core::math
