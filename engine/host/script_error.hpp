// A script's failure as people see it: message, place, the source line, the Lua traceback without engine frames.
#pragma once

#include <string>

#include <lua.hpp>

#include "core/error.hpp"
#include "core/json.hpp"

namespace ballast::host {

class ScriptError : public core::Error {
 public:
  ScriptError(core::Code code, std::string code_text, std::string message, std::string where, std::string line,
              std::string traceback, std::string reason = {})
      : core::Error(code, std::move(message), std::move(where)),
        code_text_(std::move(code_text)),
        line_(std::move(line)),
        traceback_(std::move(traceback)),
        reason_(std::move(reason)) {}
  /// The script's own code when it raised a table with one, else the engine's.
  const std::string& code_text() const { return code_text_; }
  /// The text of the failing line; empty when its source is not known.
  const std::string& source_line() const { return line_; }
  const std::string& traceback() const { return traceback_; }
  /// The sentence alone, when what has to be changed is a file, a parameter or a setting and not the script; else
  /// empty.
  const std::string& reason() const { return reason_; }

 private:
  std::string code_text_, line_, traceback_, reason_;
};

/// Whether people see the calls that led to an error of the second kind, which no script has to be changed for.
enum class Calls { hide, show };

/// Writes an error for a terminal: "error: where: message", the source line and the traceback; or the reason alone and
/// which script came upon it.
std::string explain(const core::Error& error, Calls calls = Calls::show);

/// Returns {error: {code, message, where, line?, traceback?}}, the form of `--json`.
core::Json error_document(const core::Error& error);

/// Message handler for lua_pcall: leaves a table {code, message, where, file, line, traceback}. Runs no script code.
int describe_failure(lua_State* L);

}  // namespace ballast::host
