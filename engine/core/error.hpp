// The one exception type of the engine and its closed set of codes.
// Broken contracts and failed I/O are thrown as Error; outcomes that a caller must look at are values.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace ballast::core {

/// What kind of failure an Error is. The list is closed: scripts match on `code_name`.
enum class Code {
  argument,   ///< a value that breaks the contract of the function or document it was given to
  domain,     ///< well-formed input for which the question has no answer
  state,      ///< the object or store is not in a state that allows this
  not_found,  ///< a named file, key, symbol or entry does not exist
  io,         ///< the operating system refused or failed
  crypto,     ///< a key, signature or digest cannot be used or does not match
  budget,     ///< stopped by a limit of time, memory, output or instructions
  memory,     ///< out of memory
  internal    ///< a defect of ballast itself
};

std::string_view code_name(Code code) noexcept;
/// Returns the code called `name`, or `otherwise` when there is none.
Code code_from_name(std::string_view name, Code otherwise) noexcept;

/// A place in ballast's own source. (clang 14 has no std::source_location with this standard library.)
struct Origin {
  const char* file;
  int line;
  static constexpr Origin here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// An error with its code, a complete sentence for people, and the place it speaks of.
class Error : public std::exception {
 public:
  /// `where` names the place in the user's material ("bars.csv:17", "assets[2].max_weight"); it may be empty.
  Error(Code code, std::string message, std::string where = {}, Origin origin = Origin::here());

  Code code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& where() const noexcept { return where_; }
  /// Where in ballast the error was raised: for the process log, never for scripts.
  const Origin& origin() const noexcept { return origin_; }
  /// Returns "where: message", or the message alone when no place is known.
  const char* what() const noexcept override { return text_.c_str(); }

  /// Returns the same error placed at `where`; used by readers that know the file and line.
  Error at(std::string where) const { return Error(code_, message_, std::move(where), origin_); }

 private:
  Code code_;
  std::string message_;
  std::string where_;
  std::string text_;
  Origin origin_;
};

/// Throws Error{io} whose text names what was attempted, the path and the system's reason for `error_number`.
[[noreturn]] void throw_errno(std::string_view attempted, std::string_view path, int error_number,
                              Origin origin = Origin::here());

}  // namespace ballast::core
