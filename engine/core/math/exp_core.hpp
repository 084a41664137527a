// The exponential as a double-double times a power of two, shared by exp, expm1, pow and the hyperbolic functions.
// x = n ln2 / 128 + r with |r| <= 2^-8.5; exp x = 2^(n / 128) exp r, the first factor from a table, the second from
// the Taylor series of exp r - 1. Its terms past r^2 / 2 are below 2^-19 |r|, so plain doubles keep them to 2^-72 |r|.
#pragma once

#include "core/math/double_double.hpp"
#include "core/math/exp_table.hpp"

namespace ballast::core::math::detail {

/// value * 2^exponent; 1 <= value < 2 but for rounding.
struct Scaled {
  DoubleDouble value;
  std::int64_t exponent;
};

/// Returns exp r - 1 with a relative error below 2^-70. Requires: |r| < 2^-8; r.hi = 0 or r.hi^2 is normal.
[[gnu::always_inline]] inline DoubleDouble exp_minus_one_series(DoubleDouble r) {
  const double x = r.hi;
  const DoubleDouble square = two_square(x);
  const double cube = x * square.hi;
  // 1/3!, 1/4!, ... 1/7!; the next term is below 2^-74 of the first.
  const double tail =
      cube * ((0x1.5555555555555p-3 + x * 0x1.5555555555555p-5) +
              square.hi * ((0x1.1111111111111p-7 + x * 0x1.6c16c16c16c17p-10) + square.hi * 0x1.a01a01a01a01ap-13));
  const DoubleDouble sum = fast_two_sum(x, 0.5 * square.hi);
  return fast_two_sum(sum.hi, sum.lo + (tail + (0.5 * square.lo + (r.lo + x * r.lo))));
}

struct ExpReduced {
  std::int64_t n;
  DoubleDouble r;
};

/// Requires: |x.hi| < 1100.
[[gnu::always_inline]] inline ExpReduced reduce_exp(DoubleDouble x) {
  const double n = round_whole(x.hi * kInverseStep);
  const double top = x.hi - n * kStep[0];  // exact: both are multiples of 2^-61 and the difference is below 2^-8
  const DoubleDouble r = two_sum(top, -(n * kStep[1]));
  return {static_cast<std::int64_t>(n), fast_two_sum(r.hi, r.lo + (x.lo - n * kStep[2]))};
}

[[gnu::always_inline]] inline Scaled exp_of_reduced(ExpReduced reduced) {
  const DoubleDouble series = exp_minus_one_series(reduced.r);
  const DoubleDouble power = kExp2Table[reduced.n & 127];
  const DoubleDouble product = two_product(power.hi, series.hi);
  const DoubleDouble sum = fast_two_sum(power.hi, product.hi);
  const double rest = product.lo + (power.hi * series.lo + power.lo * series.hi);
  return {fast_two_sum(sum.hi, sum.lo + (power.lo + rest)), reduced.n >> 7};
}

/// Returns exp x with a relative error below 2^-78. Requires: |x.hi| < 1100; |x.hi| > 2^-500 or x.hi = 0.
[[gnu::always_inline]] inline Scaled exp_scaled(DoubleDouble x) { return exp_of_reduced(reduce_exp(x)); }

/// Returns exp x - 1 with a relative error below 2^-70. Requires: 2^-500 < |x.hi| < 60.
[[gnu::always_inline]] inline DoubleDouble exp_minus_one(DoubleDouble x) {
  const ExpReduced reduced = reduce_exp(x);
  if (reduced.n == 0) return exp_minus_one_series(reduced.r);
  const Scaled e = exp_of_reduced(reduced);
  return add(scale(e.value, power_of_two(e.exponent)), {-1.0});
}

}  // namespace ballast::core::math::detail
