// Sums and products that keep what rounding drops: a value is hi + lo with |lo| <= ulp(hi) / 2.
// Only +, -, *, /, sqrt and bits are used, each rounded to nearest even, so that every machine computes the same bits.
// Fused multiply-add is never used: it would have to be emulated where the processor has none.
#pragma once

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>

#ifdef __FAST_MATH__
#error "core/math needs IEEE 754 arithmetic: compile without -ffast-math"
#endif

namespace ballast::core::math::detail {

static_assert(FLT_EVAL_METHOD == 0 && std::numeric_limits<double>::is_iec559, "doubles must be evaluated as doubles");

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// The one NaN that every function returns: processors differ in the sign and payload of those they make.
inline constexpr double kNaN = std::bit_cast<double>(std::uint64_t{0x7ff8000000000000});

/// Functions on it are always inlined: passed through memory, a pair costs more than the arithmetic.
struct DoubleDouble {
  double hi;
  double lo = 0.0;
};

[[gnu::always_inline]] inline std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
[[gnu::always_inline]] inline double double_of(std::uint64_t bits) { return std::bit_cast<double>(bits); }

/// Returns 2^k. Requires: -1022 <= k <= 1023.
[[gnu::always_inline]] inline double power_of_two(std::int64_t k) {
  return double_of(static_cast<std::uint64_t>(k + 1023) << 52);
}

/// Rounds to the nearest whole number, ties to even. Requires: |x| < 2^51.
[[gnu::always_inline]] inline double round_whole(double x) {
  constexpr double kShift = 0x1.8p52;  // pushes the fraction out of the 53 bits
  return (x + kShift) - kShift;
}

/// Exact sum. Requires: a = 0 or the exponent of a is not below that of b (Dekker 1971).
[[gnu::always_inline]] inline DoubleDouble fast_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

/// Exact sum (Moller 1965, Knuth).
[[gnu::always_inline]] inline DoubleDouble two_sum(double a, double b) {
  const double sum = a + b;
  const double b_seen = sum - a;
  return {sum, (a - (sum - b_seen)) + (b - b_seen)};
}

/// Splits into halves of 26 bits (Veltkamp 1968). Requires: |x| < 2^996.
[[gnu::always_inline]] inline DoubleDouble split(double x) {
  const double spread = x * 0x1.0000002p27;
  const double high = spread - (spread - x);
  return {high, x - high};
}

/// Exact product while nothing under- or overflows (Dekker 1971).
[[gnu::always_inline]] inline DoubleDouble two_product(double a, double b) {
  const double product = a * b;
  const DoubleDouble x = split(a), y = split(b);
  return {product, ((x.hi * y.hi - product) + x.hi * y.lo + x.lo * y.hi) + x.lo * y.lo};
}

[[gnu::always_inline]] inline DoubleDouble two_square(double a) {
  const double product = a * a;
  const DoubleDouble x = split(a);
  return {product, ((x.hi * x.hi - product) + 2.0 * (x.hi * x.lo)) + x.lo * x.lo};
}

/// Relative error below 2^-102, but for cancellation.
[[gnu::always_inline]] inline DoubleDouble add(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble high = two_sum(a.hi, b.hi);
  const DoubleDouble low = two_sum(a.lo, b.lo);
  const DoubleDouble sum = fast_two_sum(high.hi, high.lo + low.hi);
  return fast_two_sum(sum.hi, sum.lo + low.lo);
}

[[gnu::always_inline]] inline DoubleDouble negate(DoubleDouble a) { return {-a.hi, -a.lo}; }

[[gnu::always_inline]] inline DoubleDouble multiply(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble p = two_product(a.hi, b.hi);
  return fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

[[gnu::always_inline]] inline DoubleDouble multiply(DoubleDouble a, double b) {
  const DoubleDouble p = two_product(a.hi, b);
  return fast_two_sum(p.hi, p.lo + a.lo * b);
}

/// Relative error below 2^-100. One division only: they take longer than all the rest.
[[gnu::always_inline]] inline DoubleDouble divide(DoubleDouble a, DoubleDouble b) {
  const double inverse = 1.0 / b.hi;
  const double quotient = a.hi * inverse;
  const DoubleDouble p = two_product(quotient, b.hi);
  const double rest = ((a.hi - p.hi) - p.lo) + (a.lo - quotient * b.lo);
  return fast_two_sum(quotient, rest * inverse);
}

/// Relative error below 2^-100. Requires: a > 0.
[[gnu::always_inline]] inline DoubleDouble square_root(DoubleDouble a) {
  const double root = std::sqrt(a.hi);
  const double half_inverse = 0.5 / root;
  const DoubleDouble p = two_square(root);
  return fast_two_sum(root, (((a.hi - p.hi) - p.lo) + a.lo) * half_inverse);
}

/// Exact. Requires: nothing under- or overflows.
[[gnu::always_inline]] inline DoubleDouble scale(DoubleDouble a, double power) { return {a.hi * power, a.lo * power}; }

/// Returns a * 2^k rounded once, also where the result is subnormal; infinity where it is too large.
/// Requires: 2^-1000 < a < 2^1000, |k| <= 3000.
double round_scaled(DoubleDouble a, std::int64_t k);

}  // namespace ballast::core::math::detail
