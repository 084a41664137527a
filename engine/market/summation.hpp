// Sums whose error does not grow with their length: double-double accumulation in eight fixed lanes. Which lane a term
// goes to depends on its index alone, so the same terms give the same bits however they were cut into pieces and
// whatever the compiler vectorises. Private to engine/market. Source: Knuth's TwoSum; Dekker (1971) for the lanes'
// type.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ballast::market {

inline constexpr std::size_t kLanes = 8;

/// An unevaluated sum hi + lo.
struct DoubleDouble {
  double hi = 0, lo = 0;

  void add(double term) {
    const double sum = hi + term;
    const double part = sum - hi;
    lo += (hi - (sum - part)) + (term - part);
    hi = sum;
  }
  void add(const DoubleDouble& other) {
    add(other.hi);
    add(other.lo);
  }
  double value() const { return hi + lo; }
  /// std::fma rounds once by definition, in hardware or not, so this has the same bits everywhere.
  DoubleDouble divided_by(double divisor) const {
    const double quotient = hi / divisor;
    return {quotient, (std::fma(-quotient, divisor, hi) + lo) / divisor};
  }
};

class LaneSum {
 public:
  void add(std::span<const double> terms) {
    std::size_t i = 0;
    for (; i < terms.size() && count_ % kLanes != 0; ++i) add_one(terms[i]);
    // Local copies stay in registers; members could be what `terms` points into, for all the compiler knows.
    std::array<double, kLanes> hi = hi_, lo = lo_;
    for (; i + kLanes <= terms.size(); i += kLanes, count_ += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) {
        const double term = terms[i + k];
        const double sum = hi[k] + term;
        const double part = sum - hi[k];
        lo[k] += (hi[k] - (sum - part)) + (term - part);
        hi[k] = sum;
      }
    }
    hi_ = hi;
    lo_ = lo;
    for (; i < terms.size(); ++i) add_one(terms[i]);
  }

  DoubleDouble total() const {
    DoubleDouble out;
    for (std::size_t k = 0; k < kLanes; ++k) out.add(DoubleDouble{hi_[k], lo_[k]});
    return out;
  }
  std::size_t count() const { return count_; }
  /// Requires: count() > 0.
  double mean() const { return total().value() / static_cast<double>(count_); }

 private:
  void add_one(double term) {
    DoubleDouble lane{hi_[count_ % kLanes], lo_[count_ % kLanes]};
    lane.add(term);
    hi_[count_ % kLanes] = lane.hi;
    lo_[count_ % kLanes] = lane.lo;
    ++count_;
  }

  std::array<double, kLanes> hi_{}, lo_{};
  std::size_t count_ = 0;
};

/// Population variance in one pass: blocks of 512 terms around their own mean, joined by Chan, Golub and LeVeque's
/// update (1983). All joined parts are positive, so nothing cancels, even when the mean dwarfs the deviation.
class Deviation {
 public:
  static constexpr std::size_t kBlock = 512;

  void add(double term) {
    block_[filled_++] = term;
    if (filled_ == kBlock) join();
  }
  std::int64_t count() const { return count_ + static_cast<std::int64_t>(filled_); }
  /// Returns the population standard deviation. Requires: count() > 0. Ends the series of terms.
  double population() {
    join();
    return std::sqrt(squares_.value() / static_cast<double>(count_));
  }

 private:
  void join() {
    if (filled_ == 0) return;
    const std::span<const double> terms(block_.data(), filled_);
    LaneSum sum;
    sum.add(terms);
    const double n = static_cast<double>(filled_);
    const DoubleDouble total = sum.total();
    const double mean = total.value() / n;
    std::array<double, kLanes> square{}, rest{};
    std::size_t i = 0;
    for (; i + kLanes <= filled_; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) {
        const double d = terms[i + k] - mean;
        square[k] += d * d;
        rest[k] += d;
      }
    }
    for (; i < filled_; ++i) {
      const double d = terms[i] - mean;
      square[i % kLanes] += d * d;
      rest[i % kLanes] += d;
    }
    double squares = 0, remainder = 0;
    for (std::size_t k = 0; k < kLanes; ++k) squares += square[k], remainder += rest[k];
    // The second term removes what rounding the mean left behind.
    squares_.add(squares - remainder * remainder / n);
    if (count_ > 0) {
      const double before = static_cast<double>(count_);
      DoubleDouble difference = total.divided_by(n);
      const DoubleDouble mean_before = sum_.divided_by(before);
      difference.add({-mean_before.hi, -mean_before.lo});
      const double delta = difference.value();
      squares_.add(delta * delta * (before * n / (before + n)));
    }
    sum_.add(total);
    count_ += static_cast<std::int64_t>(filled_);
    filled_ = 0;
  }

  std::array<double, kBlock> block_{};
  std::size_t filled_ = 0;
  std::int64_t count_ = 0;
  DoubleDouble sum_, squares_;
};

}  // namespace ballast::market
