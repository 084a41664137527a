// The last line of a terminal, which is replaced in place: what is going on now. Whoever else writes to the terminal
// takes it away first. There is one terminal, so there is one line for the whole process. No mode of the terminal is
// changed, so nothing has to be put right but the line itself.
#pragma once

#include <string>

namespace ballast::host {

/// Shows `text`, cut to the width of the terminal behind `descriptor` (1 or 2), in place of what stood there.
/// Requires: it is a terminal that understands control sequences.
void show_status_line(int descriptor, std::string text);

/// Takes the line away, where one is shown. May be called in a signal handler.
void clear_status_line() noexcept;

/// While it lives, something else is written: the line is taken away, and shown again afterwards.
class StatusLinePause {
 public:
  StatusLinePause();
  ~StatusLinePause();
  StatusLinePause(const StatusLinePause&) = delete;
  StatusLinePause& operator=(const StatusLinePause&) = delete;

 private:
  int descriptor_;
};

/// Whether the descriptor is a terminal that understands control sequences (TERM is there and is not dumb).
bool moves_cursor(int descriptor);

}  // namespace ballast::host
