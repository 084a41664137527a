// The last rounding of results that may leave the normal range: rounding twice would cost half a unit there.
#include "core/math/double_double.hpp"

namespace ballast::core::math::detail {

double round_scaled(DoubleDouble a, std::int64_t k) {
  // Brought into [1, 2), up to rounding, so that k alone says where the result lies.
  const std::int64_t exponent = static_cast<std::int64_t>(bits_of(a.hi) >> 52) - 1023;
  a = scale(a, power_of_two(-exponent));
  k += exponent;
  if (k > 1023) return kInfinity;
  const double value = a.hi + a.lo;
  if (k >= -1021 || (k == -1022 && value >= 1.0)) return value * power_of_two(k);
  if (k < -1080) return 0.0;
  // The result is count * 2^-1074. Beside 2^52 units the sum rounds at the unit, and the count is in the low bits.
  const double shift = power_of_two(-1074 - k + 52);
  const DoubleDouble sum = two_sum(shift, a.hi);
  const double rounded = sum.hi + (sum.lo + a.lo);
  return double_of(bits_of(rounded) - bits_of(shift));
}

}  // namespace ballast::core::math::detail
