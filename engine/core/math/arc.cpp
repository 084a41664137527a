// asin, acos, atan, atan2: one core, the angle of a point in the first octant given in double-doubles.
// With a = round(64 y / x) / 64: atan(y / x) = atan a + atan((y - a x) / (x + a y)); the first comes from a table, the
// second from its Taylor series in t, |t| <= 2^-7, whose cube is below 2^-15 of t and needs no more than doubles.
#include "core/math.hpp"
#include "core/math/atan_table.hpp"
#include "core/math/sin_table.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

/// Requires: 0 <= y <= x, up to rounding; 2^-600 < x < 2^600; y > 2^-200 x.
[[gnu::always_inline]] inline DoubleDouble octant_angle(DoubleDouble y, DoubleDouble x) {
  const double k = round_whole(y.hi / x.hi * 64.0);
  DoubleDouble t;
  DoubleDouble base{0.0};
  if (k == 0.0) {
    t = divide(y, x);
  } else {
    const double a = k * 0x1p-6;
    const DoubleDouble ax = multiply(x, a), ay = multiply(y, a);
    t = divide(add(y, negate(ax)), add(x, ay));
    base = kAtanTable[static_cast<int>(k)];
  }
  const double square = t.hi * t.hi;
  // 1/3, 1/5, 1/7, 1/9
  const double rest =
      t.hi * square *
      (-0x1.5555555555555p-2 +
       square * (0x1.999999999999ap-3 + square * (-0x1.2492492492492p-3 + square * 0x1.c71c71c71c71cp-4)));
  const DoubleDouble sum = two_sum(base.hi, t.hi);
  return fast_two_sum(sum.hi, sum.lo + (base.lo + (t.lo + rest)));
}

/// Returns the angle of a point in the first quadrant.
DoubleDouble quadrant_angle(DoubleDouble y, DoubleDouble x) {
  if (y.hi <= x.hi) return octant_angle(y, x);
  return add(kHalfPi, negate(octant_angle(x, y)));
}

double rounded(DoubleDouble a) { return a.hi + a.lo; }

/// Returns sqrt(1 - x^2), 1 - x^2 being exact but for one rounding of its low part. Requires: |x| < 1.
[[gnu::always_inline]] inline DoubleDouble opposite_side(double x) {
  const DoubleDouble square = two_square(x);
  const DoubleDouble difference = two_sum(1.0, -square.hi);
  return square_root(fast_two_sum(difference.hi, difference.lo - square.lo));
}

/// Returns the angle in [0, pi] of a point that has a zero or infinite coordinate, or a ratio beyond 2^200.
double extreme_angle(double y, double x, bool left) {
  if (y == kInfinity) return rounded(x == kInfinity ? multiply(kPi, left ? 0.75 : 0.25) : kHalfPi);
  if (x == kInfinity || y == 0.0) return left ? kPi.hi : 0.0;
  if (x == 0.0 || y > x) return kHalfPi.hi;
  return left ? kPi.hi : y / x;  // atan q = q to within 2^-400
}

}  // namespace

double atan2(double y, double x) {
  if (x != x || y != y) return kNaN;
  const bool left = std::signbit(x), below = std::signbit(y);
  double a = std::fabs(x), b = std::fabs(y);
  const auto a_exponent = static_cast<std::int64_t>(bits_of(a) >> 52);
  const auto b_exponent = static_cast<std::int64_t>(bits_of(b) >> 52);
  double result = 0.0;
  if (a == 0.0 || b == 0.0 || a == kInfinity || b == kInfinity || a_exponent > b_exponent + 200 ||
      b_exponent > a_exponent + 200) {
    result = extreme_angle(b, a, left);
  } else {
    if (a_exponent > 1300 || b_exponent > 1300) {
      a *= 0x1p-600;
      b *= 0x1p-600;
    } else if (a_exponent < 700 || b_exponent < 700) {
      a *= 0x1p600;
      b *= 0x1p600;
    }
    DoubleDouble angle = quadrant_angle({b}, {a});
    if (left) angle = add(kPi, negate(angle));
    result = rounded(angle);
  }
  return below ? -result : result;
}

double atan(double x) {
  if (x != x) return kNaN;
  const double size = std::fabs(x);
  if (size < 0x1p-28) return x;  // x^3 / 3 is below half a unit; keeps -0
  const double result = size > 0x1p60 ? kHalfPi.hi : rounded(quadrant_angle({size}, {1.0}));
  return x < 0.0 ? -result : result;
}

double asin(double x) {
  const double size = std::fabs(x);
  if (!(size <= 1.0)) return kNaN;
  if (size < 0x1p-28) return x;  // x^3 / 6 is below half a unit; keeps -0
  const double result = size == 1.0 ? kHalfPi.hi : rounded(quadrant_angle({size}, opposite_side(x)));
  return x < 0.0 ? -result : result;
}

double acos(double x) {
  const double size = std::fabs(x);
  if (!(size <= 1.0)) return kNaN;
  if (size == 1.0) return x > 0.0 ? 0.0 : kPi.hi;
  if (size < 0x1p-60) return kHalfPi.hi;
  const DoubleDouble angle = quadrant_angle(opposite_side(x), {size});
  return rounded(x < 0.0 ? add(kPi, negate(angle)) : angle);
}

}  // namespace ballast::core::math
