// Elementary functions with the same bits on every x86-64 machine, compiler and optimisation level.
// The C library's change their last bits with the processor's fused multiply-add; what a decision reads uses these.
// Invariant: built from +, -, *, /, sqrt and bit patterns alone, so a change of any result bit is a change of engine.
// Methods and measured errors stand in docs/math.md; all are below the bounds asserted in
// tests/unit/core/math_test.cpp.
//
// Common contract. Special cases follow C11 Annex F (infinities, signed zeros, pow's table). Every NaN returned is the
// same positive quiet NaN, whatever came in. Nothing is thrown; errno and the floating-point flags mean nothing.
// Requires: rounding to nearest; compiled with -ffp-contract=off and without -ffast-math.
#pragma once

namespace ballast::core::math {

double exp(double x);
double exp2(double x);
/// Returns exp x - 1 without the cancellation near 0.
double expm1(double x);

double log(double x);
double log2(double x);
double log10(double x);
/// Returns log(1 + x) without the rounding of 1 + x.
double log1p(double x);

/// Returns x to the power y. Exact where x * x, 1 / x and sqrt are the answer.
double pow(double x, double y);
double cbrt(double x);
/// Returns sqrt(x^2 + y^2) without overflow on the way; infinity when either is infinite, even beside NaN.
double hypot(double x, double y);

/// Units: radians. The argument is taken as exact, however large.
double sin(double x);
double cos(double x);
double tan(double x);

/// Units: radians.
double asin(double x);
double acos(double x);
double atan(double x);
/// Returns the angle of the point (x, y), from -pi to pi.
double atan2(double y, double x);

double sinh(double x);
double cosh(double x);
double tanh(double x);

/// Returns the probability that a standard normal variable is at most x; accurate in both tails.
double normal_cdf(double x);
/// Returns x with normal_cdf(x) = p: -infinity for 0, infinity for 1, NaN outside [0, 1].
/// The upper half inherits the spacing of doubles near 1: for small tails ask for the lower one and negate.
double normal_quantile(double p);

}  // namespace ballast::core::math
