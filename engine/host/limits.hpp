// Limits of one script run and the timer that enforces time: it costs nothing until the deadline has passed.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>

#include <lua.hpp>

#include "bind/context.hpp"
#include "core/record.hpp"

namespace ballast::host {

struct Limits {
  double seconds = 2;  ///< CPU time of the thread that runs the script
  std::int64_t memory_mib = 64;
  std::int64_t output_kib = 256;
  std::int64_t instructions = 0;  ///< 0: not counted (counting slows every instruction)
};

/// Stops the script running in `L` when its CPU time is used up. While it lives, the calling thread's timer signal
/// sets a hook that raises at every instruction, so that protected calls cannot swallow the stop. A script that sits
/// in one long C call past the grace time ends the process with status 3 (runs are durable).
class TimeLimit {
 public:
  TimeLimit(lua_State* L, bind::Context& context, double seconds);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  struct Armed;
  std::unique_ptr<Armed> armed_;
};

/// Counts instructions instead of time: the same script stops at the same place on every machine.
void limit_instructions(lua_State* L, bind::Context& context, std::int64_t count);

/// For C functions that work for long: charges `count` instructions to the running script, and raises, as the hook of a
/// limit would, when it was stopped or has used up what it may.
void spend_instructions(lua_State* L, std::int64_t count);

/// What Ctrl-C does while no script runs.
enum class WhenIdle { end_process, go_on };
/// Ctrl-C asks the running script to stop between two instructions; a second one ends the process. With `end_process`,
/// SIGTERM and SIGHUP ask the same, once.
void stop_on_interrupt(WhenIdle idle = WhenIdle::end_process);
bool was_interrupted() noexcept;
/// Forgets an interrupt that was dealt with: a session goes on.
void clear_interrupt() noexcept;

}  // namespace ballast::host

template <>
struct ballast::core::Record<ballast::host::Limits> {
  using S = host::Limits;
  static constexpr std::string_view name = "Limits", doc = "What one script run may use.";
  static constexpr auto fields = std::tuple{
      field(&S::seconds, {.name = "seconds",
                          .doc = "CPU time after which the script is stopped.",
                          .unit = "s",
                          .low = 0.001,
                          .high = 86400}),
      field(&S::memory_mib, {.name = "memory_mib",
                             .doc = "Memory of the script and of the numeric data it holds.",
                             .unit = "MiB",
                             .low = 1,
                             .high = 16384}),
      field(&S::output_kib,
            {.name = "output_kib", .doc = "Text the script may print.", .unit = "KiB", .low = 0, .high = 1048576}),
      field(&S::instructions, {.name = "instructions",
                               .doc = "Lua instructions; 0 means that they are not counted.",
                               .unit = "instructions",
                               .low = 0,
                               .high = 9007199254740992.0})};
};
