// Begins runs: for real, by a plan, or dry.
#include "host/run/run.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/printable.hpp"
#include "host/reviewed_source.hpp"
#include "host/run/identity.hpp"
#include "host/run/look_ahead.hpp"
#include "host/run/perform.hpp"
#include "host/run/plan_file.hpp"
#include "host/run/runbook_help.hpp"
#include "host/run/stores.hpp"
#include "host/run/target_lock.hpp"
#include "host/state.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {
namespace {

/// A run that has not begun: everything that it needs, in the order in which it is needed.
class NewRun {
 public:
  NewRun(const Desk& desk, const Configuration& configuration, const RunRequest& request)
      : desk_(desk),
        configuration_(configuration),
        request_(request),
        clock_(request.now),
        script_(find_runbook(desk, request.runbook)),
        manifest_(ReviewManifest::read(desk, sign::KeyRing::open(desk.keys))),
        source_(desk.source(), manifest_, is_live()),
        children_(desk, configuration, {.options = request.child_options, .confirmed = request.confirmed, .leave = {}}),
        services_(desk, configuration, clock_),
        state_(services_, runbook_profile(), source_, configuration.settings.limits.runbook) {
    if (is_live()) manifest_.review({script_}, true);
    if (request.json) services_.print_to_standard_error();
    services_.with_children(children_);
    services_.limit_output(static_cast<std::size_t>(configuration.settings.limits.runbook.output_kib) << 10);
    info_ = load_runbook(state_, script_);
    // Before the clock is read: people take their time to answer.
    given_ = gather_parameters(info_.parameters, request.parameters);
    check_parameters(state_, info_, given_);
    identity_ = new_identity(configuration, request, info_, given_, request.decision_time.value_or(clock_.now()));
    if (request.order) {
      identity_.id = request.order->run;
      identity_.parent = ParentRun{request.order->parent, request.order->name, request.order->depth};
    }
    identity_.roots = resolve_roots(desk, configuration.settings.runbooks.roots, info_);
    pins_ = current_pins(desk, configuration, script_, state_.libraries());
    result_.runbook = info_.name;
    result_.file = script_.place;
  }

  /// Computes everything, applies nothing, and keeps what would be done as a plan.
  RunResult plan() {
    const auto is_free = [&](const std::string& id) { return !journal::is_run(runs_folder(desk_) / id); };
    identity_.id = first_id(base_id(identity_, script_, configuration_), is_free);
    execute_dry();
    core::Json document = identity_payload(identity_, info_, script_, given_);
    document["run"] = identity_.id;
    document["pins"] = pins_.document();
    document["items"] = services_.plan.items();
    document["result"] = result_.value;
    const PlanFile plan = write_plan(runs_folder(desk_) / identity_.id, std::move(document));
    result_.id = identity_.id;
    result_.dry_run = true;
    result_.status = "planned";
    result_.plan = plan.document;
    result_.plan_hash = plan.hash;
    return std::move(result_);
  }

  /// The same for the run that orders this one, and nothing is kept.
  ChildPlan plan_for_parent() {
    services_.print_nothing();
    execute_dry();
    return {services_.plan.items(), result_.value, services_.denied() ? "denied" : status_of(result_.value),
            result_.reason,         pins_sha256(), services_.plan.predicting()};
  }

  /// Does what a plan says and stops where reality differs.
  RunResult carry_out(const PlanFile& plan) {
    if (const auto difference = difference_from(plan)) {
      result_.status = "differs";
      result_.reason = *difference;
      return std::move(result_);
    }
    identity_.id = plan.folder.filename().string();
    plan_ = plan.bytes;
    planned_by_ = plan.document["actor"].get<std::string>();
    return begin_as(identity_.id);
  }

  /// Begins what another run ordered, and is held to what that one was told of it.
  RunResult begin_for_parent() {
    plan_ = request_.order->plan;
    if (!plan_.empty() && core::parse_json(plan_, "plan").at("pins_sha256") != pins_sha256())
      throw core::Error(core::Code::state, "its scripts, policies or settings are not those that were planned",
                        identity_.id);
    return begin_as(identity_.id);
  }

  RunResult begin() {
    return begin([&](const auto& create) {
      return first_id(base_id(identity_, script_, configuration_), [&](const std::string& id) {
        try {
          create(id);
          return true;
        } catch (const core::Error& e) {  // of equal runs that begin at once each gets a name
          if (e.code() != core::Code::state || !std::filesystem::exists(runs_folder(desk_) / id)) throw;
          return false;
        }
      });
    });
  }

 private:
  RunResult begin_as(const std::string& id) {
    return begin([&](const auto& create) { return create(id), id; });
  }

  std::string pins_sha256() const { return core::sha256_hex(core::canonical_json(pins_.document())); }

  void execute_dry() {
    services_.plan.collect();
    services_.begin(identity_, {});
    try {
      result_.value = start_runbook(state_, info_.name, services_.run_information());
    } catch (const core::Error&) {
      if (!services_.halted()) throw;
      if (services_.halted()->status == "failed") throw core::Error(services_.halted()->code, services_.halted()->text);
      result_.reason = services_.halted()->text;  // a refusal is part of what will happen
    }
  }

  bool is_live() const { return configuration_.settings.desk.environment == Environment::live; }

  /// What is not as it was planned, before anything is done.
  std::optional<std::string> difference_from(const PlanFile& plan) const {
    const core::Json& then = plan.document;
    const std::string short_hash = plan.hash.substr(0, 12);
    if (then["runbook"]["name"] != info_.name)
      return fmt::format("plan {} is of the runbook {}", short_hash, then["runbook"]["name"].get<std::string>());
    if (then["environment"] != core::name_of(identity_.environment))
      return fmt::format("plan {} is for {}", short_hash, then["environment"].get<std::string>());
    for (const auto& [name, value] : identity_.parameters.items()) {
      const core::Json planned = then["parameters"].value(name, core::Json());
      if (planned != value)
        return fmt::format("plan {} has {} = {}, given is {}", short_hash, name, planned.dump(), value.dump());
    }
    const auto changed = RunPins::read(then["pins"]).changes(pins_);
    if (changed.empty()) return std::nullopt;
    return fmt::format("changed since plan {} was made: {}", short_hash, fmt::join(changed, ", "));
  }

  template <class Claim>
  RunResult begin(const Claim& claim) {
    TargetLock target(desk_, info_, identity_, TargetUse::begin, clock_);
    stores_.emplace(desk_, clock_, identity_);
    result_.made_keys = stores_->keys.made;
    keep_pinned(stores_->objects, pins_, configuration_, script_, state_.libraries());
    core::Json payload = identity_payload(identity_, info_, script_, given_);
    payload.update(pins_.hashes());
    if (!info_.steps.empty()) payload["steps"] = steps_document(info_.steps);  // whoever watches knows what is to come
    if (!info_.roots.empty()) payload["roots"] = configured_roots(configuration_.settings.runbooks.roots, info_);
    if (!request_.scheduled.is_null()) payload["scheduled"] = request_.scheduled;
    if (!planned_by_.empty() && planned_by_ != identity_.actor) payload["planned_by"] = planned_by_;
    if (!plan_.empty()) {
      payload["plan_sha256"] = stores_->objects.put(plan_);
      services_.plan.hold_to(core::parse_json(plan_, "plan"), payload["plan_sha256"].get<std::string>());
    }
    identity_.id = claim([&](const std::string& id) {
      payload["log_seq"] = stores_->log.last_seq();  // where in the log's order it began: clocks can be given
      stores_->journal =
          journal::RunJournal::create(runs_folder(desk_) / id, id, payload, *stores_->keys.journal, clock_);
    });
    stores_->journal->tell(request_.observer);
    result_.id = identity_.id;
    target.own(identity_);
    if (!target.note().empty()) {
      stores_->journal->append("note", {{"note", target.note()}});
      if (target.is_news()) fmt::print(stderr, "note: {}\n", target.note());
    }
    if (request_.begun) request_.begun(identity_.id);
    services_.with_people({identity_.actor,
                           {request_.confirmed.begin(), request_.confirmed.end()},
                           request_.may_ask,
                           &given_.secrets,
                           [this](const std::string& approval) {
                             return look_ahead(desk_, configuration_, source_, script_, identity_, clock_, children_,
                                               approval);
                           }});
    services_.begin(identity_, {&stores_->objects, &stores_->log, &*stores_->journal, &stores_->keys, &manifest_});
    perform_run(state_, services_, *stores_, identity_, result_);
    return std::move(result_);
  }

  const Desk& desk_;
  const Configuration& configuration_;
  const RunRequest& request_;
  core::ChosenClock clock_;
  Script script_;
  ReviewManifest manifest_;
  ReviewedSource source_;
  ChildRuns children_;
  RunServices services_;
  State state_;
  RunbookInfo info_;
  ParameterValues given_;
  RunIdentity identity_;
  RunPins pins_;
  std::string planned_by_;
  std::string plan_;  ///< bytes of the plan that it is held to; empty: none
  std::optional<OpenStores> stores_;
  RunResult result_;
};

/// The request that a plan stands for. What the operator gives beside it is compared with it.
RunRequest planned_request(const Configuration& configuration, RunRequest request, const PlanFile& plan) {
  const core::Json& then = plan.document;
  const core::Instant time = core::parse_instant(then["decision_time"].get<std::string>());
  const auto minutes = configuration.settings.runbooks.plan_max_age_minutes;
  const bool given = then.value("clock", "") == "given";
  const auto age = (core::SystemClock().now().microseconds - time.microseconds) / 60'000'000;
  if (!given && age > minutes) {
    throw core::Error(core::Code::state,
                      fmt::format("the plan was made {} minutes ago, and plans hold for {} "
                                  "(runbooks.plan_max_age_minutes); make a new one",
                                  age, minutes),
                      "--plan");
  }
  if (request.now && *request.now != time)
    throw core::Error(core::Code::argument, "a plan has its own decision time", "--now");
  request.decision_time = time;
  if (given) request.now = time;
  if (request.runbook.empty()) {
    request.runbook = then["runbook"]["place"].get<std::string>();
  } else if (const std::string name = std::filesystem::path(request.runbook).stem().string();
             name != std::filesystem::path(then["runbook"]["place"].get<std::string>()).stem()) {
    throw core::Error(core::Code::argument,
                      fmt::format("plan {} is of the runbook {}, not of {}", plan.hash.substr(0, 12),
                                  then["runbook"]["name"].get<std::string>(), name),
                      "--plan");
  }
  request.parameters.recorded = then;
  return request;
}

}  // namespace

std::string actor_name(const Configuration& configuration, const std::string& given) {
  if (!given.empty() && core::printable(given) != given)
    throw core::Error(core::Code::argument, fmt::format("'{}' cannot name a person", core::printable(given)),
                      "--actor");
  if (!given.empty()) return given;
  if (!configuration.settings.desk.actor.empty()) return configuration.settings.desk.actor;
  if (const passwd* entry = getpwuid(geteuid()); entry != nullptr) return entry->pw_name;
  return fmt::format("uid{}", geteuid());
}

RunRequest child_request(const ChildOrder& order) {
  RunRequest out;
  out.runbook = order.runbook;
  out.parameters.values = order.given.get<std::map<std::string, core::Json>>();
  out.parameters.values_place = "params";
  out.parameters.values_origin = "parent";
  out.actor = order.actor;
  out.decision_time = order.time;
  if (order.clock_given) out.now = order.time;
  out.order = order;
  return out;
}

void check_run(const Desk& desk, const Configuration& configuration, RunRequest request) {
  request.json = true;  // what is printed while the script is loaded is no part of the answer
  request.parameters.without_secrets = true;
  NewRun(desk, configuration, request);
}

void check_child(const Desk& desk, const Configuration& configuration, const ChildOrder& order) {
  const RunRequest request = child_request(order);
  NewRun(desk, configuration, request);
}

ChildPlan plan_child(const Desk& desk, const Configuration& configuration, const ChildOrder& order) {
  const RunRequest request = child_request(order);
  return NewRun(desk, configuration, request).plan_for_parent();
}

RunResult execute_run(const Desk& desk, const Configuration& configuration, const RunRequest& request) {
  if (request.now && configuration.settings.desk.environment == Environment::live) {
    throw core::Error(core::Code::argument,
                      "a given clock is refused in live: a decision there has the time it was made", "--now");
  }
  if (!request.plan.empty()) {
    const PlanFile plan = find_plan(desk, request.plan);
    const RunRequest planned = planned_request(configuration, request, plan);
    return NewRun(desk, configuration, planned).carry_out(plan);
  }
  NewRun run(desk, configuration, request);
  if (request.order) return run.begin_for_parent();
  return request.dry_run ? run.plan() : run.begin();
}

}  // namespace ballast::host
