// People who approve, each with a key of their own, on a desk that knows some of them.
#pragma once

#include "support/runbook_desk.hpp"

namespace ballast::test {

/// A desk that knows ann, bob and dora by the role risk and carl by another one; eve has a key and is not known.
struct ApprovalDesk {
  TestDesk desk;

  explicit ApprovalDesk(const std::string& more_settings = {}) {
    std::string settings = "approvals:\n  approvers:\n";
    for (const std::string name : {"ann", "bob", "carl", "dora", "eve"}) {
      REQUIRE(desk.run({"keys", "new", "--algorithm", "Ed25519", "--keys", keys(name)}).status == 0);
      if (name == "eve") continue;
      const core::Json key = desk.run({"approvals", "key", name, "--keys", keys(name), "--json"}).json();
      settings += "    " + name + ":\n      key: " + key["key"].get<std::string>() +
                  "\n      public_key: " + key["public_key"].get<std::string>() + "\n      roles: [" +
                  (name == "carl" ? "cook" : "risk") + "]\n";
    }
    desk.spill("config/core.yaml", settings + more_settings);
    desk.spill("in.txt", "first");
  }

  std::string keys(const std::string& name) const { return desk.outside(name + "_keys").string(); }
  /// Writes a runbook that asks with these fields, then reads in.txt and writes it.
  void asks(const std::string& fields, const std::string& then = {}) const {
    spill_runbook(desk, "ask",
                  "run:step('before', function() return { ready = true } end)\n"
                  "run:approve { name = 'go', what = 'write the order', role = 'risk', " +
                      fields + " }\n" + then +
                      "local text = run:step('look', function() return ballast.files.read('in.txt') end)\n" +
                      writing_effect("order", "text") + "return { status = 'finished' }");
  }
  /// Starts it as ann and returns the id of the run, which waits.
  std::string started() const {
    const Ran ran = desk.run({"run", "ask", "--actor", "ann", "--json"});
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 4);
    return run_id(ran);
  }
  Ran answer(const std::string& word, const std::string& run, const std::string& name,
             std::vector<std::string> more = {}, const std::string& key_of = {}) const {
    std::vector<std::string> all{
        "approvals", word, run, "--actor", name, "--keys", keys(key_of.empty() ? name : key_of)};
    all.insert(all.end(), more.begin(), more.end());
    return desk.run(all);
  }
  Ran resume(const std::string& run) const { return desk.run({"runs", "resume", run, "--no-input"}); }
  bool acted() const { return std::filesystem::exists(desk.var() / "out/order.txt"); }
  std::filesystem::path folder(const std::string& run) const { return desk.var() / "runs" / run / "approvals"; }
};

}  // namespace ballast::test
