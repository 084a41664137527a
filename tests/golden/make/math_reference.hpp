// What the two MPFR programs share: the functions by name, evaluated at any precision.
#pragma once

#include <mpfr.h>

#include <functional>
#include <string>
#include <vector>

#include "math_arguments.hpp"

namespace reference {

/// Writes f(x, y) to `out` (y is ignored by functions of one argument) and returns MPFR's ternary value.
using Evaluate = std::function<int(mpfr_t out, mpfr_t x, mpfr_t y)>;

struct Function {
  std::string name;
  bool two_arguments;
  Evaluate evaluate;
};

template <class F>
Function one(const char* name, F f) {
  return {name, false, [f](mpfr_t out, mpfr_t x, mpfr_t) { return f(out, x, MPFR_RNDN); }};
}

template <class F>
Function two(const char* name, F f) {
  return {name, true, [f](mpfr_t out, mpfr_t x, mpfr_t y) { return f(out, x, y, MPFR_RNDN); }};
}

/// Phi(x) = erfc(-x / sqrt 2) / 2; 64 bits more than asked for, since the argument's error is multiplied by x^2.
inline int normal_cdf(mpfr_t out, mpfr_t x, mpfr_t) {
  mpfr_t a, b;
  mpfr_inits2(mpfr_get_prec(out) + 64, a, b, static_cast<mpfr_ptr>(nullptr));
  mpfr_sqrt_ui(b, 2, MPFR_RNDN);
  mpfr_div(a, x, b, MPFR_RNDN);
  mpfr_neg(a, a, MPFR_RNDN);
  mpfr_erfc(b, a, MPFR_RNDN);
  const int ternary = mpfr_div_2ui(out, b, 1, MPFR_RNDN);
  mpfr_clears(a, b, static_cast<mpfr_ptr>(nullptr));
  return ternary;
}

/// Bisection, then Newton steps at full precision from the double that bisection leaves.
inline int normal_quantile(mpfr_t out, mpfr_t p, mpfr_t) {
  if (mpfr_nan_p(p)) return mpfr_set_nan(out), 0;
  if (mpfr_cmp_d(p, 0.5) == 0) return mpfr_set_d(out, 0.0, MPFR_RNDN);
  if (mpfr_zero_p(p) || mpfr_cmp_ui(p, 1) == 0) return mpfr_set_inf(out, mpfr_zero_p(p) ? -1 : 1), 0;
  if (mpfr_cmp_ui(p, 0) < 0 || mpfr_cmp_ui(p, 1) > 0) return mpfr_set_nan(out), 0;
  mpfr_t x, phi, density, low, high;
  const mpfr_prec_t precision = mpfr_get_prec(out) + 64 + 1100;
  mpfr_inits2(precision, x, phi, density, low, high, static_cast<mpfr_ptr>(nullptr));
  mpfr_set_d(low, -39.0, MPFR_RNDN);
  mpfr_set_d(high, 39.0, MPFR_RNDN);
  mpfr_t rough;
  mpfr_init2(rough, 128);
  for (int i = 0; i < 40; ++i) {
    mpfr_add(x, low, high, MPFR_RNDN);
    mpfr_div_2ui(x, x, 1, MPFR_RNDN);
    normal_cdf(rough, x, x);
    mpfr_set(mpfr_cmp(rough, p) < 0 ? low : high, x, MPFR_RNDN);
  }
  mpfr_clear(rough);
  for (int i = 0; i < 7; ++i) {
    normal_cdf(phi, x, x);
    mpfr_sub(phi, phi, p, MPFR_RNDN);
    mpfr_sqr(density, x, MPFR_RNDN);
    mpfr_div_si(density, density, -2, MPFR_RNDN);
    mpfr_exp(density, density, MPFR_RNDN);
    mpfr_div(phi, phi, density, MPFR_RNDN);
    mpfr_const_pi(density, MPFR_RNDN);
    mpfr_mul_2ui(density, density, 1, MPFR_RNDN);
    mpfr_sqrt(density, density, MPFR_RNDN);
    mpfr_mul(phi, phi, density, MPFR_RNDN);
    mpfr_sub(x, x, phi, MPFR_RNDN);
  }
  const int ternary = mpfr_set(out, x, MPFR_RNDN);
  mpfr_clears(x, phi, density, low, high, static_cast<mpfr_ptr>(nullptr));
  return ternary;
}

inline std::vector<Function> functions() {
  return {one("exp", mpfr_exp),
          one("exp2", mpfr_exp2),
          one("expm1", mpfr_expm1),
          one("log", mpfr_log),
          one("log2", mpfr_log2),
          one("log10", mpfr_log10),
          one("log1p", mpfr_log1p),
          two("pow", mpfr_pow),
          one("cbrt", mpfr_cbrt),
          two("hypot", mpfr_hypot),
          one("sin", mpfr_sin),
          one("cos", mpfr_cos),
          one("tan", mpfr_tan),
          one("asin", mpfr_asin),
          one("acos", mpfr_acos),
          one("atan", mpfr_atan),
          two("atan2", mpfr_atan2),
          one("sinh", mpfr_sinh),
          one("cosh", mpfr_cosh),
          one("tanh", mpfr_tanh),
          {"normal_cdf", false, normal_cdf},
          {"normal_quantile", false, normal_quantile}};
}

}  // namespace reference
