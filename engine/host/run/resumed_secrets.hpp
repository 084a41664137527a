// Secrets of a run that is gone on with: no record holds them, so each is read or asked for again.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/run/parameters.hpp"
#include "host/run/secrets.hpp"

namespace ballast::host {

/// `started` is the run's first record, `given` are references as "name=env:NAME" or "name=file:PATH", which stand for
/// what was recorded or typed. What was typed and is not given is asked for, where `may_ask` and somebody is there.
/// Throws: Error{argument} for a secret that cannot be asked for, and for `given` that name no secret of the run;
///         otherwise as read_secret.
Secrets secrets_again(const core::Json& started, const std::vector<Parameter>& declared,
                      const std::vector<std::string>& given, bool may_ask);

}  // namespace ballast::host
