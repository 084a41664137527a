// Gives libraries that were reviewed: in live the check stands before the code, whenever it is required.
#pragma once

#include <utility>

#include "host/review_manifest.hpp"
#include "host/source.hpp"

namespace ballast::host {

class ReviewedSource final : public ScriptSource {
 public:
  ReviewedSource(FolderSource folders, const ReviewManifest& manifest, bool required)
      : folders_(std::move(folders)), manifest_(manifest), required_(required) {}
  Script library(const std::string& name) override {
    Script script = folders_.library(name);
    if (required_) manifest_.review({script}, true);
    return script;
  }
  Script policy(const std::string& name) override { return folders_.policy(name); }

 private:
  FolderSource folders_;
  const ReviewManifest& manifest_;
  bool required_;
};

}  // namespace ballast::host
