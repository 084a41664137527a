// Names that others gave, made safe to show: on a terminal, in a document, on one line.
#pragma once

#include <string>
#include <string_view>

namespace ballast::core {

/// Returns the text with every control character (C0, DEL, C1) and every byte that is not UTF-8 written as `\\xHH`, a
/// byte each. A backslash stays as it is: the result is for people, not for reading back.
std::string printable(std::string_view text);

}  // namespace ballast::core
