// Error texts for tests: what a user would read, with the code before it, so that one comparison covers both.
#pragma once

#include <string>

#include "core/error.hpp"

namespace ballast::test {

/// Returns "code | where: message" of the Error that `call` throws, or "nothing was refused".
template <class F>
std::string error_text(F&& call) {
  try {
    static_cast<void>(call());
  } catch (const core::Error& e) {
    return std::string(core::code_name(e.code())) + " | " + e.what();
  }
  return "nothing was refused";
}

}  // namespace ballast::test
