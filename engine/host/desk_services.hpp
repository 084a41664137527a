// Services for looking: time, market, files, settings, the log's newest entries. Whatever writes is refused here and
// granted by RunServices.
#pragma once

#include <memory>
#include <set>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "modules/services.hpp"

namespace ballast::host {

class DeskServices : public modules::Services {
 public:
  DeskServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock);
  ~DeskServices() override;

  core::Instant now() override { return clock_.now(); }
  market::Store& market_store() override;
  std::string read_file(const std::string& path) override;
  bool file_exists(const std::string& path) override;
  std::vector<std::string> list_files(const std::string& folder) override;
  core::Json settings(const std::string& path) override;
  core::Json run_information() override;
  core::Json decide(const std::string& policy, const core::Json& input, const core::Json& options) override;
  core::Json log_entry(const core::Json& draft) override;
  core::Json last_entry(const core::Json& filter) override;
  core::Json step_started(const std::string& name, const core::Json& input) override;
  core::Json step_finished(const std::string& name, const core::Json& outcome) override;
  void step_failed(const std::string& name, const core::Json& error) override;
  core::Json effect_started(const std::string& name) override;
  core::Json effect_planned(const std::string& name, const core::Json& plan) override;
  void effect_finished(const std::string& name, const core::Json& outcome) override;
  void outside_entered(const std::string& name) override;
  void outside_left(const std::string& name) override;
  core::Json undo_started(const std::string& name) override;
  void undo_finished(const std::string& name) override;
  void predict() override {}
  void open_ended(const std::string&, bool) override {}
  bool check(const std::string& text, bool holds) override;
  core::Json approve(const core::Json& request) override;
  core::Json confirm(const core::Json& request) override;
  void notify(const core::Json& notice) override;
  core::Json wait(const core::Json& request) override;
  void children_started(const core::Json& children) override;
  core::Json children_finished(const core::Json& names, std::int64_t at_once) override;
  core::Json child_undone(const std::string& name) override;
  void write_file(const std::string& path, const std::string& bytes) override;
  void remove_file(const std::string& path) override;
  core::Json write_artefact(const std::string& path, const std::string& bytes) override;
  void print(std::string_view text) override;

  /// A file that the operator named may be read wherever it is.
  void permit_file(const std::string& path) { permitted_.insert(path); }
  /// Scripted tests read their vectors from anywhere.
  void permit_everything() { everything_ = true; }
  /// Bounds what is printed from now on.
  void limit_output(std::size_t bytes) {
    output_limit_ = bytes;
    output_ = 0;
  }
  /// Printed text goes nowhere: what is executed here is executed for its plan.
  void print_nothing() { print_nothing_ = true; }
  /// Printed text goes to standard error, so that standard output holds one document.
  void print_to_standard_error() { print_to_error_ = true; }

 protected:
  const Desk& desk_;
  const Configuration& configuration_;
  const core::Clock& clock_;

 private:
  std::filesystem::path resolve(const std::string& path) const;

  std::unique_ptr<market::Store> store_;
  std::set<std::string> permitted_;
  bool everything_ = false;
  bool print_to_error_ = false, print_nothing_ = false;
  std::size_t output_ = 0;
  std::size_t output_limit_ = std::size_t{4} << 20;
};

/// Reads a file for a script, which calls it `shown`. Throws: Error{argument} when it is not UTF-8 or too large;
/// Error{io}.
std::string read_text(const std::filesystem::path& file, const std::string& shown);
/// Names of the files in a folder, sorted; none when it is not there.
std::vector<std::string> names_in_folder(const std::filesystem::path& folder);

}  // namespace ballast::host
