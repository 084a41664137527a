// Declare once: what one declaration of a primitive says. Types come from the C++ signature, words from here;
// checks, messages, help, LuaLS types, reference pages, completion and sandbox profiles all follow from it.
#pragma once

#include <array>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "bind/context.hpp"
#include "core/record.hpp"

namespace ballast::bind {

using core::Words;

template <class T>
struct SignatureOf;
template <class R, class... A>
struct SignatureOf<R (*)(A...)> {
  using Result = std::remove_cvref_t<R>;
  using Arguments = std::tuple<std::remove_cvref_t<A>...>;
  static constexpr std::size_t arity = sizeof...(A);
  static constexpr bool wants_context = false;
};
template <class C, class R, class... A>
requires std::derived_from<C, Context>
struct SignatureOf<R (*)(C&, A...)> {
  using Result = std::remove_cvref_t<R>;
  using Arguments = std::tuple<std::remove_cvref_t<A>...>;
  using ContextType = C;
  static constexpr std::size_t arity = sizeof...(A);
  static constexpr bool wants_context = true;
};

/// One primitive: the function, its words, what it returns, what it touches and where its formula comes from.
template <auto F>
struct Decl {
  static constexpr auto target = F;
  using Signature = SignatureOf<decltype(F)>;
  std::string_view name, summary;
  std::array<Words, Signature::arity> arguments;
  Words result;
  Effect effect = Effect::pure;
  std::string_view source = "";
};

/// Declares a primitive. A parameter without name or description does not compile, nor does a summary that is no
/// sentence.
template <auto F>
consteval Decl<F> fn(std::string_view name, std::string_view summary,
                     std::array<Words, SignatureOf<decltype(F)>::arity> arguments, Words result,
                     Effect effect = Effect::pure, std::string_view source = "") {
  for (const Words& words : arguments) {
    if (words.name.empty() || words.doc.empty()) throw "every parameter needs a name and a description";
  }
  if (summary.empty() || summary.back() != '.') throw "the summary is one sentence";
  return {name, summary, arguments, result, effect, source};
}

/// A Lua module: `path` is how scripts reach it ("ballast.market"); handle modules hold the methods of a handle type.
template <class... D>
struct Module {
  std::string_view path, summary;
  std::tuple<D...> decls;
};
template <class... D>
consteval Module<D...> module_of(std::string_view path, std::string_view summary, D... decls) {
  return {path, summary, {decls...}};
}

}  // namespace ballast::bind
