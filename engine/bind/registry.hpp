// Rows: what tools need of each declaration, with the types erased (help, completion, documentation, profiles, tests).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bind/call.hpp"

namespace ballast::bind {

struct Parameter {
  Words words;
  std::string type;  ///< LuaLS type; a trailing '?' means that it may be left out
};

struct Row {
  const void* decl;
  lua_CFunction entry;
  std::string_view module, name, summary, source;
  Effect effect;
  std::vector<Parameter> parameters;
  Parameter result;

  /// Returns "ballast.market.snapshot(bars, options?) -> market.Snapshot".
  std::string signature() const;
};

/// A record type as documentation shows it.
struct RecordRow {
  std::string name, doc;
  std::vector<Parameter> fields;
};

struct ModuleRows {
  std::string_view path, summary;
  std::vector<Row> rows;
};

template <const auto& M, std::size_t K>
Row row_of() {
  static constexpr const auto& decl = std::get<K>(M.decls);
  using S = typename std::remove_cvref_t<decltype(decl)>::Signature;
  Row row{&decl,       &entry<M, K>, M.path,
          decl.name,   decl.summary, decl.source,
          decl.effect, {},           {decl.result, Lua<typename S::Result>::type()}};
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (row.parameters.push_back({decl.arguments[I], Lua<std::tuple_element_t<I, typename S::Arguments>>::type()}), ...);
  }
  (std::make_index_sequence<S::arity>{});
  return row;
}

/// Makes the rows of a declared module.
template <const auto& M>
ModuleRows rows_of() {
  ModuleRows out{M.path, M.summary, {}};
  [&]<std::size_t... K>(std::index_sequence<K...>) { (out.rows.push_back(row_of<M, K>()), ...); }
  (std::make_index_sequence<std::tuple_size_v<decltype(M.decls)>>{});
  return out;
}

template <core::IsRecord S>
RecordRow record_row() {
  RecordRow row{std::string(core::Record<S>::name), std::string(core::Record<S>::doc), {}};
  std::apply(
      [&](const auto&... f) {
        (row.fields.push_back(
             {f.words, core::Kind<std::remove_cvref_t<decltype(std::declval<S>().*f.member)>>::type()}),
         ...);
      },
      core::Record<S>::fields);
  return row;
}

/// Builds the module's table of functions that `granted` allows on the stack. May raise.
void push_module(lua_State* L, const ModuleRows& module, Effects granted);

}  // namespace ballast::bind
