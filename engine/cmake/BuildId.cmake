# Writes version.cpp: the version and a digest over the engine's sources, so that an entry says which code decided.
# Run at every build; the file is replaced only when it changes.
file(GLOB_RECURSE sources ${SOURCE_DIR}/engine/*.cpp ${SOURCE_DIR}/engine/*.hpp)
list(SORT sources)
set(all "")
foreach(source IN LISTS sources)
  file(RELATIVE_PATH name ${SOURCE_DIR} ${source})
  file(SHA256 ${source} digest)
  string(APPEND all "${name} ${digest}\n")
endforeach()
string(SHA256 build "${all}")
string(SUBSTRING ${build} 0 16 build)
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#include "host/version.hpp"

namespace ballast::host {
const std::string_view kVersion = "@VERSION@";
const std::string_view kBuild = "@build@";
}  // namespace ballast::host
]])
