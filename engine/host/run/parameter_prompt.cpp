#include "host/run/parameter_prompt.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/run/secrets.hpp"
#include "host/run/terminal_prompt.hpp"

namespace ballast::host {
namespace {

using core::Code;
using core::Error;

constexpr int kMostAnswers = 3;

std::string question(const Parameter& parameter) {
  std::string kind = parameter.type;
  for (const std::string& each : {shown_unit(parameter), accepted_values(parameter)})
    if (!each.empty()) kind += "; " + each;
  return fmt::format("{}: {} ({})\n", parameter.name, parameter.text, kind);
}

/// Asks until `read` accepts the line.
template <class Read>
auto ask(const Parameter& parameter, Echo echo, Read read) -> std::optional<decltype(read(sign::Secret()))> {
  fmt::print(stderr, "{}", question(parameter));
  const std::string prompt = fmt::format("{}{}> ", parameter.name, echo == Echo::off ? " (does not show)" : "");
  for (int answers = 1;; ++answers) {
    std::optional<sign::Secret> line = ask_line(prompt, echo);
    if (!line) {
      fmt::print(stderr, "\n");
      return std::nullopt;
    }
    try {
      if (line->size() == 0) throw Error(Code::argument, "an answer is needed", "parameter " + parameter.name);
      return read(std::move(*line));
    } catch (const Error& e) {
      if (answers == kMostAnswers) throw;
      fmt::print(stderr, "{}\n", e.message());
    }
  }
}

std::string without_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

}  // namespace

std::optional<core::Json> ask_parameter(const Parameter& parameter) {
  return ask(parameter, Echo::on,
             [&](sign::Secret line) { return value_from_text(parameter, without_blanks(line.view())); });
}

std::optional<sign::Secret> ask_secret(const Parameter& parameter) {
  return ask(parameter, Echo::off, [&](sign::Secret line) {
    // Taken at its word it would be a wrong secret; taken as a reference it would show, should it be none.
    if (is_secret_reference(line.view())) {
      throw Error(Code::argument,
                  fmt::format("type the secret itself; where it is (env:NAME, file:PATH) is given with --set {}=...",
                              parameter.name),
                  "parameter " + parameter.name);
    }
    if (line.view().find('\0') != std::string_view::npos)
      throw Error(Code::argument, "a secret is text without zero bytes", "parameter " + parameter.name);
    return line;
  });
}

}  // namespace ballast::host
