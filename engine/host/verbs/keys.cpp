// ballast keys: makes, lists and exports keys.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"

namespace ballast::host {
namespace {

struct KeyOptions {
  std::string algorithm = "Ed25519", id, out;
};

std::string purposes_text(const sign::KeyInfo& info) {
  std::string out;
  for (const core::Purpose each : info.purposes)
    out += fmt::format("{}{}", out.empty() ? "" : ",", core::purpose_name(each));
  return out;
}

core::Json key_document(const sign::KeyInfo& info) {
  core::Json out{{"key_id", info.key_id},
                 {"algorithm", std::string(sign::algorithm_name(info.algorithm))},
                 {"state", std::string(sign::key_state_name(info.state))},
                 {"created", core::format_instant(info.created)},
                 {"purposes", purposes_text(info)},
                 {"can_sign", info.can_sign}};
  if (info.valid_until) out["valid_until"] = core::format_instant(*info.valid_until);
  return out;
}

int make_key(const CommonOptions& common, const KeyOptions& options) {
  const Desk desk = common.open_desk();
  const auto algorithm = sign::algorithm_named(options.algorithm);
  if (!algorithm)
    throw core::Error(core::Code::argument,
                      fmt::format("'{}' is not accepted; accepted: HMAC-SHA256, Ed25519", options.algorithm),
                      "--algorithm");
  sign::KeyRing ring = sign::KeyRing::open(desk.keys);
  sign::NewKey wanted;
  wanted.algorithm = *algorithm;
  wanted.key_id = options.id;
  const core::SystemClock clock;
  const sign::KeyInfo made = ring.create_key(std::move(wanted), clock);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json(key_document(made)));
  } else {
    fmt::print("made {} ({}) in {}\nfor: {}\n", made.key_id, sign::algorithm_name(made.algorithm), desk.keys.string(),
               purposes_text(made));
  }
  return kPassed;
}

int list_keys(const CommonOptions& common) {
  const Desk desk = common.open_desk();
  core::Json all = core::Json::array();
  for (const sign::KeyInfo& each : sign::KeyRing::open(desk.keys).list()) all.push_back(key_document(each));
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"keys", all}}));
    return kPassed;
  }
  if (all.empty()) fmt::print("no keys in {}; `ballast keys new` makes one\n", desk.keys.string());
  for (const core::Json& each : all) {
    fmt::print("{:<32} {:<12} {:<8} {}  {}\n", each["key_id"].get<std::string>(), each["algorithm"].get<std::string>(),
               each["state"].get<std::string>(), each["created"].get<std::string>(),
               each["purposes"].get<std::string>());
  }
  return kPassed;
}

int export_keys(const CommonOptions& common, const KeyOptions& options) {
  const Desk desk = common.open_desk();
  sign::KeyRing::open(desk.keys).export_public(options.out);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"file", options.out}}));
    return kPassed;
  }
  fmt::print("{}: public keys for `ballast verify --public-keys`\n", options.out);
  return kPassed;
}

}  // namespace

void add_keys_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<KeyOptions>();
  CLI::App* verb = app.add_subcommand("keys", "Make, list and export keys");
  verb->require_subcommand(1);
  CLI::App* made = verb->add_subcommand("new", "Make a key");
  made->add_option("--algorithm", options->algorithm,
                   "HMAC-SHA256 (entries, artefacts) or Ed25519 (HEAD, seals, approvals)")
      ->capture_default_str();
  made->add_option("--id", options->id, "Key id (default: from algorithm, day and chance)");
  finish_verb(*made, common, action, [&common, options] { return make_key(common, *options); });
  CLI::App* listed = verb->add_subcommand("list", "List the keys of the ring");
  finish_verb(*listed, common, action, [&common] { return list_keys(common); });
  CLI::App* exported = verb->add_subcommand("export", "Write the public keys for those who check");
  exported->add_flag_callback(
      "--public", [] {}, "Say it: only public keys are written in any case, secrets never leave the ring");
  exported->add_option("FILE", options->out, "File to write")->required();
  finish_verb(*exported, common, action, [&common, options] { return export_keys(common, *options); });
  verb->footer(
      "examples:\n  ballast keys new --algorithm HMAC-SHA256\n  ballast keys list\n  ballast keys export "
      "desk_keys.json\n");
}

}  // namespace ballast::host
