// What a run asks and tells people: approvals that are bound to the plan of what follows, confirmations, notices.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/duration.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/printable.hpp"
#include "host/run/approval.hpp"
#include "host/run/identity.hpp"
#include "host/run/notice.hpp"
#include "host/run/script_table.hpp"
#include "host/run/services.hpp"
#include "host/run/terminal_prompt.hpp"

namespace ballast::host {
namespace {

/// Waits of this length stand in the journal when they begin, for whoever watches. Units: microseconds.
constexpr std::int64_t kWorthTelling = 500'000;
constexpr std::int64_t kDefaultExpirySeconds = 24 * 3600;
constexpr double kLongestExpirySeconds = 36500.0 * 24 * 3600;

ApprovalRequest read_request(const core::Json& given, const RunIdentity& identity, core::Instant now) {
  ApprovalRequest out;
  out.run = identity.id;
  out.author = identity.actor;
  out.name = required_text(given, "name");
  out.what = required_text(given, "what");
  out.role = required_text(given, "role");
  const core::Json quorum = given.value("quorum", core::Json(1)),
                   not_author = given.value("not_author", core::Json(true));
  if (!quorum.is_number_integer() || quorum.get<std::int64_t>() < 1 || quorum.get<std::int64_t>() > 100)
    refuse_member("quorum", "an integer from 1 to 100", quorum);
  out.quorum = quorum.get<std::int64_t>();
  if (!not_author.is_boolean()) refuse_member("not_author", "true or false", not_author);
  out.not_author = not_author.get<bool>();
  std::int64_t seconds = kDefaultExpirySeconds;
  if (given.contains("expires")) {
    const core::Json& expires = given["expires"];  // a parameter of the type duration is a number of seconds
    const double length =
        expires.is_number() ? expires.get<double>() : core::parse_duration(required_text(given, "expires"));
    if (!(length >= 1 && length <= kLongestExpirySeconds))
      refuse_member("expires", "a length of time from 1s to 36500d", expires);
    seconds = static_cast<std::int64_t>(length);
  }
  // Whole seconds: people read it.
  out.expires = {now.microseconds / 1'000'000 * 1'000'000 + seconds * 1'000'000};
  constexpr std::array<std::string_view, 6> kKnown = {"expires", "name", "not_author", "quorum", "role", "what"};
  for (const auto& [name, value] : given.items()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end())
      throw core::Error(core::Code::argument,
                        fmt::format("unknown field '{}'{}", name, core::suggestion(name, kKnown)));
  }
  return out;
}

}  // namespace

core::Json approval_result(const core::Json& record) {
  core::Json people = core::Json::array();
  for (const core::Json& each : record["approvals"]) people.push_back(each["approval"]);
  return {{"approvals", people}, {"plan_sha256", record["plan_sha256"]}};
}

void RunServices::require_no_step(const std::string& doing) const {
  if (!open_step_.empty() && !failed_step_) {
    throw core::Error(core::Code::state, fmt::format("{} stands inside '{}'; it belongs into main", doing, open_step_));
  }
}

core::Json RunServices::granted(const core::Json& record) {
  if (record["answer"] == "rejected") {
    halt("denied", fmt::format("{} rejected '{}': {}", record["by"].get<std::string>(),
                               record["name"].get<std::string>(), record["reason"].get<std::string>()));
  }
  // What was approved is what may be done.
  if (!dry() && !undoing_) {
    plan.hold_to(from_object(record, "plan"), record["plan_sha256"].get<std::string>());
  }
  return approval_result(record);
}

core::Json RunServices::approve(const core::Json& given) {
  require_begun();
  ApprovalRequest request = read_request(given, identity_, clock_.now());
  require_no_step(fmt::format("approval '{}'", request.name));
  return ask(std::move(request));
}

void RunServices::enforce(const std::string& policy, std::string_view level, const core::Json& outcome) {
  if (outcome != "deny") return;
  if (level == "advisory") advised_against_ = policy;
  if (level == "hard_mandatory") refused_by_ = policy;
  const bool known = std::find(overridable_.begin(), overridable_.end(), policy) != overridable_.end();
  if (level == "soft_mandatory" && !known) overridable_.push_back(policy);
}

void RunServices::require_not_denied(const std::string& effect) {
  if (!advised_against_.empty() && !dry() && !undoing_) {
    fmt::print(stderr, "warning: policy {} refused, which is advisory: effect '{}' goes on\n",
               core::printable(advised_against_), core::printable(effect));
    advised_against_.clear();  // once is enough
  }
  if (!refused_by_.empty()) {
    const std::string text =
        fmt::format("effect '{}' is refused: policy {} said no, and it is hard_mandatory", effect, refused_by_);
    if (dry()) planned({{"unit", "refusal"}, {"name", effect}, {"text", text}});
    halt("denied", text);
  }
  for (; !overridable_.empty(); overridable_.erase(overridable_.begin())) {  // each is overridden by its name
    const std::string& policy = overridable_.front();
    ApprovalRequest request;
    request.run = identity_.id;
    request.author = identity_.actor;
    request.name = "override " + policy;
    request.what =
        fmt::format("policy {} said no; effect '{}' and what follows are to be done all the same", policy, effect);
    request.role = configuration_.settings.policies.override_role;
    request.quorum = 2;
    request.overrides = policy;
    request.expires = {clock_.now().microseconds / 1'000'000 * 1'000'000 + kDefaultExpirySeconds * 1'000'000};
    ask(std::move(request));
  }
}

core::Json RunServices::ask(ApprovalRequest request) {
  const core::Instant now = clock_.now();
  const std::string doing = fmt::format("approval '{}'", request.name);
  const core::Json* asked = nullptr;
  while (history_.peek() != nullptr) {
    const core::Json& next = *history_.peek();
    if (asked != nullptr && next["kind"] == "approval_given") return granted(*history_.take("approval_given", doing));
    // Asked again after it expired or the plan changed: the last time counts.
    asked = asked == nullptr ? served("approval_asked", doing) : history_.take("approval_asked", doing);
    if ((*asked)["name"] != request.name) history_.refuse(doing, describe_record(*asked));
  }
  if (undoing_) halt("history_ended", "everything that the run did was gone through");
  if (asked == nullptr) {
    static_cast<void>(served("approval_asked", doing));
    planned({{"unit", "approval"}, {"name", request.name}, {"role", request.role}, {"quorum", request.quorum}});
  }
  if (dry()) {
    if (behind_ == request.name) plan.collect_from_here();
    return {{"approvals", core::Json::array()}};
  }
  const core::Json ahead = people_.look_ahead(request.name);
  // Held to a plan already, nobody is asked for anything else: a later approval widens nothing.
  if (const auto difference = plan.difference_from(ahead["items"].get<std::vector<core::Json>>()))
    halt("differs", *difference);
  const std::string bytes = core::canonical_json(ahead);
  request.plan_sha256 = put_object(bytes);
  bool anew = asked == nullptr;
  if (asked != nullptr) {
    const ApprovalRequest before = ApprovalRequest::read(*asked, identity_.id, identity_.actor);
    anew = before.plan_sha256 != request.plan_sha256 || before.expires <= now;
    if (!anew) request = before;
  }
  if (anew) append_record("approval_asked", request.json());
  const ApprovalVerdict verdict =
      judge_approvals(request, stores_.journal->folder(), configuration_.settings.approvals, now);
  for (const std::string& each : verdict.refused) fmt::print(stderr, "not counted: {}\n", core::printable(each));
  if (!verdict.rejected && !verdict.granted(request)) {
    const std::string text =
        fmt::format("'{}' waits for approval: {} of {} by {} are there, until {}", request.name,
                    verdict.accepted.size(), request.quorum, request.role, core::format_instant(request.expires));
    if (anew) {
      core::Json notice{{"text", fmt::format("{}: {} ({})", identity_.id, request.what, text)}, {"level", "notice"}};
      for (const std::string& each : send_notice(notice, configuration_.settings.notify, desk_, people_.secrets))
        append_record("warning", {{"warning", each}});
    }
    halt("waiting", text);
  }
  core::Json given_answers = core::Json::array();
  for (const Approval& each : verdict.accepted) given_answers.push_back(each.json());
  if (verdict.rejected) given_answers = core::Json::array({verdict.rejected->json()});
  core::Json record{{"name", request.name},
                    {"answer", verdict.rejected ? "rejected" : "approved"},
                    {"plan_sha256", request.plan_sha256},
                    {"approvals", given_answers}};
  if (verdict.rejected) {
    record["by"] = verdict.rejected->approver();
    record["reason"] = verdict.rejected->body["reason"];
  }
  journal::Draft draft = draft_of(request.overrides.empty() ? "approval" : "override");
  std::string by;
  for (const core::Json& each : given_answers)
    by += (by.empty() ? "" : ", ") + each["approval"]["approver"].get<std::string>();
  draft.note = fmt::format("{} {} by {}", request.name, record["answer"].get<std::string>(), by);
  draft.decision = core::Json{{"request", request.json()}, {"approvals", given_answers}};
  const journal::Appended entry = append_entry(draft);
  record["entry_seq"] = entry.seq;
  record["entry_sha256"] = entry.sha256;
  append_record("approval_given", record);
  return granted(record);
}

void RunServices::tell_of_unasked_confirmations() const {
  if (identity_.parent) return;  // they were given to the family
  for (const std::string& each : people_.confirmed) {
    const auto is_asked = [&](const std::string& name) { return name == each; };
    if (std::any_of(confirmations_asked_.begin(), confirmations_asked_.end(), is_asked)) continue;
    const auto is_passed_on = [&](const auto& child) { return !names_for_child(child.first, {each}).empty(); };
    if (std::any_of(children_begun_.begin(), children_begun_.end(), is_passed_on)) continue;
    fmt::print(stderr, "note: nothing asked for the confirmation '{}'{}\n", core::printable(each),
               core::did_you_mean(each, confirmations_asked_));
  }
}

core::Json RunServices::confirm(const core::Json& given) {
  const std::string name = required_text(given, "name"), text = required_text(given, "text");
  const std::string doing = fmt::format("confirmation '{}'", name);
  require_begun();
  require_no_step(doing);
  confirmations_asked_.push_back(name);
  if (const core::Json* record = served("confirm", doing)) {
    if ((*record)["name"] != name) history_.refuse(doing, describe_record(*record));
    return {{"actor", (*record)["actor"]}};
  }
  planned({{"unit", "confirmation"}, {"name", name}});
  if (dry()) return {{"actor", identity_.actor}};
  const std::string go_on = "ballast runs resume " + head_of_family(identity_);
  std::string by = "--confirm";
  if (!people_.confirmed.contains(name)) {
    if (!people_.may_ask || !can_ask())
      halt("waiting", fmt::format("confirmation '{}' is missing ({}): {} --confirm '{}'", name, text, go_on,
                                  name_for_head(identity_, name)));
    const auto answer = ask_line(fmt::format("{} [y/N] ", core::printable(text)), Echo::on);
    stop.check();  // interrupted instead of answered
    if (!answer || (answer->view() != "y" && answer->view() != "yes"))
      halt("waiting", fmt::format("'{}' was not confirmed: {} asks again", name, go_on));
    by = "terminal";
  }
  append_record("confirm", {{"name", name}, {"text", text}, {"actor", people_.actor}, {"by", by}});
  return {{"actor", people_.actor}};
}

core::Json RunServices::wait(const core::Json& given) {
  const std::string name = required_text(given, "name");
  const core::Instant until = core::parse_instant(required_text(given, "until"));
  const std::string doing = fmt::format("the wait '{}'", name);
  require_begun();
  require_no_step(doing);
  const std::string shown = core::format_instant(until);
  const auto go_on_at = [&](core::Instant time) {
    if (identity_.clock_given) clock_.wait_until(time, stop);
    if (time > identity_.time) identity_.time = time;
    return core::Json{{"time", core::format_instant(identity_.time)}};
  };
  if (const core::Json* record = served("wait", doing)) {
    if ((*record)["name"] != name || (*record)["until"] != shown) history_.refuse(doing, describe_record(*record));
    return go_on_at(core::parse_instant((*record)["reached"].get<std::string>()));
  }
  planned({{"unit", "wait"}, {"name", name}, {"until", shown}});
  if (dry()) {
    plan.predict();  // what the world will be then nobody knows
    return go_on_at(until);
  }
  if (!identity_.clock_given && until.microseconds - clock_.now().microseconds >= kWorthTelling)
    append_record("note",
                  {{"note", fmt::format("waits for '{}' until {}", name, shown)}, {"wait", name}, {"until", shown}});
  clock_.wait_until(until, stop);
  stop.check();
  const core::Instant reached = std::max(until, identity_.time);
  append_record("wait", {{"name", name}, {"until", shown}, {"reached", core::format_instant(reached)}});
  return go_on_at(reached);
}

void RunServices::open_ended(const std::string& name, bool open) {
  require_begun();
  if (open) planned({{"unit", "as often as it takes"}, {"name", name}});
  plan.open_ended(open);
}

void RunServices::notify(const core::Json& given) {
  const std::string text = required_text(given, "text");
  const std::string doing = fmt::format("notice '{}'", text);
  if (const core::Json* record = served("notice", doing)) {
    if ((*record)["text"] != text) history_.refuse(doing, describe_record(*record));
    return;
  }
  planned({{"unit", "notice"}, {"text", text}});
  if (dry()) return;
  // Durable first: whatever becomes of the sending, that it was to be told is on record.
  core::Json notice{{"text", text}, {"level", given.value("level", "notice")}};
  if (given.contains("data")) notice["data"] = given["data"];
  append_record("notice", notice);
  notice["run"] = identity_.id;
  notice["runbook"] = identity_.runbook;
  notice["time"] = core::format_instant(clock_.now());
  for (const std::string& each : send_notice(notice, configuration_.settings.notify, desk_, people_.secrets))
    append_record("warning", {{"warning", each}});
}

}  // namespace ballast::host
