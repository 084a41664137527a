#include "host/run/perform.hpp"

#include "core/error.hpp"
#include "host/limits.hpp"
#include "host/script_error.hpp"

namespace ballast::host {

std::string status_of(const core::Json& value) {
  if (!value.is_object() || !value.contains("status") || !value["status"].is_string()) return "finished";
  return value["status"].get<std::string>();
}

void perform_run(State& state, RunServices& services, OpenStores& stores, const RunIdentity& identity,
                 RunResult& result) {
  const auto take_written = [&] {
    result.artefacts = services.artefacts();
    result.entries = services.entries();
    result.decisions = services.decisions();
  };
  try {
    result.value = start_runbook(state, identity.runbook, services.run_information());
    services.finish_plan();
  } catch (const core::Error& e) {
    const auto& halted = services.halted();
    const auto& lost = services.lost();
    try {
      put_scripts(stores.objects, state.libraries());
      core::Json payload{{"libraries_sha256", libraries_sha256(state.libraries())}};
      if (halted && halted->status == "failed") {
        payload["error"] = error_document(core::Error(halted->code, halted->text))["error"];
      } else if (halted) {
        payload["reason"] = halted->text;
      } else {
        payload["error"] = error_document(lost ? *lost : e)["error"];
      }
      stop_run(stores, identity,
               halted              ? halted->status
               : was_interrupted() ? "interrupted"
                                   : "failed",
               std::move(payload));
    } catch (const core::Error&) {
      // The journal itself may be what failed; the first error is the one to report.
    }
    if (lost) throw core::Error(*lost);
    if (!halted) throw;
    if (halted->status == "failed") throw core::Error(halted->code, halted->text);
    take_written();
    services.tell_of_unasked_confirmations();
    result.status = halted->status;
    result.reason = halted->text;
    return;
  }
  result.status = status_of(result.value);
  if (services.denied()) result.status = "denied";
  put_scripts(stores.objects, state.libraries());
  end_run(stores, identity, "finished",
          {{"result", result.value}, {"libraries_sha256", libraries_sha256(state.libraries())}});
  take_written();
  services.tell_of_unasked_confirmations();
}

}  // namespace ballast::host
