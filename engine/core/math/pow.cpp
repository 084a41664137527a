// pow: exp(y log x) with the logarithm kept to 2^-77, because y log x reaches 745 and its error counts in full.
#include "core/math.hpp"
#include "core/math/exp_core.hpp"
#include "core/math/log_core.hpp"

namespace ballast::core::math {

using namespace detail;

namespace {

enum class Whole { kNo, kEven, kOdd };

Whole whole_kind(double y) {
  const double size = std::fabs(y);
  if (size >= 0x1p53) return Whole::kEven;
  if (size < 1.0) return Whole::kNo;
  const auto n = static_cast<std::int64_t>(size);
  if (static_cast<double>(n) != size) return Whole::kNo;
  return n % 2 == 0 ? Whole::kEven : Whole::kOdd;
}

/// x is zero or infinite, y is neither zero nor NaN.
double power_of_extreme(double x, double y) {
  const bool grows = (x == 0.0) == (y < 0.0);
  const double size = grows ? kInfinity : 0.0;
  return std::signbit(x) && whole_kind(y) == Whole::kOdd ? -size : size;
}

}  // namespace

double pow(double x, double y) {
  if (y == 0.0 || x == 1.0) return 1.0;  // also where the other is NaN
  if (x != x || y != y) return kNaN;
  if (x == 0.0 || std::fabs(x) == kInfinity) return power_of_extreme(x, y);
  double size = std::fabs(x);
  if (std::fabs(y) == kInfinity) {
    if (size == 1.0) return 1.0;
    return (size > 1.0) == (y > 0.0) ? kInfinity : 0.0;
  }
  double sign = 1.0;
  if (x < 0.0) {
    const Whole kind = whole_kind(y);
    if (kind == Whole::kNo) return kNaN;
    if (kind == Whole::kOdd) sign = -1.0;
  }
  // Where hardware rounds once, ties included, its answer is taken.
  if (y == 1.0) return x;
  if (y == 2.0) return x * x;
  if (y == -1.0) return 1.0 / x;
  if (y == 0.5 && x > 0.0) return std::sqrt(x);

  std::int64_t shift = 0;
  if (size < std::numeric_limits<double>::min()) {
    size *= 0x1p54;
    shift = -54;
  }
  if (size == 1.0 && shift == 0) return sign;
  const DoubleDouble logarithm = log_double_double<true>({size}, shift);
  // |log x| is between 2^-54 and 745, so beyond these limits the answer is known and products cannot overflow.
  if (std::fabs(y) < 0x1p-65) return sign;
  const double estimate = std::fabs(y) > 0x1p65 ? (y > 0.0) == (logarithm.hi > 0.0) ? 1e4 : -1e4 : y * logarithm.hi;
  if (estimate > 750.0) return sign * kInfinity;
  if (estimate < -750.0) return sign * 0.0;
  const Scaled e = exp_scaled(multiply(logarithm, y));
  if (e.exponent < -1020 || e.exponent > 1022) return sign * round_scaled(e.value, e.exponent);
  return sign * ((e.value.hi + e.value.lo) * power_of_two(e.exponent));
}

}  // namespace ballast::core::math
