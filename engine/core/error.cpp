#include "core/error.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <system_error>

namespace ballast::core {

std::string_view code_name(Code code) noexcept {
  switch (code) {
    case Code::argument: return "argument";
    case Code::domain: return "domain";
    case Code::state: return "state";
    case Code::not_found: return "not_found";
    case Code::io: return "io";
    case Code::crypto: return "crypto";
    case Code::budget: return "budget";
    case Code::memory: return "memory";
    case Code::internal: return "internal";
  }
  return "internal";
}

Code code_from_name(std::string_view name, Code otherwise) noexcept {
  for (const Code code : {Code::argument, Code::domain, Code::state, Code::not_found, Code::io, Code::crypto,
                          Code::budget, Code::memory, Code::internal}) {
    if (code_name(code) == name) return code;
  }
  return otherwise;
}

Error::Error(Code code, std::string message, std::string where, Origin origin)
    : code_(code), message_(std::move(message)), where_(std::move(where)), origin_(origin) {
  text_ = where_.empty() ? message_ : where_ + ": " + message_;
}

void throw_errno(std::string_view attempted, std::string_view path, int error_number, Origin origin) {
  const Code code = error_number == ENOENT ? Code::not_found : Code::io;
  throw Error(code, fmt::format("cannot {}: {}", attempted, std::generic_category().message(error_number)),
              std::string(path), origin);
}

}  // namespace ballast::core
