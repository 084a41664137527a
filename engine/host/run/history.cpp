#include "host/run/history.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::host {
namespace {

std::string kind_of(const journal::RunRecord& record) { return record.json.at("kind").get<std::string>(); }

/// Remarks about the life of a run that no program wrote.
bool is_remark(std::string_view kind) {
  return kind == "warning" || kind == "recovery" || kind == "run_stopped" || kind == "note";
}

}  // namespace

FoldedJournal fold_journal(std::vector<journal::RunRecord> records) {
  if (records.empty() || kind_of(records.front()) != "run_started") {
    throw core::Error(core::Code::state, "the run's journal does not begin with run_started; run ballast verify");
  }
  FoldedJournal out;
  out.started = std::move(records.front().json);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const std::string kind = kind_of(records[i]);
    if (kind == "run_resumed") {
      const auto keeps = records[i].json.at("keeps").get<std::uint64_t>();
      std::erase_if(out.records, [&](const journal::RunRecord& each) { return each.seq > keeps; });
      out.end.reset();
    } else if (kind == "run_finished" || kind == "run_stopped") {
      out.end = std::move(records[i].json);
    } else if (kind == "undo") {
      out.undone[records[i].json.at("step").get<std::string>()] = records[i].json.at("state").get<std::string>();
    } else if (!is_remark(kind)) {
      out.records.push_back(std::move(records[i]));
    }
  }
  return out;
}

FoldedJournal read_run(const std::filesystem::path& folder) { return fold_journal(journal::RunJournal::read(folder)); }

bool is_begun_child(const core::Json& record) {
  return record.at("kind") == "child" && record.value("state", "") == "begun";
}

bool is_unit(const core::Json& record) {
  if (is_begun_child(record)) return false;
  const std::string kind = record.at("kind").get<std::string>();
  return kind != "answer" && kind != "step_started" && kind != "plan";
}

core::Json recorded_value(const core::Json& record, const std::string& name, const journal::ObjectStore& objects) {
  if (record.contains(name)) return record[name];
  return core::parse_json(objects.get(record.at(name + "_sha256").get<std::string>()), name);
}

std::size_t kept_records(const std::vector<journal::RunRecord>& records) {
  std::size_t kept = 0;
  bool in_step = false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string kind = kind_of(records[i]);
    if (kind == "step_started") {
      in_step = true;
    } else if (kind == "step_finished") {
      in_step = false;
      kept = i + 1;
    } else if (kind == "plan" || (!in_step && kind != "answer")) {
      kept = i + 1;
    }
  }
  return kept;
}

core::Error recorded_error(const core::Json& error) {
  return {core::code_from_name(error.at("code").get<std::string>(), core::Code::internal),
          error.at("message").get<std::string>(), error.value("where", "")};
}

std::string describe_record(const core::Json& record) {
  const std::string kind = record.at("kind").get<std::string>();
  const auto named = [&](std::string_view what, const char* member) {
    return fmt::format("{} '{}'", what, record.value(member, ""));
  };
  if (kind == "step_started") return record.value("effect", false) ? named("effect", "step") : named("step", "step");
  if (kind == "step_finished") return named("the end of step", "step");
  if (kind == "plan") return named("the plan of effect", "step");
  if (kind == "answer") return named("a call of", "call");
  if (kind == "decision") return named("a decision of policy", "policy");
  if (kind == "artefact") return named("artefact", "path");
  if (kind == "check") return named("the check", "text");
  if (kind == "confirm") return named("confirmation", "name");
  if (kind == "approval_asked") return named("the request for approval", "name");
  if (kind == "approval_given") return named("the answer to approval", "name");
  if (kind == "wait") return named("the wait", "name");
  if (kind == "notice") return named("notice", "text");
  if (kind == "child") return named(is_begun_child(record) ? "child run" : "the end of child run", "name");
  if (kind == "log") return "an entry of the log";
  return fmt::format("a record of kind {}", kind);
}

std::string describe_unit(const core::Json& record) {
  if (record.at("kind") == "child") return fmt::format("child run '{}'", record.value("name", ""));
  if (record.at("kind") != "step_finished") return describe_record(record);
  return fmt::format("{} '{}'", record.value("effect", false) ? "effect" : "step", record.value("step", ""));
}

const core::Json* RunHistory::take(std::string_view kind, const std::string& doing) {
  if (exhausted()) return nullptr;
  const core::Json& record = records_[at_].json;
  ++at_;
  if (record.at("kind") != kind) refuse(doing, describe_record(record));
  return &record;
}

const core::Json* RunHistory::take_step_end(const std::string& step) {
  for (std::size_t i = at_; i < records_.size(); ++i) {
    const core::Json& record = records_[i].json;
    if (record.at("kind") != "step_finished" || record.at("step") != step) continue;
    at_ = i + 1;
    return &record;
  }
  return nullptr;
}

const core::Json* RunHistory::plan_of(const std::string& effect) const {
  for (std::size_t i = at_; i < records_.size(); ++i) {
    const core::Json& record = records_[i].json;
    if (record.at("kind") == "plan" && record.at("step") == effect) return &record;
    if (record.at("kind") == "step_finished" && record.at("step") == effect) break;
  }
  return nullptr;
}

void RunHistory::refuse(const std::string& doing, const std::string& recorded) const {
  throw core::Error(
      core::Code::state,
      fmt::format("the run takes another way than it did: it comes to {}, the journal has {} there", doing, recorded),
      fmt::format("record {}", records_[at_ - 1].seq));
}

}  // namespace ballast::host
