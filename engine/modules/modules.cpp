#include "modules/modules.hpp"

#include "modules/module_list.hpp"

namespace ballast::modules {

const std::vector<bind::ModuleRows>& all_modules() {
  static const std::vector<bind::ModuleRows> modules{json_rows(),     numeric_rows(), vector_rows(), matrix_rows(),
                                                     series_rows(),   market_rows(),  clock_rows(),  files_rows(),
                                                     settings_rows(), journal_rows(), run_rows()};
  return modules;
}

const std::vector<bind::RecordRow>& all_records() {
  static const std::vector<bind::RecordRow> records = [] {
    std::vector<bind::RecordRow> out;
    add_market_records(out);
    return out;
  }();
  return records;
}

}  // namespace ballast::modules
