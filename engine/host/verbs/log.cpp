// ballast log: appends to, reads, annotates, exports and verifies the decision log.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/checks.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/run/run.hpp"
#include "host/version.hpp"
#include "journal/bundle.hpp"
#include "journal/decision_log.hpp"
#include "journal/log_reader.hpp"
#include "journal/verify.hpp"

namespace ballast::host {
namespace {

struct LogVerbOptions {
  std::string note, portfolio, decision, actor, verdict, subject, file, from, to, expect_head;
  std::optional<std::string> public_keys;
  journal::Query query;
  std::size_t count = 10;
  std::uint64_t seq = 0;
};

/// One document, even for many entries; each keeps the bytes that were signed.
void show_document(const std::vector<journal::Entry>& entries) {
  std::string lines;
  for (const journal::Entry& each : entries) lines += (lines.empty() ? "\n" : ",\n") + each.line;
  fmt::print("{{\"entries\":[{}]}}\n", lines);
}

void show_line(const journal::Entry& entry) {
  const core::Json body = entry.json();
  const core::Json decision = body.value("decision", core::Json::object());
  std::string what = body.contains("policy") ? body["policy"]["name"].get<std::string>() : body.value("note", "");
  if (decision.is_object() && decision.contains("outcome")) what += ": " + decision["outcome"].get<std::string>();
  if (decision.is_object() && decision.value("rebalance_required", false)) what += ", rebalance";
  fmt::print("{:>6}  {:<20}  {:<12}  {:<12}  {}\n", body["seq"].get<std::uint64_t>(), body["time"].get<std::string>(),
             body["kind"].get<std::string>(), body.value("actor", ""), what);
}

int append(const CommonOptions& common, const LogVerbOptions& options) {
  RunRequest request;
  request.runbook = "log_decision";
  request.actor = options.actor;
  request.parameters.set.push_back("note=" + options.note);
  if (!options.portfolio.empty()) request.parameters.set.push_back("portfolio_id=" + options.portfolio);
  if (!options.decision.empty()) request.parameters.set.push_back("decision=" + options.decision);
  request.json = common.json;
  const Desk desk = common.open_desk();
  const RunResult result = execute_run(desk, common.read(desk), request);
  if (common.json) fmt::print("{}\n", core::canonical_json({{"run", result.id}, {"entries", result.entries}}));
  return kPassed;
}

int tail(const CommonOptions& common, const LogVerbOptions& options) {
  journal::LogReader reader(log_folder(common.open_desk()));
  const auto found = reader.tail(options.count);
  if (common.json) {
    show_document(found);
  } else {
    for (const journal::Entry& entry : found) show_line(entry);
  }
  return kPassed;
}

int query(const CommonOptions& common, LogVerbOptions options) {
  if (!options.from.empty()) options.query.from = core::parse_instant(options.from);
  if (!options.to.empty()) options.query.to = core::parse_instant(options.to);
  journal::LogReader reader(log_folder(common.open_desk()));
  const auto found = reader.query(options.query);
  if (common.json) {
    show_document(found);
    return kPassed;
  }
  for (const journal::Entry& entry : found) show_line(entry);
  if (found.empty()) fmt::print(stderr, "no entry matches\n");
  return kPassed;
}

int show(const CommonOptions& common, const LogVerbOptions& options) {
  journal::LogReader reader(log_folder(common.open_desk()));
  const auto entry = reader.entry(options.seq);
  if (!entry) throw core::Error(core::Code::not_found, fmt::format("no entry {} in the log", options.seq));
  if (common.json) {
    fmt::print("{}\n", entry->line);
  } else {
    fmt::print("{}", core::pretty_json(entry->json()));
    journal::Query annotations;
    annotations.annotates = options.seq;
    for (const journal::Entry& each : reader.query(annotations)) show_line(each);
  }
  return kPassed;
}

int annotate(const CommonOptions& common, const LogVerbOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  const core::SystemClock clock;
  const Keys keys = open_keys(desk, configuration.settings.desk.environment, clock);
  auto log = journal::DecisionLog::open(log_folder(desk), *keys.entry, *keys.head, keys.ring, clock,
                                        {std::string(kVersion), std::string(kBuild), {}});
  std::optional<std::string> verdict;
  if (!options.verdict.empty()) verdict = options.verdict;
  const journal::Appended entry =
      log.annotate(options.seq, actor_name(configuration, options.actor), options.note, verdict);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"seq", entry.seq}, {"sha256", entry.sha256}}));
  } else {
    fmt::print("entry {} annotates entry {}\n", entry.seq, options.seq);
  }
  return kPassed;
}

int export_bundle(const CommonOptions& common, const LogVerbOptions& options) {
  const Desk desk = common.open_desk();
  export_evidence(desk, options.subject, options.file);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"bundle", options.file}}));
  } else {
    fmt::print(
        "{}: verify it anywhere with `ballast verify {} --public-keys KEYS`, decide again with `ballast replay {}`\n",
        options.file, options.file, options.file);
  }
  return kPassed;
}

int verify(const CommonOptions& common, const LogVerbOptions& options) {
  const Desk desk = common.open_desk();
  VerifyRequest request;
  request.public_keys = options.public_keys;
  if (!options.expect_head.empty()) request.expect_head = options.expect_head;
  return show_reports({verify_at(desk, log_folder(desk), request)}, common.json);
}

}  // namespace

void add_log_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<LogVerbOptions>();
  CLI::App* verb = app.add_subcommand("log", "Read and extend the decision log");
  verb->require_subcommand(1);
  const auto add = [&](const char* name, const char* summary, int (*run)(const CommonOptions&, const LogVerbOptions&)) {
    CLI::App* each = verb->add_subcommand(name, summary);
    finish_verb(*each, common, action, [&common, options, run] { return run(common, *options); });
    return each;
  };
  CLI::App* appended = add("append", "Record one decision that a person made", &append);
  appended->add_option("--note", options->note, "What was decided and why")->required();
  appended->add_option("--portfolio", options->portfolio, "Portfolio it is about");
  appended->add_option("--decision", options->decision, "Figures, as a JSON object");
  appended->add_option("--actor", options->actor, "Who decided");
  add("tail", "Show the newest entries", &tail)
      ->add_option("-n,--count", options->count, "How many")
      ->capture_default_str();
  CLI::App* queried = verb->add_subcommand("query", "Search entries");
  queried->add_option("--kind", options->query.kind, "decision, note, annotation, ...");
  queried->add_option("--actor", options->query.actor, "Who acted");
  queried->add_option("--run", options->query.run, "Id of a run");
  queried->add_option("--policy", options->query.policy, "Name of a policy");
  queried->add_option("--text", options->query.text, "Text that the line contains");
  queried->add_option("--from", options->from, "First time, inclusive");
  queried->add_option("--to", options->to, "First time that is too late");
  queried->add_option("--limit", options->query.limit, "Newest so many")->capture_default_str();
  finish_verb(*queried, common, action, [&common, options] { return query(common, *options); });
  add("show", "Show one entry and its annotations", &show)
      ->add_option("SEQ", options->seq, "Number of the entry")
      ->required();
  CLI::App* annotated = add("annotate", "Add a signed review of an entry", &annotate);
  annotated->add_option("SEQ", options->seq, "Number of the entry")->required();
  annotated->add_option("--note", options->note, "The review")->required();
  annotated->add_option("--verdict", options->verdict, "For example agreed, disputed");
  annotated->add_option("--actor", options->actor, "Who reviews");
  CLI::App* exported = add("export", "Write a bundle that verifies and replays elsewhere", &export_bundle);
  exported->add_option("SUBJECT", options->subject, "Number of an entry, or id of a run")->required();
  exported->add_option("FILE", options->file, "File to write")->required();
  CLI::App* verified = add("verify", "Prove that the log is whole and unchanged", &verify);
  verified->add_option("--expect-head", options->expect_head, "HEAD file kept elsewhere");
  verified->add_option("--public-keys", options->public_keys, "File of public keys instead of the key ring");
  verb->footer(
      "examples:\n  ballast log tail\n  ballast log query --policy portfolio_governor --from 2026-01-01T00:00:00Z\n  "
      "ballast log annotate 12 --note 'checked by hand' --verdict agreed\n"
      "  ballast log export 12 decision.bundle\n");
}

}  // namespace ballast::host
