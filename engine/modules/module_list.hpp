// One function a module; modules.cpp lists them.
#pragma once

#include "bind/registry.hpp"
#include "modules/modules.hpp"
#include "modules/services.hpp"

namespace ballast::modules {

using bind::Words;

bind::ModuleRows json_rows();
bind::ModuleRows numeric_rows();
bind::ModuleRows vector_rows();
bind::ModuleRows matrix_rows();
bind::ModuleRows series_rows();
bind::ModuleRows market_rows();
bind::ModuleRows clock_rows();
bind::ModuleRows files_rows();
bind::ModuleRows settings_rows();
bind::ModuleRows journal_rows();
bind::ModuleRows run_rows();
void add_market_records(std::vector<bind::RecordRow>& out);

}  // namespace ballast::modules
