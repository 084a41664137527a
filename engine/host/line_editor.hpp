// Reads lines from a terminal with editing, completion and history (libedit), or plainly when input is no terminal.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ballast::host {

class LineEditor {
 public:
  using Completer = std::function<std::vector<std::string>(const std::string&)>;
  /// `history` is read now and written at the end; an unwritable one is no error.
  LineEditor(std::filesystem::path history, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Returns a line without its end, or nothing at the end of input.
  std::optional<std::string> read(const std::string& prompt);

 private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;  ///< none when standard input is no terminal
};

}  // namespace ballast::host
