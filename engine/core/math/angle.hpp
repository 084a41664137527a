// Takes an angle into an eighth of a turn: which quarter it lies in, and what is left to its middle axis.
#pragma once

#include "core/math/double_double.hpp"

namespace ballast::core::math::detail {

/// x = quarters * pi / 2 + rest (quarters modulo 4), |rest| < pi / 4 + 2^-20, relative error of rest below 2^-68.
struct Angle {
  int quarters;
  DoubleDouble rest;
};

/// Requires: x is finite.
Angle reduce_angle(double x);

}  // namespace ballast::core::math::detail
