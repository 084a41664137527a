// Desks on which runs are disturbed, and what is run there.
#pragma once

#include <string>
#include <vector>

#include "support/command.hpp"

namespace ballast::test {

using Words = std::vector<std::string>;

/// The arguments of a run with a given clock.
Words at_time(const std::string& now, Words words);
/// One handed-over portfolio cycle from cash over the sample market, with a limit that asks nobody where it is 1.
Words handover_words(const std::string& turnover_limit);

void make_keys(const TestDesk& desk);
/// The runbook three_effects.lua.
void prepare_effects(const TestDesk& desk);
void prepare_market(const TestDesk& desk);
/// The sample market and weights that are all cash.
void prepare_book(const TestDesk& desk);
/// The surfaces of a system that is well, as files.
void prepare_surfaces(const TestDesk& desk);

/// Whether three_effects.lua placed that effect's file.
bool is_placed(const TestDesk& desk, const std::string& effect);
/// Whether the journal of the run holds a record of that kind about that step or effect.
bool is_recorded(const TestDesk& desk, const std::string& kind, const std::string& step);

}  // namespace ballast::test
