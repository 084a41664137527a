// Reading arguments and pushing results, one specialisation a kind of type. The vocabulary is closed: numbers,
// integers, booleans, strings, numeric handles, optionals of these, and everything a record can hold (which goes
// through JSON). Reading never raises: it uses only API calls that cannot, and reports through `why`.
#pragma once

#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bind/decl.hpp"
#include "bind/handle.hpp"
#include "bind/json_value.hpp"

namespace ballast::bind {

std::string found_at(lua_State* L, int index);
/// The sign of a NaN differs from CPU to CPU and is not shown.
std::string shown_number(double value);

/// Everything without a specialisation of its own crosses as JSON and is read by the record reader.
template <class T>
struct Lua {
  static constexpr bool direct = false;
  static std::string type() { return core::Kind<T>::type(); }
  static bool read(lua_State* L, int index, const Words& words, T& out, std::string& why) {
    if (lua_isnone(L, index)) {
      why = fmt::format("expected {}, found nothing", type());
      return false;
    }
    core::Json json;
    if (!read_json_value(L, index, json, why)) return false;
    out = core::Kind<T>::read(json, words, {}, core::Unknown::refuse);
    return true;
  }
};

template <std::floating_point T>
struct Lua<T> {
  static constexpr bool direct = true;
  static std::string type() { return "number"; }
  static bool read(lua_State* L, int index, const Words& words, T& out, std::string& why) {
    if (lua_type(L, index) != LUA_TNUMBER) {
      why = fmt::format("expected {}, found {}", core::range_text(words, "a number"), found_at(L, index));
      return false;
    }
    const double value = lua_tonumber(L, index);
    if (!(value >= words.low && value <= words.high) || !std::isfinite(value)) {
      why = fmt::format("expected {}, found {}", core::range_text(words, "a finite number"), shown_number(value));
      return false;
    }
    out = static_cast<T>(value);
    return true;
  }
  static void push(lua_State* L, T value) { lua_pushnumber(L, value); }
};

template <std::integral T>
requires(!std::same_as<T, bool>) struct Lua<T> {
  static constexpr bool direct = true;
  static std::string type() { return "integer"; }
  static bool read(lua_State* L, int index, const Words& words, T& out, std::string& why) {
    int whole = 0;
    const lua_Integer value = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &whole) : 0;
    if (whole == 0 || !std::in_range<T>(value) || static_cast<double>(value) < words.low ||
        static_cast<double>(value) > words.high) {
      why = fmt::format("expected {}, found {}", core::range_text(words, "an integer"), found_at(L, index));
      return false;
    }
    out = static_cast<T>(value);
    return true;
  }
  static void push(lua_State* L, T value) { lua_pushinteger(L, static_cast<lua_Integer>(value)); }
};

template <>
struct Lua<bool> {
  static constexpr bool direct = true;
  static std::string type() { return "boolean"; }
  static bool read(lua_State* L, int index, const Words&, bool& out, std::string& why) {
    if (lua_type(L, index) != LUA_TBOOLEAN) {
      why = fmt::format("expected true or false, found {}", found_at(L, index));
      return false;
    }
    out = lua_toboolean(L, index) != 0;
    return true;
  }
  static void push(lua_State* L, bool value) { lua_pushboolean(L, value); }
};

template <>
struct Lua<std::string> {
  static constexpr bool direct = true;
  static std::string type() { return "string"; }
  static bool read(lua_State* L, int index, const Words&, std::string& out, std::string& why) {
    if (lua_type(L, index) != LUA_TSTRING) {  // tested first: lua_tolstring would change a number in place
      why = fmt::format("expected text, found {}", found_at(L, index));
      return false;
    }
    std::size_t n = 0;
    const char* text = lua_tolstring(L, index, &n);
    out.assign(text, n);
    return true;
  }
  static void push(lua_State* L, const std::string& value) { lua_pushlstring(L, value.data(), value.size()); }
};

template <class T>
requires Lua<T>::direct struct Lua<std::optional<T>> {
  static constexpr bool direct = true;
  static std::string type() { return Lua<T>::type() + "?"; }
  static bool read(lua_State* L, int index, const Words& words, std::optional<T>& out, std::string& why) {
    if (lua_isnoneornil(L, index)) {
      out.reset();
      return true;
    }
    return Lua<T>::read(L, index, words, out.emplace(), why);
  }
  static void push(lua_State* L, const std::optional<T>& value) {
    if (value) {
      Lua<T>::push(L, *value);
    } else {
      lua_pushnil(L);
    }
  }
};

template <class T>
requires(!Lua<T>::direct) struct Lua<std::optional<T>> {
  static constexpr bool direct = false;
  static std::string type() { return Lua<T>::type() + "?"; }
  static bool read(lua_State* L, int index, const Words& words, std::optional<T>& out, std::string& why) {
    if (lua_isnoneornil(L, index)) {
      out.reset();
      return true;
    }
    return Lua<T>::read(L, index, words, out.emplace(), why);
  }
};

/// Reads finite numbers from a list. Returns: false with the position of the first bad one.
bool read_numbers(lua_State* L, int index, const Words& words, std::vector<double>& out, std::string& why);
/// Reads rows of equally many numbers.
bool read_matrix(lua_State* L, int index, const Words& words, core::Matrix& out, std::string& why);

/// Where a vector is asked for, a list of numbers does as well (and so for the rows of a matrix).
template <class T>
requires requires { HandleType<T>::name; }
struct Lua<std::shared_ptr<const T>> {
  static constexpr bool direct = true;
  static std::string type() { return std::string(HandleType<T>::name); }
  static bool read(lua_State* L, int index, const Words& words, std::shared_ptr<const T>& out, std::string& why) {
    if ((out = to_handle<T>(L, index))) return true;
    if constexpr (std::same_as<T, core::Vector>) {
      if (lua_type(L, index) == LUA_TTABLE) {
        core::Vector made;
        if (!read_numbers(L, index, words, made.values, why)) return false;
        out = std::make_shared<const core::Vector>(std::move(made));
        return true;
      }
      if (const auto series = to_handle<core::Series>(L, index)) {
        out = std::make_shared<const core::Vector>(core::Vector{series->values});
        return true;
      }
      why = fmt::format("expected a Vector or a list of numbers, found {}", found_at(L, index));
    } else if constexpr (std::same_as<T, core::Matrix>) {
      if (lua_type(L, index) == LUA_TTABLE) {
        core::Matrix made;
        if (!read_matrix(L, index, words, made, why)) return false;
        out = std::make_shared<const core::Matrix>(std::move(made));
        return true;
      }
      why = fmt::format("expected a Matrix or a list of rows, found {}", found_at(L, index));
    } else {
      why = fmt::format("expected a {}, found {}", HandleType<T>::name, found_at(L, index));
    }
    return false;
  }
};

}  // namespace ballast::bind

namespace ballast::core {

/// Handles as JSON, so that an answer that holds one can be recorded and given again.
template <>
struct Kind<VectorHandle> {
  static std::string type() { return "Vector"; }
  static VectorHandle read(const Json& json, const Words& words, const std::string& path, Unknown unknown) {
    return std::make_shared<const Vector>(Vector{Kind<std::vector<double>>::read(json, words, path, unknown)});
  }
  static Json write(const VectorHandle& value) { return to_json(*value); }
  static Json schema(const Words&) { return {{"type", "array"}, {"items", {{"type", "number"}}}}; }
};
template <>
struct Kind<SeriesHandle> {
  static std::string type() { return "Series"; }
  static SeriesHandle read(const Json& json, const Words& words, const std::string& path, Unknown unknown) {
    Series out;
    for (const auto& row : Kind<std::vector<std::vector<double>>>::read(json, words, path, unknown)) {
      if (row.size() != 2) throw Error(Code::argument, "expected pairs of time and value", path);
      out.times_ms.push_back(static_cast<std::int64_t>(row[0]));
      out.values.push_back(row[1]);
    }
    return std::make_shared<const Series>(std::move(out));
  }
  static Json write(const SeriesHandle& value) { return to_json(*value); }
  static Json schema(const Words&) { return {{"type", "array"}, {"items", {{"type", "array"}}}}; }
};
template <>
struct Kind<MatrixHandle> {
  static std::string type() { return "Matrix"; }
  static MatrixHandle read(const Json& json, const Words& words, const std::string& path, Unknown unknown) {
    Matrix out;
    for (const auto& row : Kind<std::vector<std::vector<double>>>::read(json, words, path, unknown)) {
      out.columns = row.size();
      ++out.rows;
      out.values.insert(out.values.end(), row.begin(), row.end());
    }
    return std::make_shared<const Matrix>(std::move(out));
  }
  static Json write(const MatrixHandle& value) { return to_json(*value); }
  static Json schema(const Words&) { return {{"type", "array"}, {"items", {{"type", "array"}}}}; }
};

}  // namespace ballast::core
