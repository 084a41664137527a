// Signature files under the name people look for them. They need only the interfaces of core, where they are written,
// so that the journal can check and seal files without knowing keys.
#pragma once

#include "core/signature_file.hpp"

namespace ballast::sign {

using core::FileStatus;
using core::FileVerdict;
using core::sign_file;
using core::verify_file;

}  // namespace ballast::sign
