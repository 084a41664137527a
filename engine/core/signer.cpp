#include "core/signer.hpp"

namespace ballast::core {

std::string_view purpose_name(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::log_entry: return "log_entry";
    case Purpose::log_head: return "log_head";
    case Purpose::log_segment: return "log_segment";
    case Purpose::artefact: return "artefact";
    case Purpose::approval: return "approval";
    case Purpose::run_journal: return "run_journal";
  }
  return "unknown";
}

std::string_view signature_status_text(SignatureStatus status) noexcept {
  switch (status) {
    case SignatureStatus::valid: return "the signature is valid";
    case SignatureStatus::wrong: return "the signature does not match the bytes";
    case SignatureStatus::unknown_key: return "the key is not in the key ring";
    case SignatureStatus::wrong_purpose: return "the key may not be used for this purpose";
    case SignatureStatus::outside_validity: return "the key was not valid at that time";
    case SignatureStatus::revoked: return "the key is revoked";
    case SignatureStatus::unknown_algorithm: return "the algorithm is not known";
  }
  return "unknown";
}

}  // namespace ballast::core
