#include "core/clock.hpp"

#include <algorithm>
#include <csignal>

#include <poll.h>

#include <chrono>

#include "core/error.hpp"

namespace ballast::core {

Instant SystemClock::now() const {
  using namespace std::chrono;
  return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

void Stop::check() const {
  if (requested()) throw Error(Code::budget, "stopped before the work was finished");
}

void SystemClock::wait_until(Instant until, const Stop& stop) const {
  // Signals are blocked but while sleeping, so that none can come between the look at `stop` and the sleep. The clock of
  // the wall may be set meanwhile: it is asked again every minute.
  constexpr std::int64_t kLongest = 60'000'000;
  sigset_t ending, before;
  sigemptyset(&ending);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending, each);
  pthread_sigmask(SIG_BLOCK, &ending, &before);
  while (!stop.requested()) {
    const std::int64_t left = std::min(until.microseconds - now().microseconds, kLongest);
    if (left <= 0) break;
    const timespec longest{static_cast<time_t>(left / 1'000'000), static_cast<long>(left % 1'000'000) * 1000};
    ::ppoll(nullptr, 0, &longest, &before);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace ballast::core
