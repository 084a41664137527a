// sin, cos, tan. The reduced angle is a + b with a = k / 64 from a table and |b| <= 2^-7; then the addition theorems,
// with Taylor series for sin b - b and cos b - 1, whose first terms are below 2^-15 of the result and need no more
// than plain doubles.
#include "core/math.hpp"
#include "core/math/angle.hpp"
#include "core/math/sin_table.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

struct SinCos {
  DoubleDouble sin, cos;
};

/// p + q * b + rest, where the first product is kept whole.
[[gnu::always_inline]] inline DoubleDouble combine(DoubleDouble p, DoubleDouble q, DoubleDouble b, double rest) {
  const DoubleDouble product = two_product(q.hi, b.hi);
  const DoubleDouble sum = two_sum(p.hi, product.hi);
  const double low = sum.lo + (p.lo + (product.lo + (q.hi * b.lo + q.lo * b.hi)));
  return fast_two_sum(sum.hi, low + rest);
}

/// Everything both functions need of a reduced angle, taken positive.
struct Turned {
  const SinEntry& at;
  DoubleDouble b;
  double sin_rest, cos_rest;  // sin b - b, cos b - 1
  bool negative;
};

[[gnu::always_inline]] inline Turned turn(DoubleDouble rest) {
  const bool negative = rest.hi < 0.0;
  if (negative) rest = negate(rest);
  const double k = round_whole(rest.hi * 64.0);
  const DoubleDouble b = two_sum(rest.hi - k * 0x1p-6, rest.lo);
  const double square = b.hi * b.hi;
  // 1/3!, 1/5!, 1/7! and 1/2!, 1/4!, 1/6!, 1/8!
  const double sin_rest =
      b.hi * square * (-0x1.5555555555555p-3 + square * (0x1.1111111111111p-7 - square * 0x1.a01a01a01a01ap-13));
  const double cos_rest =
      square * (-0.5 +
                square * (0x1.5555555555555p-5 + square * (-0x1.6c16c16c16c17p-10 + square * 0x1.a01a01a01a01ap-16))) -
      b.hi * b.lo;
  return {kSinTable[static_cast<int>(k)], b, sin_rest, cos_rest, negative};
}

[[gnu::always_inline]] inline DoubleDouble sin_of(const Turned& t) {
  const double rest = t.at.sin.hi * t.cos_rest + t.at.cos.hi * t.sin_rest;
  const DoubleDouble result = combine(t.at.sin, t.at.cos, t.b, rest);
  return t.negative ? negate(result) : result;
}

[[gnu::always_inline]] inline DoubleDouble cos_of(const Turned& t) {
  const double rest = t.at.cos.hi * t.cos_rest - t.at.sin.hi * t.sin_rest;
  return combine(t.at.cos, negate(t.at.sin), t.b, rest);
}

bool is_finite(double x) { return std::fabs(x) < kInfinity; }

}  // namespace

double sin(double x) {
  if (!is_finite(x)) return kNaN;
  if (std::fabs(x) < 0x1p-27) return x;  // x^3 / 6 is below half a unit; keeps -0
  const Angle angle = reduce_angle(x);
  const Turned t = turn(angle.rest);
  const DoubleDouble result = angle.quarters & 1 ? cos_of(t) : sin_of(t);
  const double value = result.hi + result.lo;
  return angle.quarters & 2 ? -value : value;
}

double cos(double x) {
  if (!is_finite(x)) return kNaN;
  if (std::fabs(x) < 0x1p-28) return 1.0;
  const Angle angle = reduce_angle(x);
  const Turned t = turn(angle.rest);
  const DoubleDouble result = angle.quarters & 1 ? sin_of(t) : cos_of(t);
  const double value = result.hi + result.lo;
  return (angle.quarters + 1) & 2 ? -value : value;
}

double tan(double x) {
  if (!is_finite(x)) return kNaN;
  if (std::fabs(x) < 0x1p-28) return x;  // x^3 / 3 is below half a unit; keeps -0
  const Angle angle = reduce_angle(x);
  const Turned t = turn(angle.rest);
  const DoubleDouble sine = sin_of(t), cosine = cos_of(t);
  const DoubleDouble result = angle.quarters & 1 ? negate(divide(cosine, sine)) : divide(sine, cosine);
  return result.hi + result.lo;
}

}  // namespace ballast::core::math
