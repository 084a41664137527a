// Reads files that only their owner may read, into memory that is zeroed when it is let go.
#pragma once

#include <filesystem>
#include <string_view>

#include "sign/secret.hpp"

namespace ballast::sign {

/// Whether the file itself may be a symbolic link. What is checked is always what the link leads to.
enum class Links { refuse, follow };

/// Reads a whole file of at most 65536 bytes. `what` names its kind in messages: "a key file".
/// Requires: an ordinary file of this user or of root, with no permission for group and others.
/// Throws:   Error{not_found | io | crypto}.
Secret read_private_file(const std::filesystem::path& path, std::string_view what, Links links);

}  // namespace ballast::sign
