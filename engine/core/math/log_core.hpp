// The natural logarithm as a double-double, shared by the logarithms, pow and the inverse normal law.
// x = 2^e m with m in [0.705, 1.41); a table gives a short c near 1 / m, so that r = m c - 1 is found exactly, and
// log x = e ln2 - log c + log(1 + r). Around m = 1, c is 1 and the table adds nothing, which keeps the error relative.
#pragma once

#include "core/math/double_double.hpp"
#include "core/math/log_table.hpp"

namespace ballast::core::math::detail {

/// log = exponent * ln 2 + fraction.
struct LogParts {
  double exponent;
  DoubleDouble fraction;
};

/// Returns log(1 + r), |r| < 2^-7.7, from its Taylor series. `kPrecise` carries the cube in double-double as well:
/// the relative error is then below 2^-77, otherwise below 2^-68.
template <bool kPrecise>
[[gnu::always_inline]] inline DoubleDouble log_one_plus_series(DoubleDouble r) {
  const double x = r.hi;
  DoubleDouble square = two_square(x);
  square.lo += 2.0 * (x * r.lo);
  // -1/4, 1/5, ... 1/11
  const double tail = (-0.25 + x * 0x1.999999999999ap-3) +
                      square.hi * ((-0x1.5555555555555p-3 + x * 0x1.2492492492492p-3) +
                                   square.hi * ((-0.125 + x * 0x1.c71c71c71c71cp-4) +
                                                square.hi * (-0x1.999999999999ap-4 + x * 0x1.745d1745d1746p-4)));
  const DoubleDouble sum = fast_two_sum(x, -0.5 * square.hi);
  const double low = sum.lo + (r.lo - 0.5 * square.lo);
  if constexpr (kPrecise) {
    constexpr DoubleDouble kThird{0x1.5555555555555p-2, 0x1.5555555555555p-56};
    const DoubleDouble third = multiply(multiply(square, r), kThird);
    const DoubleDouble with_cube = fast_two_sum(sum.hi, third.hi);
    return fast_two_sum(with_cube.hi, with_cube.lo + (low + (third.lo + square.hi * square.hi * tail)));
  } else {
    return fast_two_sum(sum.hi, low + square.hi * (x * (0x1.5555555555555p-2 + x * tail)));
  }
}

/// Requires: x.hi positive, finite and normal; |x.lo| <= ulp(x.hi) / 2. `shift` is added to the exponent.
template <bool kPrecise>
[[gnu::always_inline]] inline LogParts log_parts(DoubleDouble x, std::int64_t shift = 0) {
  constexpr std::uint64_t kLowest = 0x3fe6900000000000;  // 0.705078125, half way between two centres
  constexpr std::uint64_t kHalf = 0x3fe0000000000000;
  const std::uint64_t bits = bits_of(x.hi);
  const std::int64_t e = static_cast<std::int64_t>(bits - kLowest) >> 52;
  const std::uint64_t fraction_bits = bits - (static_cast<std::uint64_t>(e) << 52);
  const LogEntry& entry = kLogTable[((fraction_bits - kHalf + (std::uint64_t{1} << 44)) >> 45) - 53];
  // The upper 42 bits times the 11 of c fit 53, and so do the lower 11 times c.
  const double upper = double_of(fraction_bits & ~std::uint64_t{0x7ff});
  const double lower = double_of(fraction_bits) - upper;
  double carried = 0.0;
  if (x.lo != 0.0) carried = (e < -1000 || e > 1000) ? 0.0 : x.lo * power_of_two(-e) * entry.c;
  const DoubleDouble exact = two_sum(upper * entry.c - 1.0, lower * entry.c);
  const DoubleDouble r = two_sum(exact.hi, exact.lo + carried);
  const DoubleDouble series = log_one_plus_series<kPrecise>(r);
  const DoubleDouble sum = two_sum(entry.minus_log_c.hi, series.hi);
  return {static_cast<double>(e + shift), fast_two_sum(sum.hi, sum.lo + (entry.minus_log_c.lo + series.lo))};
}

/// Returns log x. Requires: as log_parts.
template <bool kPrecise>
[[gnu::always_inline]] inline DoubleDouble log_double_double(DoubleDouble x, std::int64_t shift = 0) {
  const LogParts parts = log_parts<kPrecise>(x, shift);
  if (parts.exponent == 0.0) return parts.fraction;
  const DoubleDouble sum = fast_two_sum(parts.exponent * kLn2Parts[0], parts.fraction.hi);
  return fast_two_sum(sum.hi, sum.lo + (parts.fraction.lo + parts.exponent * kLn2Parts[1]));
}

}  // namespace ballast::core::math::detail
