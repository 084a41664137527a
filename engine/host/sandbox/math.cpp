// math: the same bits on every machine (core/math), and no random numbers without an explicit stream.
#include "host/sandbox/sandbox.hpp"

#include <initializer_list>

#include "core/math.hpp"

// Lua's `^` calls pow. The link wraps that symbol, so that the operator gives the bits of core/math too.
extern "C" double __wrap_pow(double x, double y);
extern "C" double __wrap_pow(double x, double y) { return ballast::core::math::pow(x, y); }

namespace ballast::host {
namespace {

template <double (*F)(double)>
int unary(lua_State* L) {
  lua_pushnumber(L, F(luaL_checknumber(L, 1)));
  return 1;
}

int power(lua_State* L) {
  lua_pushnumber(L, core::math::pow(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
  return 1;
}

int arc_tangent(lua_State* L) {
  lua_pushnumber(L, core::math::atan2(luaL_checknumber(L, 1), luaL_optnumber(L, 2, 1)));
  return 1;
}

int logarithm(lua_State* L) {
  const double x = luaL_checknumber(L, 1);
  double value = 0;
  if (lua_isnoneornil(L, 2)) {
    value = core::math::log(x);
  } else {
    const double base = luaL_checknumber(L, 2);
    value = base == 2    ? core::math::log2(x)
            : base == 10 ? core::math::log10(x)
                         : core::math::log(x) / core::math::log(base);
  }
  lua_pushnumber(L, value);
  return 1;
}

int refuse_random(lua_State* L) {
  return luaL_error(L, "math.random is not available: a decision must come out the same when it is replayed");
}

}  // namespace

void open_math(lua_State* L) {
  luaL_requiref(L, "math", luaopen_math, 0);
  const luaL_Reg ours[] = {{"exp", &unary<&core::math::exp>},
                           {"sin", &unary<&core::math::sin>},
                           {"cos", &unary<&core::math::cos>},
                           {"tan", &unary<&core::math::tan>},
                           {"asin", &unary<&core::math::asin>},
                           {"acos", &unary<&core::math::acos>},
                           {"atan", &arc_tangent},
                           {"log", &logarithm},
                           {"pow", &power},
                           // Debian's library has the functions of Lua 5.1 too, which would reach the C library's.
                           {"sinh", &unary<&core::math::sinh>},
                           {"cosh", &unary<&core::math::cosh>},
                           {"tanh", &unary<&core::math::tanh>},
                           {"log10", &unary<&core::math::log10>},
                           {"atan2", &arc_tangent},
                           {"random", &refuse_random},
                           {"randomseed", &refuse_random},
                           {nullptr, nullptr}};
  luaL_setfuncs(L, ours, 0);
  lua_setfield(L, -2, "math");
}

}  // namespace ballast::host
