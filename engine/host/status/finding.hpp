// What a check of `ballast status` found: something that needs a person.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"

namespace ballast::host {

struct Finding {
  std::string code;      ///< stable; docs/formats/status.md lists them
  std::string subject;   ///< what it is about: a run, a schedule, a symbol, a file
  std::string sentence;  ///< what is the matter
  std::string action;    ///< what to do about it; often a command
};

/// What one part of the status came to.
struct StatusPart {
  std::string name;                ///< its member in the document, and its word in the text
  core::Json facts;                ///< as documented
  std::vector<std::string> lines;  ///< for people; short
  std::vector<Finding> findings;
};

}  // namespace ballast::host
