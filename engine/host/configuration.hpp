// The settings of ballast as records: what config/core.yaml may override, its generation and its reading.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/record.hpp"
#include "host/desk.hpp"
#include "host/limits.hpp"
#include "host/schedule/settings.hpp"
#include "host/status/settings.hpp"

namespace ballast::host {

struct Generated;

enum class Environment { demo, paper, shadow, testnet, live };

/// What a policy's refusal means for the run that asked it. shadow: nothing; advisory: a warning; soft_mandatory: no
/// effect unless two people override it; hard_mandatory: no effect.
enum class Enforcement { shadow, advisory, soft_mandatory, hard_mandatory };

struct DeskSettings {
  Environment environment = Environment::demo;
  std::string governor = "stage6_core";
  std::string actor;
};

struct MarketSettings {
  std::string store = "market.sqlite";
  std::vector<std::string> quotes{"USDT", "USDC", "USD", "EUR", "BTC", "ETH"};
};

struct LimitSettings {
  Limits policy{.seconds = 2, .memory_mib = 64, .output_kib = 0, .instructions = 0};
  Limits runbook{.seconds = 600, .memory_mib = 1024, .output_kib = 4096, .instructions = 0};
  Limits eval{.seconds = 60, .memory_mib = 1024, .output_kib = 4096, .instructions = 0};
  Limits repl{.seconds = 60, .memory_mib = 1024, .output_kib = 4096, .instructions = 0};
  Limits test{.seconds = 60, .memory_mib = 512, .output_kib = 1024, .instructions = 0};
};

struct RunbookSettings {
  std::map<std::string, std::string> roots;
  std::int64_t plan_max_age_minutes = 60;
};

/// Somebody who may approve, by the name that is `actor` elsewhere.
struct Approver {
  std::string key, public_key;
  std::vector<std::string> roles;
};

struct ApprovalSettings {
  std::map<std::string, Approver> approvers;
};

struct NotifySettings {
  bool standard_error = true;
  std::string file;
  std::vector<std::string> command;
};

struct PolicySettings {
  std::map<std::string, Enforcement> enforcement;
  Enforcement otherwise = Enforcement::advisory;
  std::string override_role = "risk";
  /// The level at which a policy is enforced.
  Enforcement level_of(const std::string& policy) const {
    const auto at = enforcement.find(policy);
    return at == enforcement.end() ? otherwise : at->second;
  }
};

struct Settings {
  DeskSettings desk;
  MarketSettings market;
  RunbookSettings runbooks;
  ApprovalSettings approvals;
  PolicySettings policies;
  NotifySettings notify;
  LimitSettings limits;
  std::map<std::string, ScheduleSettings> schedules;
  StatusSettings status;
};

/// The effective settings, and the canonical bytes that the record keeps of them. Governors are read when they are
/// first asked for: most calls of ballast need none.
class Configuration {
 public:
  Configuration(Settings given, core::Json sections, std::vector<std::filesystem::path> roots)
      : settings(std::move(given)), sections_(std::move(sections)), roots_(std::move(roots)) {}
  Settings settings;

  /// What decisions depend on, for `ballast.settings.get`; governors under "governors". Where files of governors cannot
  /// be read, "unreadable_governors" says why by name. The sections `schedules` and `status` are not in it: when a run
  /// begins and what an operator is told of changes no decision, and a run that waits is not to be refused for it.
  const core::Json& value() const;
  /// Canonical JSON of `value`.
  const std::string& bytes() const;

 private:
  core::Json sections_;
  std::vector<std::filesystem::path> roots_;
  mutable std::optional<core::Json> value_;
  mutable std::optional<std::string> bytes_;
};

/// Reads the layers: defaults, installation, desk, `--config`, `--set section.key=value`.
/// Throws: Error{argument} placed at file, line and column; Error{not_found | io}.
Configuration read_configuration(const Desk& desk, const std::optional<std::filesystem::path>& config,
                                 const std::vector<std::string>& sets);

/// config/core.yaml and docs/schema, generated from the records.
std::vector<Generated> generated_configuration();

}  // namespace ballast::host

namespace ballast::core {

template <>
struct Names<host::Environment> {
  using enum host::Environment;
  static constexpr std::array<std::pair<host::Environment, std::string_view>, 5> values{
      {{demo, "demo"}, {paper, "paper"}, {shadow, "shadow"}, {testnet, "testnet"}, {live, "live"}}};
};

template <>
struct Names<host::Enforcement> {
  using enum host::Enforcement;
  static constexpr std::array<std::pair<host::Enforcement, std::string_view>, 4> values{
      {{shadow, "shadow"},
       {advisory, "advisory"},
       {soft_mandatory, "soft_mandatory"},
       {hard_mandatory, "hard_mandatory"}}};
};

template <>
struct Record<host::DeskSettings> {
  using S = host::DeskSettings;
  static constexpr std::string_view name = "DeskSettings", doc = "Who works here and on what.";
  static constexpr auto fields = std::tuple{
      field(&S::environment, {.name = "environment",
                              .doc = "What decisions may touch; `live` refuses unreviewed scripts and given clocks."}),
      field(&S::governor, {.name = "governor",
                           .doc = "Portfolio governor used when a runbook names none: a file in config/governors."}),
      field(&S::actor,
            {.name = "actor", .doc = "Who acts, in every record; empty: the name of the operating system's user."})};
};

template <>
struct Record<host::MarketSettings> {
  using S = host::MarketSettings;
  static constexpr std::string_view name = "MarketSettings", doc = "The market store.";
  static constexpr auto fields = std::tuple{
      field(&S::store, {.name = "store", .doc = "File of the store, below var."}),
      field(&S::quotes, {.name = "quotes", .doc = "Quote currencies by which BTCUSDT is read as BTC_USDT."})};
};

template <>
struct Record<host::RunbookSettings> {
  using S = host::RunbookSettings;
  static constexpr std::string_view name = "RunbookSettings", doc = "How runbooks run.";
  static constexpr auto fields = std::tuple{
      field(&S::roots,
            {.name = "roots",
             .doc = "Folders that effects may write, by the name that runbooks declare; var/NAME when not set."}),
      field(&S::plan_max_age_minutes,
            {.name = "plan_max_age_minutes",
             .doc = "A plan older than this is not carried out: its decision time would be too long ago.",
             .unit = "minutes",
             .low = 1,
             .high = 525600})};
};

template <>
struct Record<host::Approver> {
  using S = host::Approver;
  static constexpr std::string_view name = "Approver", doc = "Somebody who may approve.";
  static constexpr auto fields =
      std::tuple{field(&S::key, {.name = "key", .doc = "Id of the Ed25519 key that signs.", .required = true}),
                 field(&S::public_key, {.name = "public_key", .doc = "Its public bytes in Base64.", .required = true}),
                 field(&S::roles, {.name = "roles", .doc = "Roles in which this person approves.", .required = true})};
};

template <>
struct Record<host::ApprovalSettings> {
  using S = host::ApprovalSettings;
  static constexpr std::string_view name = "ApprovalSettings", doc = "Who may approve what runs ask for.";
  static constexpr auto fields = std::tuple{field(
      &S::approvers, {.name = "approvers", .doc = "By name; `ballast approvals key NAME` prints what to put here."})};
};

template <>
struct Record<host::PolicySettings> {
  using S = host::PolicySettings;
  static constexpr std::string_view name = "PolicySettings",
                                    doc = "What a refusal of a policy means for the run that asked it.";
  static constexpr auto fields =
      std::tuple{field(&S::enforcement,
                       {.name = "enforcement",
                        .doc = "By policy: shadow (nothing), advisory (a warning), soft_mandatory (no effect unless "
                               "two people override it), hard_mandatory (no effect)."}),
                 field(&S::otherwise, {.name = "otherwise", .doc = "Level of policies that are not named."}),
                 field(&S::override_role, {.name = "override_role", .doc = "Role of those who may override."})};
};

template <>
struct Record<host::NotifySettings> {
  using S = host::NotifySettings;
  static constexpr std::string_view name = "NotifySettings",
                                    doc = "Where notices of runbooks go, besides the run's journal.";
  static constexpr auto fields = std::tuple{
      field(&S::standard_error, {.name = "standard_error", .doc = "Show them on standard error."}),
      field(&S::file, {.name = "file", .doc = "File that gets a JSON line for each, below var; empty: none."}),
      field(&S::command, {.name = "command",
                          .doc = "Program and arguments, started for each with the JSON line as standard input; empty: "
                                 "none. Nobody waits for it."})};
};

template <>
struct Record<host::LimitSettings> {
  using S = host::LimitSettings;
  static constexpr std::string_view name = "LimitSettings", doc = "What scripts may use before they are stopped.";
  static constexpr auto fields =
      std::tuple{field(&S::policy, {.name = "policy", .doc = "One policy call."}),
                 field(&S::runbook, {.name = "runbook", .doc = "One run of a runbook, policies included."}),
                 field(&S::eval, {.name = "eval", .doc = "One call of `ballast eval` with the profile runbook."}),
                 field(&S::repl, {.name = "repl", .doc = "One entry of `ballast repl`; memory: the whole session."}),
                 field(&S::test, {.name = "test", .doc = "One case of `ballast test`."})};
};

template <>
struct Record<host::Settings> {
  using S = host::Settings;
  static constexpr std::string_view name = "Settings",
                                    doc = "Settings of ballast. What is not set here has the default shown.";
  static constexpr auto fields = std::tuple{field(&S::desk, {.name = "desk", .doc = "The desk."}),
                                            field(&S::market, {.name = "market", .doc = "Market data."}),
                                            field(&S::runbooks, {.name = "runbooks", .doc = "Runbooks."}),
                                            field(&S::approvals, {.name = "approvals", .doc = "Approvals."}),
                                            field(&S::policies, {.name = "policies", .doc = "Policies."}),
                                            field(&S::notify, {.name = "notify", .doc = "Notices."}),
                                            field(&S::limits, {.name = "limits", .doc = "Limits of scripts."}),
                                            field(&S::schedules, {.name = "schedules",
                                                                  .doc = "Runbooks that a timer starts, by name; "
                                                                         "`ballast runs schedule` makes the timers."}),
                                            field(&S::status, {.name = "status", .doc = "`ballast status`."})};
};

}  // namespace ballast::core
