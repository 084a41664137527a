// What a Lua state knows about its host. Reached from C functions through lua_getextraspace, never through globals.
// The modules layer derives its services from this; bind itself knows no domain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <lua.hpp>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/json.hpp"

namespace ballast::bind {

/// What calling a primitive may touch; sandbox profiles are sets of these.
enum class Effect : unsigned {
  pure,
  reads_clock,
  reads_market,
  reads_files,
  reads_journal,
  writes_files,
  writes_journal,
  talks
};
std::string_view effect_name(Effect effect) noexcept;

/// A set of effects.
class Effects {
 public:
  constexpr Effects() = default;
  template <class... E>
  static constexpr Effects of(E... each) {
    Effects out;
    ((out.bits_ |= 1u << static_cast<unsigned>(each)), ...);
    return out;
  }
  static constexpr Effects all() {
    Effects out;
    out.bits_ = ~0u;
    return out;
  }
  constexpr bool has(Effect e) const { return (bits_ >> static_cast<unsigned>(e)) & 1u; }

 private:
  unsigned bits_ = 0;
};

/// Memory of one Lua state and of the handles it holds. Units: bytes.
struct MemoryAccount {
  std::size_t used = 0;
  std::size_t limit = std::size_t{64} << 20;
  std::size_t peak = 0;
  bool exhausted = false;  ///< a request was refused
};

/// Every answer of a primitive that is not pure goes through here, so that a run can be repeated without the world.
class Answers {
 public:
  virtual ~Answers() = default;
  /// Returns the recorded answer of the next call when a run is replayed, else nothing. Throws: Error when the
  /// recorded call was another one.
  virtual std::optional<core::Json> recorded(std::string_view call, const core::Json& arguments) = 0;
  /// Keeps the answer of a call made for real.
  virtual void record(std::string_view call, const core::Json& arguments, const core::Json& answer) = 0;
  /// Keeps that it failed: a script may have caught the error and gone on, and must do so again.
  virtual void record_failure(std::string_view call, const core::Json& arguments, const core::Error& error) = 0;
};

/// Numeric data that a script holds through a userdata. It belongs to the Context, because Lua gives up a finaliser for
/// which it has no memory: what was not finalised goes with the Context.
struct Held {
  std::shared_ptr<const void> data;
  std::size_t bytes = 0;
  Held* previous = nullptr;
  Held* next = nullptr;
};

class Context {
 public:
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  virtual ~Context();
  core::Stop stop;  ///< set by a limit; every primitive refuses to start once it is set
  MemoryAccount memory;
  Effects granted = Effects::of(Effect::pure);
  Answers* answers = nullptr;  ///< none in policies: they reach pure primitives only
  std::int64_t instructions_left = std::numeric_limits<std::int64_t>::max();  ///< until the limit, where one is set
  std::string limit_text;  ///< which limit stopped the script, for the message

  /// Keeps data of a handle and counts it. Throws: Error{memory} when the limit would be passed.
  Held* hold(std::shared_ptr<const void> data, std::size_t bytes);
  /// Lets it go. Requires: `held` came from hold() of this object and was not dropped yet.
  void drop(Held* held) noexcept;

 private:
  Held* first_ = nullptr;
};

inline Context*& context_slot(lua_State* L) { return *static_cast<Context**>(lua_getextraspace(L)); }
inline Context& context_of(lua_State* L) { return *context_slot(L); }

}  // namespace ballast::bind
