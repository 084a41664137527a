// table.sort: a stable merge sort. The stock one picks pivots by clock and address in long lists, so that a comparator
// which contradicts itself sorts differently from run to run; this one makes the same comparisons in the same order
// always.
#include "host/limits.hpp"
#include "host/sandbox/sandbox.hpp"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <numeric>
#include <utility>

namespace ballast::host {
namespace {

constexpr int kList = 1, kComparator = 2, kElements = 3;  // where things lie on the stack of the call

/// Pushes the element that stood at `place` (from 0) when the sort began.
void push_element(lua_State* L, std::uint32_t place) { lua_rawgeti(L, kElements, static_cast<lua_Integer>(place) + 1); }

/// Whether the element first at `a` goes before the one first at `b`. May raise: comparators are scripts.
bool goes_before(lua_State* L, std::uint32_t a, std::uint32_t b) {
  spend_instructions(L, 1);
  bool out = false;
  if (lua_isnil(L, kComparator)) {
    push_element(L, a);
    push_element(L, b);
    out = lua_compare(L, -2, -1, LUA_OPLT) != 0;
    lua_pop(L, 2);
  } else {
    lua_pushvalue(L, kComparator);
    push_element(L, a);
    push_element(L, b);
    lua_call(L, 2, 1);
    out = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
  }
  return out;
}

/// Merges the sorted runs [first, middle) and [middle, last) of `from` into `to`. Equal elements keep their order.
void merge(lua_State* L, const std::uint32_t* from, std::uint32_t* to, std::size_t first, std::size_t middle,
           std::size_t last) {
  // Runs that are in order already, as in a sorted list, take one comparison.
  if (middle >= last || !goes_before(L, from[middle], from[middle - 1])) {
    std::copy(from + first, from + last, to + first);
    return;
  }
  std::size_t left = first, right = middle, out = first;
  while (left < middle && right < last)
    to[out++] = goes_before(L, from[right], from[left]) ? from[right++] : from[left++];
  std::copy(from + left, from + middle, to + out);
  std::copy(from + right, from + last, to + out + (middle - left));
}

}  // namespace

int sort_table(lua_State* L) {
  luaL_checktype(L, kList, LUA_TTABLE);
  const lua_Integer length = luaL_len(L, kList);
  if (length < 2) return 0;
  luaL_argcheck(L, length < INT_MAX, kList, "array too big");
  if (!lua_isnoneornil(L, kComparator)) luaL_checktype(L, kComparator, LUA_TFUNCTION);
  lua_settop(L, 2);
  const auto n = static_cast<std::size_t>(length);
  // Both belong to Lua: they count against the memory limit, and go when a comparator raises.
  lua_createtable(L, static_cast<int>(length), 0);
  auto* from = static_cast<std::uint32_t*>(lua_newuserdatauv(L, 2 * n * sizeof(std::uint32_t), 0));
  std::uint32_t* to = from + n;
  for (std::size_t i = 0; i < n; ++i) {
    spend_instructions(L, 1);
    lua_geti(L, kList, static_cast<lua_Integer>(i) + 1);
    lua_rawseti(L, kElements, static_cast<lua_Integer>(i) + 1);
  }
  std::iota(from, from + n, std::uint32_t{0});
  for (std::size_t width = 1; width < n; width *= 2) {
    for (std::size_t first = 0; first < n; first += 2 * width) {
      merge(L, from, to, first, std::min(first + width, n), std::min(first + 2 * width, n));
    }
    std::swap(from, to);
  }
  for (std::size_t i = 0; i < n; ++i) {
    spend_instructions(L, 1);
    push_element(L, from[i]);
    lua_seti(L, kList, static_cast<lua_Integer>(i) + 1);
  }
  return 0;
}

}  // namespace ballast::host
