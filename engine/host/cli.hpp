// The command line: one verb a file in verbs/. Results go to standard output, progress and diagnostics to standard
// error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"

namespace CLI {
class App;
}

namespace ballast::host {

/// Exit statuses; design section 5.
enum Exit : int { kPassed = 0, kDenied = 1, kError = 2, kStopped = 3, kWaiting = 4, kInterrupted = 130 };

/// Options that several verbs share, as they were given.
struct CommonOptions {
  std::string desk = ".";
  std::string var = "var";  ///< below the desk, unless it was given
  bool var_given = false;
  std::string keys;
  std::optional<std::string> config;
  std::vector<std::string> settings;
  bool json = false;
  bool traceback = false;  ///< show the calls even where no script has to be changed
  /// Set by a verb to the run that an error leaves open, so that the error says how to go on with it.
  std::shared_ptr<std::string> open_run = std::make_shared<std::string>();

  /// Finds the folders. Throws: Error{not_found} when the desk is not a folder.
  Desk open_desk() const;
  Configuration read(const Desk& desk) const;
  /// " --desk DIR --var DIR" as far as it has to be said again in a command that is shown.
  std::string var_option() const;
  /// The same options as arguments, for a process that is to have them too.
  std::vector<std::string> as_arguments() const;
  /// How to go on with the open run, as commands that can be pasted.
  std::string how_to_go_on() const;
};

/// What a verb does once its options were read; returns the exit status.
using Action = std::function<int()>;

/// Adds the shared options to a verb and makes `work` the action when it is the one called.
void finish_verb(CLI::App& verb, CommonOptions& common, Action& action, Action work);

void add_run_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_runs_verb(CLI::App& app, CommonOptions& common, Action& action);
/// Below `runs`.
void add_schedule_verbs(CLI::App& runs, CommonOptions& common, Action& action);
void add_hand_over_verb(CLI::App& runs, CommonOptions& common, Action& action);
void add_compact_verb(CLI::App& runs, CommonOptions& common, Action& action);
void add_status_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_approvals_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_eval_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_repl_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_test_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_verify_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_replay_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_log_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_data_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_keys_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_review_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_init_verb(CLI::App& app, CommonOptions& common, Action& action);
void add_meta_verb(CLI::App& app, CommonOptions& common, Action& action);

/// Runs `ballast` with its arguments; every error becomes text (or one JSON document) and a status.
int run_command_line(int argc, char** argv) noexcept;

/// Whether standard output (1) or standard error (2) is a terminal that may show colour.
bool shows_colour(int descriptor);

}  // namespace ballast::host
