#include "host/run/runbook.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/desk_services.hpp"
#include "host/state.hpp"

namespace ballast::host {
namespace {

using core::Json;

/// The readers of lists and tables of text below read what lua/runbook_definition.lua has checked. A table that
/// something else made may hold anything: Error{argument}.
[[noreturn]] void refuse_text(const Json& found) {
  throw core::Error(core::Code::argument, fmt::format("expected text, found {}", found.type_name()));
}

std::string text_of(const Json& value) {
  if (!value.is_string()) refuse_text(value);
  return value.get<std::string>();
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> out;
  for (const Json& each : list) out.push_back(text_of(each));
  return out;
}

std::map<std::string, std::string> named_texts_of(const Json& table) {
  std::map<std::string, std::string> out;
  for (const auto& [name, each] : table.items()) out.emplace(name, text_of(each));
  return out;
}

std::vector<RunbookStep> steps_of(const Json& list) {
  std::vector<RunbookStep> out;
  for (const Json& each : list) {
    if (each.is_object()) {
      out.push_back({text_of(each.value("name", Json())), text_of(each.value("text", Json("")))});
    } else {
      out.push_back({"", text_of(each)});
    }
  }
  return out;
}

/// Reads the definition on top of the stack and checks its shape.
RunbookInfo read_definition(State& state, const std::string& place) {
  lua_State* L = state.get();
  const auto refuse = [&](std::string_view found) {
    return core::Error(
        core::Code::argument,
        fmt::format("not a runbook: expected the script to return runbook.define{{...}}, found {}", found), place);
  };
  if (lua_type(L, -1) != LUA_TTABLE) throw refuse(lua_typename(L, lua_type(L, -1)));
  const auto field = [&](const char* key) {
    lua_pushstring(L, key);
    lua_rawget(L, -2);
    const int type = lua_type(L, -1);
    if (type == LUA_TNIL || type == LUA_TFUNCTION) {
      lua_pop(L, 1);
      return core::Json();
    }
    return state.take_json(fmt::format("{}: {}", place, key));
  };
  RunbookInfo out;
  out.file = place;
  const core::Json name = field("name"), summary = field("summary");
  if (!name.is_string()) throw refuse("a table without a name");
  out.name = name.get<std::string>();
  if (summary.is_string()) out.summary = summary.get<std::string>();
  out.version = field("version");
  out.parameters = read_parameters(field("params"), fmt::format("{}: runbook '{}'", place, out.name));
  const auto read = [&](const char* key, auto reader) {
    try {
      return reader(field(key));
    } catch (const core::Error& e) {
      throw e.at(fmt::format("{}: runbook '{}': '{}'", place, out.name, key));
    }
  };
  out.steps = read("steps", steps_of);
  out.effects = read("effects", named_texts_of);
  out.roots = read("roots", named_texts_of);
  out.artefacts = read("artefacts", named_texts_of);
  out.target = read("target", texts_of);
  out.acceptance = read("acceptance", texts_of);
  lua_pushliteral(L, "start");
  lua_rawget(L, -2);
  if (lua_type(L, -1) != LUA_TFUNCTION) throw refuse("a table that runbook.define did not make");
  lua_pop(L, 1);
  return out;
}

}  // namespace

Script find_runbook(const Desk& desk, const std::string& name) {
  const FolderSource source = desk.source();
  std::optional<std::filesystem::path> file = source.find(name);
  if (!file && name.find('/') == std::string::npos)
    file = source.find("runbooks/" + name + (name.ends_with(".lua") ? "" : ".lua"));
  if (!file)
    throw core::Error(core::Code::not_found,
                      "no such runbook in the desk or the installation" + source.did_you_mean("runbooks", name), name);
  Script script = make_script(file->stem().string(), desk.place_of(*file), core::read_file(*file));
  script.file = *file;
  return script;
}

RunbookInfo load_runbook(State& state, const Script& script) {
  state.load(script);
  state.call(0, 1);
  return read_definition(state, script.place);
}

void check_parameters(State& state, const RunbookInfo& info, const ParameterValues& given) {
  lua_pushliteral(state.get(), "check");
  lua_rawget(state.get(), -2);
  if (lua_isnil(state.get(), -1)) return lua_pop(state.get(), 1);
  state.push_json(given.values);
  state.call(1, 1);
  const core::Json problems = state.take_json(fmt::format("check of {}", info.name));
  if (problems.empty()) return;
  const auto place = [&](const core::Json& problem) {
    return problem.contains("parameter") ? given.place_of(problem["parameter"].get<std::string>()) : std::string();
  };
  if (problems.size() == 1)
    throw core::Error(core::Code::argument, problems[0]["text"].get<std::string>(), place(problems[0]));
  std::string text = fmt::format("{} faults in the parameters", problems.size());
  for (const core::Json& each : problems) {
    const std::string at = place(each);
    text += fmt::format("\n  {}{}{}", at, at.empty() ? "" : ": ", each["text"].get<std::string>());
  }
  throw core::Error(core::Code::argument, text, info.name);
}

core::Json start_runbook(State& state, const std::string& name, const core::Json& run) {
  lua_pushliteral(state.get(), "start");
  lua_rawget(state.get(), -2);
  state.push_json(run);
  state.call(1, 1);
  return state.take_json(fmt::format("result of {}", name));
}

core::Json undo_runbook(State& state) {
  lua_pushliteral(state.get(), "undo");
  lua_rawget(state.get(), -2);
  state.call(0, 1);
  return state.take_json("result of undoing");
}

RunbookInfo describe_runbook(const Desk& desk, const Configuration& configuration, const std::string& runbook) {
  const Script script = find_runbook(desk, runbook);
  FolderSource source = desk.source();
  const core::SystemClock clock;
  DeskServices services(desk, configuration, clock);
  State state(services, repl_profile(false), source, configuration.settings.limits.runbook);
  return load_runbook(state, script);
}

}  // namespace ballast::host
