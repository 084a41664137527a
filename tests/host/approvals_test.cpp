// Approvals: who may give one, what it is bound to, and that nothing is done before or beside it.
#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "core/clock.hpp"
#include "host/run/approval.hpp"
#include "sign/key_ring.hpp"
#include "support/approvers.hpp"

using namespace ballast;
using test::ApprovalDesk;
using test::Ran;
using test::slurp;

namespace {

namespace fs = std::filesystem;

void check_refused(const Ran& ran, int status, const std::string& text) {
  CAPTURE(ran.out + ran.error);
  CHECK(ran.status == status);
  CHECK(ran.mentions(text));
}

/// The only file in the approvals folder of a run.
fs::path only_answer(const ApprovalDesk& approvals, const std::string& run) {
  std::vector<fs::path> all;
  for (const auto& each : fs::directory_iterator(approvals.folder(run))) all.push_back(each.path());
  REQUIRE(all.size() == 1);
  return all.front();
}

}  // namespace

TEST_SUITE("approvals") {
  TEST_CASE("the author, strangers, others' keys, other roles and second answers do not count") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 2");
    const std::string run = approvals.started();
    CHECK(!approvals.acted());
    check_refused(approvals.answer("approve", run, "ann"), 1,
                  "ann started the run, and the author of a run does not approve it");
    check_refused(approvals.answer("approve", run, "eve"), 1, "'eve' is not among the approvers of the desk");
    check_refused(approvals.answer("approve", run, "dorra", {}, "dora"), 1, "'dora'");
    check_refused(approvals.answer("approve", run, "bob", {}, "eve"), 1, "the answer of bob is signed by key '");
    check_refused(approvals.answer("approve", run, "carl"), 1, "carl does not have the role 'risk' (roles: cook)");
    CHECK(!fs::exists(approvals.folder(run)));  // what does not count is not kept
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    check_refused(approvals.answer("approve", run, "bob"), 1, "bob has answered already");
    check_refused(approvals.answer("reject", run, "bob"), 1, "bob has answered already");
    // One of two: the run still waits.
    check_refused(approvals.resume(run), 4, "'go' waits for approval: 1 of 2 by risk");
    CHECK(!approvals.acted());
    CHECK(approvals.answer("approve", run, "dora").status == 0);
    const Ran done = approvals.resume(run);
    CAPTURE(done.out + done.error);
    CHECK(done.status == 0);
    CHECK(slurp(approvals.desk.var() / "out/order.txt") == "first");
    const auto records = test::journal_records(approvals.desk, run);
    CHECK(test::count_kind(records, "approval_asked") == 1);
    CHECK(test::count_kind(records, "approval_given") == 1);
    check_refused(approvals.answer("approve", run, "dora"), 2, "the run waits for no approval; it is finished");
    CHECK(approvals.desk.run({"verify", "var"}).status == 0);
    CHECK(approvals.desk.run({"replay", run}).status == 0);
  }

  TEST_CASE("the author may approve where the runbook says so") {
    const ApprovalDesk approvals;
    approvals.asks("not_author = false");
    const std::string run = approvals.started();
    CHECK(approvals.answer("approve", run, "ann").status == 0);
    CHECK(approvals.resume(run).status == 0);
    CHECK(approvals.acted());
  }

  TEST_CASE("an answer is bound to the plan: where the world changed the run asks anew") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 1");
    const std::string run = approvals.started();
    REQUIRE(approvals.answer("approve", run, "bob").status == 0);
    const std::string old = slurp(only_answer(approvals, run));
    approvals.desk.spill("in.txt", "second");
    const Ran again = approvals.resume(run);
    check_refused(again, 4, "not counted: the answer of bob is for plan ");
    CHECK(again.mentions("what would be done has changed"));
    CHECK(!approvals.acted());
    CHECK(test::count_kind(test::journal_records(approvals.desk, run), "approval_asked") == 2);
    const Ran shown = approvals.desk.run({"approvals", "show", run});
    CHECK(shown.status == 0);
    CHECK(shown.mentions("not counted: the answer of bob is for plan "));
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    const Ran done = approvals.resume(run);
    CAPTURE(done.out + done.error);
    CHECK(done.status == 0);
    CHECK(slurp(approvals.desk.var() / "out/order.txt") == "second");
    CHECK(approvals.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("an answer for one run does not count for another") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 1");
    const std::string first = approvals.started(), second = approvals.started();
    REQUIRE(approvals.answer("approve", first, "bob").status == 0);
    test::spill(approvals.folder(second) / "taken.json", slurp(only_answer(approvals, first)));
    check_refused(approvals.resume(second), 4, "the answer of bob is for 'go' of run " + first);
    CHECK(!approvals.acted());
  }

  TEST_CASE("an answer that comes too late does not count, and the run asks anew") {
    const ApprovalDesk approvals;
    approvals.asks("expires = 2");  // as of a parameter of the type duration
    const std::string run = approvals.started();
    REQUIRE(approvals.desk.run({"approvals", "list"}).mentions(run));
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    check_refused(approvals.answer("approve", run, "bob"), 1,
                  "the answer of bob came too late: the request expired at ");
    check_refused(approvals.resume(run), 4, "'go' waits for approval: 0 of 1 by risk");
    CHECK(!approvals.acted());
    CHECK(test::count_kind(test::journal_records(approvals.desk, run), "approval_asked") == 2);
  }

  TEST_CASE("an answer to a request that expired does not count for the next one") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 2, expires = '2s'");
    const std::string run = approvals.started();
    REQUIRE(approvals.answer("approve", run, "bob").status == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    CHECK(approvals.desk.run({"approvals", "show", run})
              .mentions("the answer of bob counts no more: the request expired"));
    check_refused(approvals.resume(run), 4, "'go' waits for approval: 0 of 2 by risk");
    CHECK(approvals.answer("approve", run, "bob").status == 0);  // and is no second answer
    CHECK(approvals.desk.run({"approvals", "list"}).mentions("1 of 2 by risk"));
  }

  TEST_CASE("after a rejection nobody approves, and what to do is said") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 2");
    const std::string run = approvals.started();
    const Ran rejected = approvals.answer("reject", run, "bob");
    CHECK(rejected.mentions("record it: ballast runs resume " + run));
    CHECK(approvals.desk.run({"approvals", "list"}).mentions("rejected by bob"));
    check_refused(approvals.answer("approve", run, "dora"), 1, "bob rejected it, and one rejection decides");
    CHECK(approvals.resume(run).status == 1);
    CHECK(approvals.desk.run({"status"}).mentions("ballast runs abort " + run));
  }

  TEST_CASE("a changed answer does not count, and garbage beside a good one does no harm") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 1");
    const std::string run = approvals.started();
    REQUIRE(approvals.answer("reject", run, "bob", {"--reason", "no"}).status == 0);
    const fs::path file = only_answer(approvals, run);
    std::string text = slurp(file);
    const auto at = text.find("\"reject\"");
    REQUIRE(at != std::string::npos);
    test::spill(file, text.replace(at, 8, "\"approve\""));
    check_refused(approvals.resume(run), 4, "the answer of bob does not verify");
    CHECK(!approvals.acted());
    fs::remove(file);
    const fs::path folder = approvals.folder(run);
    test::spill(folder / "a.json", "no JSON");
    test::spill(folder / "b.json", "{}");
    test::spill(folder / "c.json", R"({"approval":{"approver":5},"signature":[]})");
    test::spill(folder / "d.json", std::string("\0\xff", 2));
    test::spill(folder / "e.txt", "a remark");
    fs::create_directories(folder / "f.json");
    const Ran garbage = approvals.resume(run);
    check_refused(garbage, 4, "not counted: a.json is no approval");
    CHECK(garbage.mentions("f.json is no approval"));
    CHECK(approvals.desk.run({"approvals", "list"}).status == 0);
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    CHECK(approvals.resume(run).status == 0);
    CHECK(approvals.acted());
  }

  TEST_CASE("a signed answer that lacks a member is no answer") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 1");
    const std::string run = approvals.started();
    const auto request =
        host::ApprovalRequest::read(approvals.desk.run({"approvals", "show", run, "--json"}).json(), run, "ann");
    const core::SystemClock clock;
    const auto signer =
        sign::KeyRing::open(approvals.keys("bob")).signer_for(core::Purpose::approval, sign::Algorithm::ed25519, clock);
    host::Approval answer = host::sign_approval(request, "bob", "reject", "no", clock.now(), *signer);
    answer.body.erase("reason");
    answer.signature = signer->sign(core::Purpose::approval, core::canonical_json(answer.body));
    host::hand_in(answer, approvals.desk.var() / "runs" / run);
    check_refused(approvals.resume(run), 4, "is no approval");
    CHECK(!approvals.acted());
  }

  TEST_CASE("a rejection ends the run as denied, for good") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 2");
    const std::string run = approvals.started();
    REQUIRE(approvals.answer("approve", run, "dora").status == 0);
    REQUIRE(approvals.answer("reject", run, "bob", {"--reason", "too much"}).status == 0);
    check_refused(approvals.resume(run), 1, "bob rejected 'go': too much");
    CHECK(!approvals.acted());
    check_refused(approvals.answer("approve", run, "ann"), 2, "the run waits for no approval; it is denied");
    check_refused(approvals.resume(run), 1, "bob rejected 'go': too much");
    CHECK(!approvals.acted());
    CHECK(approvals.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("what is done behind an approval is held to the plan that was approved") {
    const ApprovalDesk approvals;
    // Another thing than it showed when it was looked at.
    approvals.asks("quorum = 1", "run:step('mask', function() return { looked_at = run.information.dry_run } end)\n");
    const std::string run = approvals.started();
    REQUIRE(approvals.answer("approve", run, "bob").status == 0);
    check_refused(approvals.resume(run), 1, "step 'mask'");
    CHECK(!approvals.acted());
    CHECK(test::journal_records(approvals.desk, run).back()["status"] == "differs");
  }

  TEST_CASE("a run by a plan asks too, and is held to both plans") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 1");
    const Ran planned = approvals.desk.run({"run", "ask", "--dry-run", "--json", "--actor", "ann"});
    CAPTURE(planned.out + planned.error);
    REQUIRE(planned.status == 0);
    const Ran asked = approvals.desk.run(
        {"run", "--plan", planned.json()["plan_sha256"].get<std::string>(), "--json", "--actor", "ann"});
    REQUIRE(asked.status == 4);
    const std::string run = test::run_id(asked);
    // Nobody is asked for what the first plan does not allow.
    approvals.desk.spill("in.txt", "second");
    check_refused(approvals.resume(run), 1, "step 'look'");
    CHECK(!approvals.acted());
    approvals.desk.spill("in.txt", "first");
    REQUIRE(approvals.resume(run).status == 4);
    REQUIRE(approvals.answer("approve", run, "bob").status == 0);
    const Ran done = approvals.resume(run);
    CAPTURE(done.out + done.error);
    CHECK(done.status == 0);
    CHECK(slurp(approvals.desk.var() / "out/order.txt") == "first");
    CHECK(approvals.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("of two approvals the second is held to as well, and widens nothing") {
    const ApprovalDesk approvals;
    approvals.asks("quorum = 1", "run:approve { name = 'again', what = 'really', role = 'risk' }\n");
    const std::string run = approvals.started();
    REQUIRE(approvals.answer("approve", run, "bob").status == 0);
    check_refused(approvals.resume(run), 4, "'again' waits for approval: 0 of 1 by risk");
    REQUIRE(approvals.answer("approve", run, "dora").status == 0);
    approvals.desk.spill("in.txt", "second");
    check_refused(approvals.resume(run), 1, "step 'look'");
    CHECK(!approvals.acted());
    approvals.desk.spill("in.txt", "first");
    const Ran done = approvals.resume(run);
    CAPTURE(done.out + done.error);
    CHECK(done.status == 0);
    CHECK(slurp(approvals.desk.var() / "out/order.txt") == "first");
    CHECK(approvals.desk.run({"verify", "var"}).status == 0);
    CHECK(approvals.desk.run({"replay", run}).status == 0);
  }
}
