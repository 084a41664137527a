// The only ways to learn the time and to learn that work should stop.
#pragma once

#include <atomic>
#include <optional>

#include "core/instant.hpp"

namespace ballast::core {

class Stop;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  /// Returns when it is `until`, or as soon as a stop is requested by a signal. Costs no CPU time meanwhile.
  virtual void wait_until(Instant until, const Stop& stop) const = 0;
};

/// The computer's clock.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  void wait_until(Instant until, const Stop& stop) const override;
};

/// A clock that stands still at a given instant (`--now`, tests, replay) until somebody waits: then it is later at
/// once.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Instant instant) : instant_(instant) {}
  Instant now() const override { return instant_; }
  void wait_until(Instant until, const Stop&) const override {
    if (until > instant_) instant_ = until;
  }

 private:
  mutable Instant instant_;
};

/// A FixedClock where an instant was given, else the computer's clock.
class ChosenClock final : public Clock {
 public:
  explicit ChosenClock(std::optional<Instant> given) : is_given_(given), given_(given.value_or(Instant{})) {}
  Instant now() const override { return chosen().now(); }
  void wait_until(Instant until, const Stop& stop) const override { chosen().wait_until(until, stop); }

 private:
  const Clock& chosen() const { return is_given_ ? static_cast<const Clock&>(given_) : system_; }

  bool is_given_;
  FixedClock given_;
  SystemClock system_;
};

/// Asked by any work that may take over 10 ms; once requested it stays so until whoever began the work clears it.
class Stop {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  /// For sessions, in which other work follows what was stopped.
  void clear() noexcept { requested_.store(false, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// Throws: Error{budget} when a stop was requested.
  void check() const;

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace ballast::core
