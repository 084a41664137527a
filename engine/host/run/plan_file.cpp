#include "host/run/plan_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/printable.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kLongestShown = 160;  // of an effect's plan, on a terminal

PlanFile read_plan(const std::filesystem::path& file) {
  PlanFile out;
  out.bytes = core::read_file(file);
  out.hash = core::sha256_hex(out.bytes);
  out.folder = file.parent_path();
  return out;
}

}  // namespace

PlanFile find_plan(const Desk& desk, const std::string& hash) {
  const bool digits =
      hash.size() >= 8 && hash.size() <= 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!digits) {
    throw core::Error(core::Code::argument,
                      fmt::format("expected the hash of a plan, 8 to 64 hexadecimal digits, found '{}'", hash),
                      "--plan");
  }
  std::vector<PlanFile> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(runs_folder(desk), ignored)) {
    const auto file = entry.path() / journal::kPlanName;
    if (!std::filesystem::is_regular_file(file, ignored)) continue;
    PlanFile plan = read_plan(file);
    if (plan.hash.starts_with(hash)) found.push_back(std::move(plan));
  }
  if (found.empty()) {
    throw core::Error(core::Code::not_found,
                      fmt::format("no plan has the hash '{}'; one is made by ballast run RUNBOOK --dry-run", hash),
                      "--plan");
  }
  if (found.size() > 1)
    throw core::Error(core::Code::argument, fmt::format("{} plans begin with '{}'", found.size(), hash), "--plan");
  PlanFile out = std::move(found.front());
  out.document = core::parse_json(out.bytes, (out.folder / journal::kPlanName).string());
  if (out.document.value("format", "") != kPlanFormat || out.document.value("version", 0) != 1)
    throw core::Error(core::Code::argument, "not a plan of version 1", (out.folder / journal::kPlanName).string());
  if (journal::is_run(out.folder)) {
    throw core::Error(core::Code::state,
                      fmt::format("the plan was carried out, by the run {}", out.folder.filename().string()), "--plan");
  }
  return out;
}

PlanFile write_plan(const std::filesystem::path& folder, core::Json document) {
  document["format"] = std::string(kPlanFormat);
  document["version"] = 1;
  PlanFile out;
  out.bytes = core::canonical_json(document);
  out.hash = core::sha256_hex(out.bytes);
  out.folder = folder;
  out.document = std::move(document);
  core::write_file_atomically(folder / journal::kPlanName, out.bytes);
  return out;
}

namespace {

std::string shown_item(const core::Json& item) {
  return describe_item(item) +
         (item.contains("runbook") ? fmt::format(" (runbook {})", item["runbook"].get<std::string>()) : "");
}

/// Every value on a line of its own; text with line breaks as it will stand in a file.
std::string whole_plan(const core::Json& plan, std::size_t indent) {
  std::string out;
  const auto line = [&](std::string_view text) { out += fmt::format("{:{}}{}\n", "", indent, core::printable(text)); };
  if (!plan.is_object()) {
    line(plan.dump());
    return out;
  }
  for (const auto& [name, value] : plan.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text.find('\n') == std::string::npos) {
      line(fmt::format("{}: {}", name, text));
      continue;
    }
    line(name + ":");
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      line(fmt::format("  {}", rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

}  // namespace

std::string plan_text(const core::Json& document, Shown shown, std::size_t indent) {
  std::string out;
  std::size_t number = 0;
  for (const core::Json& item : document.at("items")) {
    out += fmt::format("{:{}}{:>4}  {}{}\n", "", indent, ++number, core::printable(shown_item(item)),
                       item.value("predicted", false) ? "  (predicted)" : "");
    if (item.contains("items")) out += plan_text(item, shown, indent + 6);
    if (!item.contains("plan")) continue;
    if (shown == Shown::whole) {
      out += whole_plan(item["plan"], indent + 6);
      continue;
    }
    std::string plan = item["plan"].dump();
    if (plan.size() > kLongestShown) plan = plan.substr(0, kLongestShown) + "... (plan.json has the whole)";
    out += fmt::format("{:{}}      {}\n", "", indent, plan);
  }
  return out;
}

}  // namespace ballast::host
