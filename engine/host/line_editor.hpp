// Reads lines from a terminal with editing, completion and history (libedit), or plainly when input is no terminal.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
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

  enum class Event { line, interrupt, end };
  struct Input {
    Event event = Event::end;
    std::string line;  ///< without its end; what Ctrl-C set aside when it is an interrupt
  };
  /// Waits for a line, Ctrl-C (on a terminal) or the end of input.
  Input read(const std::string& prompt);
  bool is_terminal() const { return terminal_ != nullptr; }

 private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;  ///< none when standard input is no terminal
};

}  // namespace ballast::host
