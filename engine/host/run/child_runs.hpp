// The children of a run: runs of their own, each in a process of its own with a journal of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/run/child_order.hpp"
#include "host/run/child_process.hpp"

namespace ballast::host {

/// What a child will do.
struct ChildPlan {
  std::vector<core::Json> items;
  core::Json result;        ///< what main returned; null when it was refused
  std::string status;       ///< as that of ChildEnd
  std::string refused;      ///< why it will be refused; empty when it will not
  std::string pins_sha256;  ///< of scripts, policies and settings that it would have
  bool predicted = false;   ///< something that only the run itself can know went into the result
};

/// How a child ended, or where it stopped.
struct ChildEnd {
  std::string status;  ///< finished, denied or what main returned as that; else waiting, failed, died, ...
  std::string text;    ///< why, when it did not end
  core::Code code = core::Code::state;  ///< of the error that stopped it
  bool ended = false;                   ///< its journal is complete
  core::Json result;                    ///< what main returned
  std::uint64_t records = 0;            ///< of its journal
  std::string sha256;                   ///< of the last of them
};

/// What the command line that began a run, or goes on with it, says for its children too. A name of `confirmed` or
/// `leave` is for all of them; written as CHILD/NAME it is for the child that is called so, and its children.
struct GivenToChildren {
  std::vector<std::string> options;    ///< as arguments
  std::vector<std::string> confirmed;  ///< names of confirmations
  std::vector<std::string> leave;      ///< names of effects that are not taken back
  std::string program = kThisProgram;  ///< ballast
};

/// Those of `names` that are for a child, as it knows them.
std::vector<std::string> names_for_child(const std::string& child, const std::vector<std::string>& names);

class ChildRuns {
 public:
  ChildRuns(const Desk& desk, const Configuration& configuration, GivenToChildren given)
      : desk_(desk), configuration_(configuration), given_(std::move(given)) {}

  /// Finds the runbook and checks the parameters. Throws: as execute_run before a run begins.
  void check(const ChildOrder& order) const;
  /// Executes the child dry, in this process. Throws: as execute_run.
  ChildPlan plan(const ChildOrder& order) const;
  /// Begins the children, or goes on with those that began, so many at once, and waits for all of them. When a stop is
  /// requested they are told to stop. `actor` is who has them executed now. Throws: Error{io}.
  std::vector<ChildEnd> run(const std::vector<ChildOrder>& orders, std::size_t at_once, const std::string& actor,
                            const core::Stop& stop) const;
  /// Takes back what a child did. Returns the names of effects that were left.
  /// Throws: Error{state} when that failed, and the child says why on standard error.
  std::vector<std::string> take_back(const ChildOrder& order, const std::string& actor, const core::Stop& stop) const;

 private:
  std::vector<std::string> command(const ChildOrder& order, const std::string& actor) const;
  /// How a child ended whose process did. One that ended as it should has stated its end where that was to be done.
  ChildEnd end_of(const ChildOrder& order, const Ending& process) const;
  /// Waits while a process of an earlier execution goes on with the child: it was told to stop.
  void wait_while_executed(const ChildOrder& order, const core::Stop& stop) const;

  const Desk& desk_;
  const Configuration& configuration_;
  GivenToChildren given_;
};

}  // namespace ballast::host
