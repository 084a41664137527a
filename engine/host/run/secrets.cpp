#include "host/run/secrets.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "sign/private_file.hpp"

namespace ballast::host {
namespace {

using core::Code;
using core::Error;

constexpr std::string_view kEnvironment = "env:", kFile = "file:";

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

sign::Secret secret_of_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) throw Error(Code::not_found, fmt::format("the environment has no variable '{}'", name));
  sign::Secret out(std::strlen(value));
  std::memcpy(out.data(), value, out.size());
  return out;
}

sign::Secret secret_of_file(const std::string& path) {
  sign::Secret out = sign::read_private_file(path, "a file with a secret", sign::Links::follow);
  if (out.view().ends_with('\n')) out.shrink(out.size() - 1);
  if (out.view().ends_with('\r')) out.shrink(out.size() - 1);
  return out;
}

}  // namespace

void Secrets::put(std::string placeholder, sign::Secret value) {
  values_.insert_or_assign(std::move(placeholder), std::move(value));
}

bool Secrets::has(std::string_view placeholder) const { return values_.find(placeholder) != values_.end(); }

std::string_view Secrets::value(std::string_view placeholder) const {
  const auto at = values_.find(placeholder);
  if (at == values_.end()) throw Error(Code::not_found, "this run has no such secret", std::string(placeholder));
  return at->second.view();
}

std::vector<std::string> Secrets::placeholders() const {
  std::vector<std::string> out;
  for (const auto& [placeholder, value] : values_) out.push_back(placeholder);
  return out;
}

std::string secret_placeholder(std::string_view parameter) { return fmt::format("secret:{}", parameter); }

bool is_secret_reference(std::string_view text) {
  if (text.starts_with(kEnvironment)) return is_variable_name(text.substr(kEnvironment.size()));
  return text.starts_with(kFile) && text.size() > kFile.size() && text.find('\0') == std::string_view::npos;
}

std::string lasting_reference(std::string_view text) {
  if (!text.starts_with(kFile)) return std::string(text);
  const auto path = std::filesystem::absolute(text.substr(kFile.size())).lexically_normal();
  return std::string(kFile) + path.string();
}

sign::Secret read_secret(std::string_view reference) {
  if (!is_secret_reference(reference))
    throw Error(Code::argument, "not a reference to a secret; accepted: env:NAME or file:PATH");
  const bool variable = reference.starts_with(kEnvironment);
  const std::string name(reference.substr(variable ? kEnvironment.size() : kFile.size()));
  sign::Secret out = variable ? secret_of_variable(name) : secret_of_file(name);
  if (out.size() == 0) throw Error(Code::argument, fmt::format("the secret in {} is empty", reference));
  if (out.view().find('\0') != std::string_view::npos)
    throw Error(Code::argument, fmt::format("the secret in {} holds a zero byte; secrets are text", reference));
  return out;
}

Secrets read_secrets(const std::map<std::string, std::string>& references) {
  Secrets out;
  for (const auto& [placeholder, reference] : references) {
    try {
      out.put(placeholder, read_secret(reference));
    } catch (const Error& e) {
      throw e.at(e.where().empty() ? placeholder : fmt::format("{}: {}", placeholder, e.where()));
    }
  }
  return out;
}

}  // namespace ballast::host
