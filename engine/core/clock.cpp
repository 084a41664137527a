#include "core/clock.hpp"

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

}  // namespace ballast::core
