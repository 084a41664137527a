// Processes that a run starts and waits for. One that loses its parent is told to stop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::host {

/// A process of this program. Whoever holds it waits for it.
struct ChildProcess {
  pid_t id = -1;
  core::FileDescriptor ends;  ///< is at its end when the process is
  std::string said = {};      ///< what it wrote there: an error of tell_parent, as JSON
};

/// The descriptor where a process that start_process began finds the pipe to who waits for it.
inline constexpr int kToParent = 3;

/// Whether this process was begun by start_process. From then on nothing that it starts inherits the pipe.
bool has_waiting_parent();
/// Tells who waits for this process why it ends. Requires: has_waiting_parent().
void tell_parent(const core::Error& error);

/// This program, whatever it is called by now.
inline constexpr const char* kThisProgram = "/proc/self/exe";

/// Starts a program. It reads nothing, and what it prints goes to standard error. When the
/// process that started it dies, it gets SIGTERM. Throws: Error{io}.
ChildProcess start_process(const std::string& program, std::vector<std::string> arguments);

/// Which of several processes ended, whether it did with status 0, and what it told (tell_parent).
struct Ending {
  std::size_t index = 0;
  bool well = false;
  std::string said = {};
};

/// Waits until one of the processes ended, at no cost meanwhile. When a stop was requested, all of
/// them are told to stop (SIGTERM), once. Requires: there is one.
Ending wait_for_one(std::vector<ChildProcess>& processes, const core::Stop& stop);

}  // namespace ballast::host
