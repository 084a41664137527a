// The one safe call path between Lua and C++: read and check the arguments, call, push the result.
// Every C++ object lives and dies inside run(); Lua errors are raised from entry(), which owns nothing.
#pragma once

#include "bind/convert.hpp"
#include "bind/problem.hpp"

namespace ballast::bind {

/// Told of every call of a primitive, so that a test can prove that each was used and each refused something.
struct CallWatcher {
  virtual ~CallWatcher() = default;
  virtual void called(const void* decl, bool succeeded) noexcept = 0;
};
inline CallWatcher* call_watcher = nullptr;

template <class R>
int push_result(lua_State* L) {  // runs under lua_pcall
  Lua<R>::push(L, *static_cast<const R*>(lua_touserdata(L, 1)));
  return 1;
}
inline int push_json_result(lua_State* L) {
  push_json_value(L, *static_cast<const core::Json*>(lua_touserdata(L, 1)));
  return 1;
}
inline bool push_protected(lua_State* L, lua_CFunction thunk, const void* value) noexcept {
  lua_pushcfunction(L, thunk);
  lua_pushlightuserdata(L, const_cast<void*>(value));
  return lua_pcall(L, 1, 1, 0) == LUA_OK;
}

/// Results that fit a stack slot that is already there: pushing them cannot raise and needs no protection.
template <class R>
inline constexpr bool is_plain = std::floating_point<R> || std::integral<R>;

template <class R>
inline constexpr bool is_handle = false;
template <class T>
inline constexpr bool is_handle<std::shared_ptr<const T>> = requires {
  HandleType<T>::name;
};

template <class T>
int push_held(lua_State* L) {  // runs under lua_pcall
  push_handle<T>(L, static_cast<Held*>(lua_touserdata(L, 1)));
  return 1;
}

/// Pushes a handle, counted against the limit. Lua's collector sees only its pointer, so a full collection is tried
/// before a refusal: what a script has dropped is not held against it.
template <class T>
bool push_result_handle(lua_State* L, Context& context, const std::shared_ptr<const T>& result) {
  if (!result) {
    lua_pushnil(L);
    return true;
  }
  const std::size_t bytes = size_in_bytes(*result);
  if (context.memory.used + bytes > context.memory.limit) lua_gc(L, LUA_GCCOLLECT, 0);
  Held* const held = context.hold(result, bytes);
  if (push_protected(L, &push_held<T>, held)) return true;
  context.drop(held);
  return false;
}

template <class D, std::size_t... I>
bool read_arguments([[maybe_unused]] lua_State* L, const D& decl, typename D::Signature::Arguments& arguments,
                    Problem& problem, std::index_sequence<I...>) {
  using Arguments = typename D::Signature::Arguments;
  std::string why;
  std::size_t bad = 0;
  try {
    if ((... && (bad = I, Lua<std::tuple_element_t<I, Arguments>>::read(L, static_cast<int>(I) + 1, decl.arguments[I],
                                                                        std::get<I>(arguments), why)))) {
      return true;
    }
  } catch (const core::Error& e) {  // a record's reader placed it at the member
    why = e.what();
  }
  const Words& words = decl.arguments[bad];
  problem = {"argument",
             fmt::format("{}: argument #{} '{}'{}: {}", decl.name, bad + 1, words.name,
                         words.unit.empty() ? std::string() : fmt::format(" ({})", words.unit), why),
             {}};
  return false;
}

template <class D>
auto invoke(Context& context, const D&, const typename D::Signature::Arguments& arguments) {
  if constexpr (D::Signature::wants_context) {
    return std::apply(
        [&](const auto&... a) { return D::target(static_cast<typename D::Signature::ContextType&>(context), a...); },
        arguments);
  } else {
    return std::apply(D::target, arguments);
  }
}

template <class A>
core::Json arguments_as_json(const A& arguments) {
  core::Json out = core::Json::array();
  std::apply([&](const auto&... a) { (out.push_back(core::Kind<std::remove_cvref_t<decltype(a)>>::write(a)), ...); },
             arguments);
  return out;
}

/// Calls a primitive whose answer depends on the world: taken from the record when a run is replayed, kept otherwise.
template <class D>
core::Json invoke_recorded(Context& context, const D& decl, std::string_view path,
                           const typename D::Signature::Arguments& arguments) {
  using R = typename D::Signature::Result;
  const std::string call = fmt::format("{}.{}", path, decl.name);
  const core::Json given = context.answers ? arguments_as_json(arguments) : core::Json();
  if (context.answers) {
    if (auto answer = context.answers->recorded(call, given)) return std::move(*answer);
  }
  core::Json answer;
  try {
    answer = core::Kind<R>::write(invoke(context, decl, arguments));
  } catch (const core::Error& e) {
    if (context.answers) context.answers->record_failure(call, given, e);
    throw;
  }
  if (context.answers) context.answers->record(call, given, answer);
  return answer;
}

template <const auto& M, std::size_t K>
bool run(lua_State* L) noexcept {
  static constexpr const auto& decl = std::get<K>(M.decls);
  using D = std::remove_cvref_t<decltype(decl)>;
  using R = typename D::Signature::Result;
  constexpr std::size_t arity = D::Signature::arity;
  Context& context = context_of(L);
  Problem problem;
  try {
    typename D::Signature::Arguments arguments{};
    const int given = lua_gettop(L);
    if (context.stop.requested()) {
      problem = {"budget", context.limit_text, {}};
    } else if (given > static_cast<int>(arity)) {
      problem = {
          "argument",
          fmt::format("{}: expected at most {} argument{}, found {}", decl.name, arity, arity == 1 ? "" : "s", given),
          {}};
    } else if (read_arguments(L, decl, arguments, problem, std::make_index_sequence<arity>{})) {
      bool pushed = false;
      if constexpr (decl.effect != Effect::pure) {
        const core::Json answer = invoke_recorded(context, decl, M.path, arguments);
        if constexpr (is_handle<R>) {
          pushed = push_result_handle(L, context, core::Kind<R>::read(answer, {}, {}, core::Unknown::ignore));
        } else {
          pushed = push_protected(L, &push_json_result, &answer);
        }
      } else {
        const R result = invoke(context, decl, arguments);
        if constexpr (is_plain<R>) {
          Lua<R>::push(L, result);
          pushed = true;
        } else if constexpr (is_handle<R>) {
          pushed = push_result_handle(L, context, result);
        } else if constexpr (Lua<R>::direct) {
          pushed = push_protected(L, &push_result<R>, &result);
        } else {
          const core::Json json = core::Kind<R>::write(result);
          pushed = push_protected(L, &push_json_result, &json);
        }
      }
      if (call_watcher != nullptr) call_watcher->called(&decl, pushed);
      return pushed;  // otherwise Lua ran out of memory and its message is on the stack
    }
  } catch (...) {
    problem = problem_from_current_exception(decl.name, decl.effect != Effect::pure);
  }
  if (call_watcher != nullptr) call_watcher->called(&decl, false);
  push_problem(L, problem);
  return false;
}

template <const auto& M, std::size_t K>
int entry(lua_State* L) {
  if (run<M, K>(L)) return 1;
  return lua_error(L);
}

}  // namespace ballast::bind
