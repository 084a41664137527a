// Errors against MPFR's vectors, the special cases of C11 Annex F, and the very bits of 100,000 results a function:
// whichever machine, compiler or option changes one of them changes what a logged decision replays to.
#include "core/math.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "golden/make/math_arguments.hpp"

namespace math = ballast::core::math;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kNaNBits = 0x7ff8000000000000;

struct Subject {
  std::string_view name;
  double (*one)(double);
  double (*two)(double, double);
  double bound;  // units of the last place
  std::uint64_t digest;
};

// The digests are of our own results and say nothing about their accuracy, only that they are the same bits.
constexpr Subject kSubjects[] = {
    {"exp", math::exp, nullptr, 0.501, 0xabeb34d5913ba4b3},
    {"exp2", math::exp2, nullptr, 0.501, 0x4dfca624b8eb9ff9},
    {"expm1", math::expm1, nullptr, 0.501, 0x2ed9c8dc655e7e85},
    {"log", math::log, nullptr, 0.501, 0xae41b06e9fd34295},
    {"log2", math::log2, nullptr, 0.501, 0xcfd9d150652ac164},
    {"log10", math::log10, nullptr, 0.501, 0x44152fcff364249f},
    {"log1p", math::log1p, nullptr, 0.501, 0xdab034c48cc53cfd},
    {"pow", nullptr, math::pow, 0.501, 0x12d753b712e31b2a},
    {"cbrt", math::cbrt, nullptr, 0.501, 0x6cb6bf5b151a992e},
    {"hypot", nullptr, math::hypot, 0.501, 0xf09f5b438a026ecd},
    {"sin", math::sin, nullptr, 0.501, 0x9b9cba992937b264},
    {"cos", math::cos, nullptr, 0.501, 0x9e835bc56a76f560},
    {"tan", math::tan, nullptr, 0.501, 0xe9a9779946828155},
    {"asin", math::asin, nullptr, 0.501, 0x0b8ab51984663f9f},
    {"acos", math::acos, nullptr, 0.501, 0x2bf0d4bc7d5a2eb2},
    {"atan", math::atan, nullptr, 0.501, 0xd602ba28128c9c84},
    {"atan2", nullptr, math::atan2, 0.501, 0x8dbd8183b20fce0a},
    {"sinh", math::sinh, nullptr, 0.501, 0x37241e23e7fb3927},
    {"cosh", math::cosh, nullptr, 0.501, 0x4a8d5ae2d780274d},
    {"tanh", math::tanh, nullptr, 0.501, 0xb21a9af1790ada81},
    {"normal_cdf", math::normal_cdf, nullptr, 0.501, 0x160fb9191d834fda},
    {"normal_quantile", math::normal_quantile, nullptr, 0.501, 0xf0e0e659291f6641},
};

double call(const Subject& f, double x, double y) { return f.one != nullptr ? f.one(x) : f.two(x, y); }

std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }

double from_hex(const nlohmann::json& digits) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(std::stoull(digits.get<std::string>(), nullptr, 16)));
}

/// One step of an FNV-like hash over whole words.
std::uint64_t absorb(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x100000001b3;
  return hash ^ hash >> 29;
}

std::string hex(std::uint64_t word) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(word));
  return text;
}

}  // namespace

TEST_SUITE("core.math") {
  TEST_CASE("every function stays within its bound of the exact results") {
    std::ifstream file(std::string(BALLAST_SOURCE_DIR) + "/tests/golden/core/math.json");
    REQUIRE(file.good());
    const auto golden = nlohmann::json::parse(file);
    CHECK(golden.size() == std::size(kSubjects) + 1);
    for (const Subject& f : kSubjects) {
      CAPTURE(f.name);
      const auto& cases = golden.at(std::string(f.name));
      CHECK(cases.size() >= 40);
      for (const auto& row : cases) {
        const double x = from_hex(row[0]);
        const double y = f.two != nullptr ? from_hex(row[1]) : 0.0;
        const double nearest = from_hex(row[row.size() - 2]);
        const double rest = row.back();
        const double ours = call(f, x, y);
        CAPTURE(x);
        CAPTURE(y);
        CAPTURE(ours);
        CAPTURE(nearest);
        if (!std::isfinite(nearest) || nearest == 0.0) {
          CHECK(hex(bits_of(ours)) == hex(bits_of(nearest)));  // so zeros keep their sign and NaN its pattern
          continue;
        }
        REQUIRE(std::isfinite(ours));
        const int unit = std::max(std::ilogb(nearest) - 52, -1074);
        // In two steps, because 2^1074 is no double; both are exact.
        const double off = std::ldexp(std::ldexp(ours - nearest, 500), -unit - 500);
        CHECK(std::fabs(off - rest) <= f.bound);
      }
    }
  }

  TEST_CASE("the bits of 100000 results a function are the same on every machine") {
    for (const Subject& f : kSubjects) {
      reference::Random random{0x5eed};
      std::uint64_t hash = 0xcbf29ce484222325;
      for (int i = 0; i < 100000; ++i) {
        const reference::Arguments a = reference::draw(f.name, random);
        hash = absorb(absorb(hash, bits_of(a.x)), bits_of(call(f, a.x, a.y)));
      }
      CAPTURE(f.name);
      CHECK(hex(hash) == hex(f.digest));
    }
  }

  TEST_CASE("a NaN is answered with one bit pattern whatever its sign and payload") {
    const double odd = std::bit_cast<double>(std::uint64_t{0xfff8000000000123});
    for (const Subject& f : kSubjects) {
      CAPTURE(f.name);
      CHECK(hex(bits_of(call(f, odd, odd))) == hex(kNaNBits));
    }
    CHECK(bits_of(math::log(-1.0)) == kNaNBits);
    CHECK(bits_of(math::sin(kInfinity)) == kNaNBits);
    CHECK(bits_of(math::pow(-8.0, 1.0 / 3.0)) == kNaNBits);
    CHECK(bits_of(math::hypot(1.0, odd)) == kNaNBits);
  }

  TEST_CASE("powers follow the table of C11 Annex F") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto same = [](double a, double b) { return bits_of(a) == bits_of(b); };
    CHECK(same(math::pow(nan, 0.0), 1.0));
    CHECK(same(math::pow(1.0, nan), 1.0));
    CHECK(same(math::pow(-1.0, -kInfinity), 1.0));
    CHECK(same(math::pow(-0.0, -3.0), -kInfinity));
    CHECK(same(math::pow(-0.0, -2.0), kInfinity));
    CHECK(same(math::pow(-0.0, 3.0), -0.0));
    CHECK(same(math::pow(-0.0, 0.5), 0.0));
    CHECK(same(math::pow(0.5, -kInfinity), kInfinity));
    CHECK(same(math::pow(0.5, kInfinity), 0.0));
    CHECK(same(math::pow(-kInfinity, -3.0), -0.0));
    CHECK(same(math::pow(-kInfinity, -2.0), 0.0));
    CHECK(same(math::pow(-kInfinity, 3.0), -kInfinity));
    CHECK(same(math::pow(-kInfinity, 0.5), kInfinity));
    CHECK(same(math::pow(-2.0, 1e300), kInfinity));
    CHECK(same(math::pow(-2.0, -1075.0), -0.0));
  }

  TEST_CASE("whole results are whole") {
    double power = 1.0;
    for (int n = 0; n <= 22; ++n, power *= 10.0) {
      CHECK(math::log10(power) == n);
      CHECK(math::pow(10.0, n) == power);
    }
    for (int n = -1074; n <= 1023; ++n) {
      const double exact = std::ldexp(1.0, n);
      REQUIRE(math::log2(exact) == n);
      REQUIRE(math::exp2(n) == exact);
      REQUIRE(math::pow(2.0, n) == exact);
    }
    for (int n = 1; n <= 2000; ++n) {
      const double exact = n;
      REQUIRE(math::cbrt(exact * exact * exact) == exact);
      REQUIRE(math::pow(exact, 3.0) == exact * exact * exact);
      REQUIRE(math::hypot(3.0 * exact, 4.0 * exact) == 5.0 * exact);
    }
  }
}
