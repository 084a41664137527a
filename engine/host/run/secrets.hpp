// Secrets of a run: where they are read, and the values themselves, which no script, journal or message holds. What a
// script gets is the placeholder "secret:NAME".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sign/secret.hpp"

namespace ballast::host {

/// The values by placeholder. Zeroed when this goes; moved, never copied.
class Secrets {
 public:
  void put(std::string placeholder, sign::Secret value);
  bool has(std::string_view placeholder) const;
  /// The value, for as long as this lives. Throws: Error{not_found} when there is none of this placeholder.
  std::string_view value(std::string_view placeholder) const;
  /// Placeholders in byte order.
  std::vector<std::string> placeholders() const;

 private:
  std::map<std::string, sign::Secret, std::less<>> values_;
};

/// "secret:NAME" for the parameter NAME.
std::string secret_placeholder(std::string_view parameter);

/// Whether the text is env:NAME or file:PATH, with a name that a variable of the environment can have.
bool is_secret_reference(std::string_view text);

/// The reference as it can be read again from another folder: paths become absolute.
/// Requires: is_secret_reference(text).
std::string lasting_reference(std::string_view text);

/// Reads what a reference leads to. A line break at the end of a file, which editors add, is not part of the secret.
/// Throws: Error{argument} when `reference` is none, or the secret is empty or holds a zero byte; Error{not_found | io}
///         when it cannot be read; Error{crypto} for a file that others may read. No message shows the secret.
sign::Secret read_secret(std::string_view reference);

/// Reads again what was given by reference: placeholder to reference, as ParameterValues has it.
/// Throws: as read_secret, naming the placeholder.
Secrets read_secrets(const std::map<std::string, std::string>& references);

}  // namespace ballast::host
