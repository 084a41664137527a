// Somebody who approves what runs wait for. With a given time the answer has the same bytes on every copy of a desk.
#pragma once

#include <string>

#include "core/instant.hpp"
#include "support/command.hpp"

namespace ballast::test {

class Approver {
 public:
  /// Makes bob's keys.
  Approver();
  /// Writes the desk's settings, which then know bob by the role risk, and `more` below them.
  void make_known_to(const TestDesk& desk, const std::string& more = {}) const;
  /// Answers what the run of the desk waits for, at `time`. Requires: it waits for an approval.
  void approve(const TestDesk& desk, core::Instant time) const;
  /// The arguments with which bob approves at the terminal.
  std::vector<std::string> words(const std::string& run) const;

 private:
  std::string keys() const { return home_.outside("bob").string(); }

  TestDesk home_;
};

/// Answers that lie in the run's folder.
std::vector<std::filesystem::path> answers_of(const TestDesk& desk, const std::string& run);

}  // namespace ballast::test
