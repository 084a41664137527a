// REPL logic without a terminal: complete input, evaluate, show values, help. The terminal is in line_editor.
#pragma once

#include <string>
#include <vector>

#include "host/state.hpp"

namespace ballast::host {

class Session {
 public:
  explicit Session(State& state);

  /// stopped: by a limit; interrupted: by Ctrl-C. The session goes on after either.
  enum class Outcome { done, incomplete, failed, stopped, interrupted };
  struct Reply {
    Outcome outcome = Outcome::done;
    std::string text;  ///< what to show: values, or the error
  };
  /// Evaluates a line, or the lines so far of an entry that is not finished. An expression needs no `return`; the last
  /// value is kept as `_`.
  Reply enter(const std::string& line);
  bool pending() const { return !entry_.empty(); }
  void discard() { entry_.clear(); }

  /// Returns names that could finish `text`: globals, members of `ballast`, libraries and records. Calls no metamethod.
  std::vector<std::string> complete(const std::string& text);

 private:
  bool load(const std::string& code);
  State& state_;
  std::string entry_;
  int number_ = 0;
};

/// Writes the value at `index` for people: nested tables indented, long lists cut, records with sorted keys.
std::string pretty_value(lua_State* L, int index, int depth = 4, std::size_t width = 100);

}  // namespace ballast::host
