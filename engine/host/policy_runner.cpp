#include "host/policy_runner.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/state.hpp"
#include "modules/services.hpp"

namespace ballast::host {
namespace {

/// Loads a policy, reads who it is and leaves its function `decide` on top of the stack.
PolicyOutcome load_policy(State& state, const Script& policy) {
  PolicyOutcome out;
  out.policy = policy;
  lua_State* L = state.get();
  state.load(out.policy);
  state.call(0, 1);
  const auto refuse = [&](std::string_view found) {
    return core::Error(core::Code::argument,
                       fmt::format("not a policy: expected the script to return policy.define{{...}}, found {}", found),
                       out.policy.place);
  };
  if (lua_type(L, -1) != LUA_TTABLE) throw refuse(lua_typename(L, lua_type(L, -1)));
  const auto raw_field = [&](const char* name) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    return lua_type(L, -1);
  };
  if (raw_field("name") != LUA_TSTRING) throw refuse("a table without a name");
  out.name = lua_tostring(L, -1);
  lua_pop(L, 1);
  const int version_type = raw_field("version");
  if (version_type == LUA_TNUMBER && lua_isinteger(L, -1)) {
    out.version = lua_tointeger(L, -1);
  } else if (version_type == LUA_TSTRING) {
    out.version = lua_tostring(L, -1);
  } else {
    throw refuse("a table without a version (an integer or text)");
  }
  lua_pop(L, 1);
  if (raw_field("decide") != LUA_TFUNCTION) throw refuse("a table without a function 'decide'");
  return out;
}

}  // namespace

std::string check_policy(ScriptSource& source, const std::string& policy, const Limits& limits) {
  bind::Context context;
  State state(context, policy_profile(), source, limits);
  return load_policy(state, source.policy(policy)).name;
}

PolicyOutcome run_policy(ScriptSource& source, const std::string& policy, const core::Json& input,
                         const Limits& limits) {
  const Script script = source.policy(policy);
  bind::Context context;
  State state(context, policy_profile(), source, limits);
  PolicyOutcome out = load_policy(state, script);
  out.input_bytes = core::canonical_json(input);
  state.push_json(core::parse_json(out.input_bytes, "input"));
  state.call(1, 1);
  out.decision = state.take_json(fmt::format("decision of {}", out.name));
  out.decision_bytes = core::canonical_json(out.decision);
  out.decision = core::parse_json(out.decision_bytes, "decision");
  out.libraries = state.libraries();
  return out;
}

core::Json library_manifest(const std::vector<Script>& libraries) {
  core::Json out = core::Json::object();
  for (const Script& script : libraries) out[script.name] = script.sha256();
  return out;
}

}  // namespace ballast::host
