// Arguments that reach every branch of the functions of core/math, drawn the same way on every machine.
// Shared by the unit test and the programs that compare with MPFR. Only exact operations and +, -, * are used.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace reference {

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double between(double low, double high) { return low + (high - low) * unit(); }
  double any() { return std::bit_cast<double>(next()); }
  /// Any significand and sign, exponent of two from `low` to `high`.
  double spread(int low, int high) {
    const double significand = 1.0 + unit();  // drawn first: compilers differ in the order of arguments
    const double size = std::ldexp(significand, low + static_cast<int>(next() % static_cast<unsigned>(high - low + 1)));
    return next() & 1 ? -size : size;
  }
};

struct Arguments {
  double x, y;
};

/// Draws arguments mostly from where the function is neither constant nor undefined.
inline Arguments draw(std::string_view f, Random& r) {
  const unsigned choice = static_cast<unsigned>(r.next() % 16);
  if (choice == 0) return {r.any(), r.any()};
  if (f == "exp" || f == "expm1" || f == "sinh" || f == "cosh") {
    return {choice < 6 ? r.between(-750, 750) : choice < 11 ? r.between(-2, 2) : r.spread(-40, 9), 0};
  }
  if (f == "exp2") return {choice < 8 ? r.between(-1080, 1030) : r.spread(-40, 10), 0};
  if (f == "tanh") return {choice < 8 ? r.between(-23, 23) : r.spread(-40, 4), 0};
  if (f.starts_with("log") && f != "log1p") {
    return {choice < 6   ? r.between(0.5, 2.0)
            : choice < 9 ? 1.0 + r.spread(-52, -1)
                         : std::fabs(r.spread(-1074, 1023)),
            0};
  }
  if (f == "log1p")
    return {choice < 6 ? r.between(-1, 3) : choice < 12 ? r.spread(-60, -1) : std::fabs(r.spread(-60, 1023)), 0};
  if (f == "pow") {
    if (choice < 5) return {std::fabs(r.spread(-20, 20)), r.spread(-10, 5)};
    if (choice < 8) return {r.between(0.5, 2.0), r.between(-1074, 1024)};
    if (choice < 10) return {1.0 + r.spread(-50, -3), r.spread(3, 58)};
    if (choice < 13) return {r.spread(-10, 10), static_cast<double>(static_cast<int>(r.next() % 41) - 20)};
    return {std::fabs(r.spread(-1074, 1023)), r.spread(-12, 2)};
  }
  if (f == "hypot" || f == "atan2") {
    const int base = choice < 12 ? 0 : static_cast<int>(r.next() % 2040) - 1060;
    const double x = r.spread(base - 4, base + 4);
    return {x, r.spread(std::max(base - 30, -1074), std::min(base + 30, 1023))};
  }
  if (f == "cbrt") return {r.spread(-1074, 1023), 0};
  if (f == "sin" || f == "cos" || f == "tan") {
    if (choice < 6) return {r.between(-7, 7), 0};
    if (choice < 9) return {r.spread(-30, 2), 0};
    if (choice < 12) return {r.between(-1e6, 1e6), 0};
    if (choice < 13) return {std::floor(r.between(0, 1e6)) * 0x1.921fb54442d18p+0, 0};
    return {r.spread(17, 1023), 0};
  }
  if (f == "asin" || f == "acos")
    return {choice < 10 ? r.between(-1, 1) : choice < 13 ? r.spread(-40, -1) : 1.0 - std::fabs(r.spread(-52, -2)), 0};
  if (f == "atan") return {choice < 8 ? r.between(-3, 3) : r.spread(-40, 40), 0};
  if (f == "normal_cdf")
    return {choice < 8 ? r.between(-8.5, 8.5) : choice < 12 ? r.between(-39, 0) : r.spread(-40, 2), 0};
  return {choice < 8    ? r.unit()
          : choice < 12 ? std::fabs(r.spread(-1073, -1))
                        : 0.5 + r.spread(-50, -2),
          0};  // normal_quantile
}

}  // namespace reference
