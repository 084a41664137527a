#!/usr/bin/env python3
"""Writes the tables of engine/core/math from whole-number arithmetic alone: no floating-point library is used.

Every number is a Python integer scaled by 2**BITS and is the sum of its Taylor series, or comes from integer square
roots. A double-double is the nearest double followed by the nearest double to what is left.

    python3 tests/golden/make/math_tables.py engine/core/math && clang-format -i engine/core/math/*_table.hpp
"""
import sys
from fractions import Fraction
from math import isqrt

BITS = 1600
ONE = 1 << BITS


def divide(a, b):
    return (a << BITS) // b


def multiply(a, b):
    return (a * b) >> BITS


def sqrt(a):
    return isqrt(a << BITS)


def series(first, ratio):
    """Sums first * ratio(1) * ratio(2) ... until a term vanishes."""
    total, term, n = 0, first, 0
    while term:
        total += term
        n += 1
        term = ratio(term, n)
    return total


def atan(x):
    halvings = 0
    while x > ONE >> 6:  # atan x = 2 atan(x / (1 + sqrt(1 + x^2)))
        x = divide(x, ONE + sqrt(ONE + multiply(x, x)))
        halvings += 1
    square, power, total, n = multiply(x, x), x, 0, 0
    while power:
        total += (power if n % 2 == 0 else -power) // (2 * n + 1)
        power = multiply(power, square)
        n += 1
    return total << halvings


def log(x):
    """2 atanh((x - 1) / (x + 1)), after square roots have brought x near 1."""
    roots = 0
    while abs(x - ONE) > ONE >> 6:
        x = sqrt(x)
        roots += 1
    z = divide(x - ONE, x + ONE)
    square, power, total, n = multiply(z, z), z, 0, 0
    while power not in (0, -1):
        total += power // (2 * n + 1)
        power = multiply(power, square)
        n += 1
    return total << (roots + 1)


def sine(x):
    square = multiply(x, x)
    return series(x, lambda t, n: -(multiply(t, square) // (2 * n * (2 * n + 1))) if t > 0
                  else multiply(-t, square) // (2 * n * (2 * n + 1)))


def cosine(x):
    square = multiply(x, x)
    return series(ONE, lambda t, n: -(multiply(t, square) // ((2 * n - 1) * 2 * n)) if t > 0
                  else multiply(-t, square) // ((2 * n - 1) * 2 * n))


def exponential(x):
    return series(ONE, lambda t, n: multiply(t, x) // n)


PI = 4 * atan(ONE)
LN2, LN10 = log(2 * ONE), log(10 * ONE)


def nearest(a):
    """Returns the double nearest to a / 2**BITS (Fraction to float rounds correctly)."""
    return float(Fraction(a, ONE))


def scaled(value):
    return int(Fraction(value) * ONE)


def cut(a, digits):
    """Returns the leading `digits` bits of a, as a double."""
    drop = abs(a).bit_length() - digits
    return nearest((abs(a) >> drop << drop) * (1 if a > 0 else -1))


def parts(a, widths):
    """Splits a into doubles of the given widths in bits; the last takes 53 and is rounded."""
    found = []
    for width in widths:
        found.append(cut(a, width))
        a -= scaled(found[-1])
    return found + [nearest(a)]


def word(value):
    return "0.0" if value == 0 else float(value).hex().replace(".0000000000000p", "p")


def pair(a):
    hi = nearest(a)
    return [hi, nearest(a - scaled(hi))]


def row(values):
    return "{" + ", ".join(word(v) for v in values) + "}"


def dd(name, a, note):
    return f"/// {note}\ninline constexpr DoubleDouble {name}{row(pair(a))};\n"


def header(path, text, body):
    with open(path, "w") as out:
        out.write("".join(f"// {line}\n" for line in text))
        out.write("// Written by tests/golden/make/math_tables.py from integer arithmetic; do not edit.\n")
        out.write("#pragma once\n\n")
        out.write("#include <cstdint>\n\n#include \"core/math/double_double.hpp\"\n\n")
        out.write("namespace ballast::core::math::detail {\n\n" + body)
        out.write("\n}  // namespace ballast::core::math::detail\n")


def array(kind, name, rows, note):
    return f"/// {note}\ninline constexpr {kind} {name}[{len(rows)}] = {{\n    " + ",\n    ".join(rows) + "};\n\n"


def exp_table(folder):
    body = f"inline constexpr double kInverseStep = {word(nearest(divide(128 * ONE, LN2)))};  // 128 / ln 2\n"
    body += "/// ln 2 / 128 in three parts; the first two have 35 bits, so that products with |n| < 2^18 are exact.\n"
    body += f"inline constexpr double kStep[3] = {row(parts(LN2 >> 7, [35, 35]))};\n"
    body += dd("kLn2", LN2, "ln 2")
    root = 2 * ONE
    for _ in range(7):
        root = sqrt(root)
    rows, power = [], ONE
    for _ in range(128):
        rows.append(row(pair(power)))
        power = multiply(power, root)
    body += array("DoubleDouble", "kExp2Table", rows, "2^(j / 128)")
    header(f"{folder}/exp_table.hpp", ["Powers 2^(j / 128) and the constants that reduce an exponent to them."], body)


def log_table(folder):
    """Centres are the doubles whose leading seven fraction bits are free, from 0.703 to 1.41; c is near 1 / centre."""
    body = "/// ln 2 in two parts; the first has 41 bits, so that its product with an exponent is exact.\n"
    body += f"inline constexpr double kLn2Parts[2] = {row(parts(LN2, [41]))};\n"
    body += dd("kInverseLn2", divide(ONE, LN2), "1 / ln 2") + dd("kInverseLn10", divide(ONE, LN10), "1 / ln 10")
    body += "struct LogEntry {\n  double c;\n  DoubleDouble minus_log_c;\n};\n"
    rows = []
    for j in range(53, 181):  # up to 128 below 1 in steps of 2^-8, then in steps of 2^-7
        centre = Fraction(128 + j, 256) if j <= 128 else Fraction(j, 128)
        c = Fraction(round(1024 / centre), 1024)
        rows.append("{" + word(float(c)) + ", " + row(pair(-log(scaled(c)))) + "}")
    body += array("LogEntry", "kLogTable", rows,
                  "Entry j - 53 serves the numbers around (128 + j) / 256, or around j / 128 when j is past 128.")
    header(f"{folder}/log_table.hpp", ["Short reciprocals c (ten fraction bits) with -log c."], body)


def sin_table(folder):
    body = "/// pi / 2 in four parts; the first three have 33 bits, so that products with |n| < 2^20 are exact.\n"
    body += f"inline constexpr double kHalfPiParts[4] = {row(parts(PI >> 1, [33, 33, 33]))};\n"
    body += dd("kHalfPi", PI >> 1, "pi / 2")
    body += f"inline constexpr double kInverseHalfPi = {word(nearest(divide(2 * ONE, PI)))};  // 2 / pi\n"
    digits = divide(2 * ONE, PI)
    words = [f"0x{(digits >> (BITS - 64 * (i + 1))) & (2 ** 64 - 1):016x}" for i in range(22)]
    body += array("std::uint64_t", "kTwoOverPi", words,
                  "The binary digits of 2 / pi after the point, first ones first.")
    body += "struct SinEntry {\n  DoubleDouble sin, cos;\n};\n"
    rows = ["{" + row(pair(sine(k * ONE // 64))) + ", " + row(pair(cosine(k * ONE // 64))) + "}" for k in range(52)]
    body += array("SinEntry", "kSinTable", rows, "sin and cos of k / 64")
    header(f"{folder}/sin_table.hpp", ["sin and cos of k / 64, and what reduces an angle to a quarter turn."], body)


def atan_table(folder):
    body = dd("kPi", PI, "pi")
    body += array("DoubleDouble", "kAtanTable", [row(pair(atan(k * ONE // 64))) for k in range(65)], "atan(k / 64)")
    header(f"{folder}/atan_table.hpp", ["Arc tangents of k / 64."], body)


MILLS_DEGREE = 13


def mills_at(a):
    """R(a) = (1 - Phi(a)) / phi(a) = sqrt(pi / 2) exp(a^2 / 2) - sum of a^(2n + 1) / (1 3 5 ... (2n + 1))."""
    half_square = multiply(a, a) >> 1
    rest = series(a, lambda t, n: multiply(multiply(t, a), a) // (2 * n + 1))
    return multiply(sqrt(PI >> 1), exponential(half_square)) - rest


def mills_table(folder):
    """Taylor coefficients in h around centres that divide each binade of [1/2, 42) by 16.

    From R' = a R - 1: (n + 2) c[n + 2] = a c[n + 1] + c[n]."""
    global BITS, ONE, PI
    BITS, saved = 6400, BITS  # exp(a^2 / 2) is near 2^2900 at a = 63 and cancels but for R
    ONE = 1 << BITS
    PI = 4 * atan(ONE)
    rows = []
    for binade in range(-1, 6):
        if binade == 5:
            steps = range(5)  # up to 42: the distribution function is zero past 38.6
        else:
            steps = range(16)
        for step in steps:
            centre = scaled(Fraction(33 + 2 * step, 32) * Fraction(2) ** binade)
            c = [mills_at(centre)]
            c.append(multiply(centre, c[0]) - ONE)
            for n in range(MILLS_DEGREE - 1):
                c.append((multiply(centre, c[n + 1]) + c[n]) // (n + 2))
            rows.append("{" + row(pair(c[0])) + ", " + row(pair(c[1])) + ", " + row([nearest(v) for v in c[2:]]) + "}")
    body = dd("kInverseSqrtTwoPi", divide(ONE, sqrt(2 * PI)), "1 / sqrt(2 pi)")
    body += ("struct MillsEntry {\n  DoubleDouble value, slope;\n  double rest[" + str(MILLS_DEGREE - 1) + "];\n};\n")
    body += array("MillsEntry", "kMillsTable", rows,
                  "Around (33 + 2 s) / 32 * 2^b: entry 16 (b + 1) + s; coefficients of h^0, h^1, h^2 ...")
    terms, double_factorial = [], 1
    for n in range(12):  # Phi(x) - 1/2 = (x - x^3 / 6 + x^5 / 40 - ...) / sqrt(2 pi)
        factorial = 1
        for i in range(2, n + 1):
            factorial *= i
        terms.append(nearest(ONE * (-1) ** n // (2 ** n * factorial * (2 * n + 1))))
    body += array("double", "kCentralSeries", [word(t) for t in terms],
                  "(-1)^n / (2^n n! (2n + 1)): Taylor coefficients of sqrt(2 pi) (Phi(x) - 1/2) in odd powers of x")
    header(f"{folder}/mills_table.hpp",
           ["Taylor coefficients of Mills' ratio, the upper tail of the normal law over its density."], body)
    BITS = saved


if __name__ == "__main__":
    target = sys.argv[1]
    exp_table(target)
    log_table(target)
    sin_table(target)
    atan_table(target)
    mills_table(target)
