// Sends notices of runs to where people read them. Never waits for anybody: a command is started and left alone.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/run/secrets.hpp"

namespace ballast::host {

/// Sends the notice to every place that the settings name. The command gets the notice as a JSON line on standard input
/// and the run's secrets as BALLAST_SECRET_NAME. Returns sentences: where it could not be sent, and why.
std::vector<std::string> send_notice(const core::Json& notice, const NotifySettings& settings, const Desk& desk,
                                     const Secrets* secrets);

}  // namespace ballast::host
