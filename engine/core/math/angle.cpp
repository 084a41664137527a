// Angle reduction. Up to 2^19 quarter turns pi / 2 is subtracted in four parts (Cody and Waite 1980); beyond, x is
// multiplied as a whole number by those 256 digits of 2 / pi that matter (Payne and Hanek 1983). No double lies closer
// to a multiple of pi / 2 than about 2^-62, so at least 130 of the 192 bits kept of the fraction are significant.
#include "core/math/angle.hpp"

#include <iterator>

#include "core/math/sin_table.hpp"

namespace ballast::core::math::detail {

namespace {

__extension__ using Wide = unsigned __int128;

/// Returns the 64 digits of 2 / pi that begin `at` places after the point; digits before the point are zeros.
std::uint64_t digits_of_two_over_pi(std::int64_t at) {
  constexpr auto kWords = static_cast<std::int64_t>(std::size(kTwoOverPi));
  const std::int64_t word = at >> 6;
  const auto inside = static_cast<unsigned>(at & 63);
  const auto get = [](std::int64_t i) { return i >= 0 && i < kWords ? kTwoOverPi[i] : std::uint64_t{0}; };
  if (inside == 0) return get(word);
  return get(word) << inside | get(word + 1) >> (64 - inside);
}

/// Returns the fraction with words[0] as its highest 64 bits, as a double-double.
DoubleDouble to_double_double(std::uint64_t words[3]) {
  int shift = 0;
  while (words[0] == 0 && shift < 128) {
    words[0] = words[1];
    words[1] = words[2];
    words[2] = 0;
    shift += 64;
  }
  if (words[0] == 0) return {0.0};
  const int zeros = std::countl_zero(words[0]);
  if (zeros > 0) {
    words[0] = words[0] << zeros | words[1] >> (64 - zeros);
    words[1] = words[1] << zeros | words[2] >> (64 - zeros);
  }
  // 53 + 53 bits, each exact in a double.
  const std::uint64_t first = words[0] >> 11;
  const std::uint64_t second = (words[0] & 0x7ff) << 42 | words[1] >> 22;
  const double unit = power_of_two(-53 - shift - zeros);
  return fast_two_sum(static_cast<double>(first) * unit, static_cast<double>(second) * (unit * 0x1p-53));
}

Angle reduce_large(double x) {
  const std::uint64_t bits = bits_of(x);
  const std::uint64_t significand = (bits & 0x000fffffffffffff) | 0x0010000000000000;
  const std::int64_t exponent = static_cast<std::int64_t>(bits >> 52 & 0x7ff) - 1075;  // |x| = significand * 2^exponent
  // Digits of 2 / pi above 2^-(exponent - 2) only give multiples of four quarter turns. The product below is
  // significand * digits * 2^(exponent - start - 256); of it the 2 bits above 2^0 and the fraction are wanted.
  const std::int64_t start = exponent - 2;
  std::uint64_t product[4] = {};  // lowest word first; what passes the top is a multiple of four
  Wide carry = 0;
  for (int i = 0; i < 4; ++i) {
    const Wide term = static_cast<Wide>(significand) * digits_of_two_over_pi(start + 64 * (3 - i)) + carry;
    product[i] = static_cast<std::uint64_t>(term);
    carry = term >> 64;
  }
  // product * 2^(2 - 256): the top 2 bits count quarters.
  auto quarters = static_cast<int>(product[3] >> 62);
  std::uint64_t fraction[3];
  for (int i = 0; i < 3; ++i) fraction[i] = product[3 - i] << 2 | product[2 - i] >> 62;
  const bool beyond_half = fraction[0] >> 63 != 0;
  if (beyond_half) {  // take the distance to the next quarter instead
    ++quarters;
    for (std::uint64_t& word : fraction) word = ~word;
  }
  DoubleDouble rest = multiply(to_double_double(fraction), kHalfPi);
  if (beyond_half != (x < 0.0)) rest = negate(rest);
  return {(x < 0.0 ? -quarters : quarters) & 3, rest};
}

}  // namespace

Angle reduce_angle(double x) {
  const double size = std::fabs(x);
  if (size < 0x1.921fb54442d18p-1) return {0, {x}};  // pi / 4
  if (size > 0x1.8p19) return reduce_large(x);
  const double n = round_whole(x * kInverseHalfPi);
  const double top = x - n * kHalfPiParts[0];  // exact, as are the products with the next two parts
  const DoubleDouble second = two_sum(top, -(n * kHalfPiParts[1]));
  const DoubleDouble third = two_sum(second.lo, -(n * kHalfPiParts[2]));
  const DoubleDouble sum = two_sum(second.hi, third.hi);
  const DoubleDouble rest = two_sum(sum.hi, sum.lo + (third.lo - n * kHalfPiParts[3]));
  return {static_cast<int>(static_cast<std::int64_t>(n) & 3), rest};
}

}  // namespace ballast::core::math::detail
