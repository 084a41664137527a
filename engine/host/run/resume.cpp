#include "host/run/resume.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/run/perform.hpp"
#include "host/run/reopened_run.hpp"

namespace ballast::host {

RunResult resume_run(const Desk& desk, const Configuration& configuration, const ResumeRequest& request) {
  ReadRun read(desk, request.run);
  if (auto ended = finish_stating(desk, request.run, read, Purpose::go_on, request.by_parent)) return std::move(*ended);
  ReopenedRun run(desk, configuration, Purpose::go_on, std::move(read),
                  {request.actor,
                   request.json,
                   request.by_parent,
                   {.options = request.child_options, .confirmed = request.confirmed, .leave = {}}});
  if (!run.journal().undone.empty()) {
    throw core::Error(core::Code::state,
                      fmt::format("the run is being aborted; finish that: ballast runs abort {}", request.run),
                      request.run);
  }
  const auto accepted = run.check_pins(request.accept_change);
  run.read_secrets_again(request);
  run.observer = request.observer;
  run.open(accepted);
  run.with_people(request);
  if (request.begun) request.begun(request.run);
  perform_run(run.state, run.services, *run.stores, run.identity, run.result);
  return std::move(run.result);
}

}  // namespace ballast::host
