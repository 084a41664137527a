#include "host/lua_tests.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/desk_services.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"

namespace ballast::host {
namespace {

/// Tests may also require what they test: "policies.portfolio_governor", "tests.vectors.rules".
class TestSource final : public ScriptSource {
 public:
  explicit TestSource(FolderSource folders) : folders_(std::move(folders)) {}
  Script library(const std::string& name) override {
    for (const char* folder : {"policies.", "tests.", "runbooks."}) {
      if (!name.starts_with(folder)) continue;
      std::string relative = name;
      std::replace(relative.begin(), relative.end(), '.', '/');
      relative += ".lua";
      if (const auto file = folders_.find(relative)) return make_script(name, relative, core::read_file(*file));
    }
    return folders_.library(name);
  }
  Script policy(const std::string& name) override { return folders_.policy(name); }

 private:
  FolderSource folders_;
};

std::string shown_failure(const core::Error& error) {
  std::string text = explain(error);
  return text.starts_with("error: ") ? text.substr(7) : text;
}

CaseResult run_case(State& state, const std::string& name) {
  // The case's function is on top of the stack.
  try {
    state.call(0, 0);
    return {name, CaseStatus::passed, {}};
  } catch (const ScriptError& e) {
    if (e.code_text() == "testing.skipped") return {name, CaseStatus::skipped, e.message()};
    return {name, CaseStatus::failed, shown_failure(e)};
  } catch (const core::Error& e) {
    return {name, CaseStatus::failed, shown_failure(e)};
  }
}

std::string raw_string(lua_State* L, const char* key) {
  lua_pushstring(L, key);
  lua_rawget(L, -2);
  std::string out = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  lua_pop(L, 1);
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

}  // namespace

std::size_t SuiteResult::count(CaseStatus status) const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [&](const CaseResult& each) { return each.status == status; }));
}

std::vector<std::filesystem::path> find_test_files(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> out;
  for (const std::string& path : paths) {
    std::error_code problem;
    if (std::filesystem::is_regular_file(path, problem)) {
      out.emplace_back(path);
    } else if (std::filesystem::is_directory(path, problem)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path, problem)) {
        if (entry.path().filename().string().ends_with("_test.lua")) out.push_back(entry.path());
      }
    } else {
      throw core::Error(core::Code::not_found, "no such file or folder", path);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

SuiteResult run_test_file(const Desk& desk, const Configuration& configuration, const std::filesystem::path& file,
                          const std::function<bool(const std::string&)>& wanted) {
  SuiteResult out{desk.place_of(file), {}, {}};
  try {
    TestSource source(desk.source());
    const core::SystemClock clock;
    DeskServices services(desk, configuration, clock);
    services.permit_everything();
    services.print_to_standard_error();
    services.limit_output(static_cast<std::size_t>(configuration.settings.limits.test.output_kib) << 10);
    State state(services, runbook_profile(), source, configuration.settings.limits.test);
    lua_State* L = state.get();
    state.load(make_script(out.file, out.file, core::read_file(file)));
    state.call(0, 1);
    if (lua_type(L, -1) != LUA_TTABLE) {
      throw core::Error(core::Code::argument,
                        "the file must return testing.suite(...), so that a script that stops early cannot pass",
                        out.file);
    }
    out.name = raw_string(L, "name");
    lua_pushliteral(L, "cases");
    lua_rawget(L, -2);
    if (lua_type(L, -1) != LUA_TTABLE || lua_rawlen(L, -1) == 0)
      throw core::Error(core::Code::argument, "a suite without cases proves nothing", out.file);
    const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
    for (lua_Integer k = 1; k <= count; ++k) {
      lua_rawgeti(L, -1, k);
      const std::string name = raw_string(L, "name");
      if (wanted(name)) {
        lua_pushliteral(L, "run");
        lua_rawget(L, -2);
        out.cases.push_back(run_case(state, name));
      }
      lua_pop(L, 1);
      if (services.stop.requested()) {
        out.cases.push_back({"the remaining cases", CaseStatus::failed, "not run: a case was stopped by a limit"});
        break;
      }
    }
  } catch (const core::Error& e) {
    out.cases.push_back({"the file can be loaded", CaseStatus::failed, shown_failure(e)});
  }
  return out;
}

std::string junit_document(const std::vector<SuiteResult>& suites) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const SuiteResult& suite : suites) {
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n", escaped(suite.file),
                       suite.cases.size(), suite.count(CaseStatus::failed), suite.count(CaseStatus::skipped));
    for (const CaseResult& each : suite.cases) {
      out += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escaped(suite.file), escaped(each.name));
      if (each.status == CaseStatus::passed) {
        out += "/>\n";
      } else {
        const char* tag = each.status == CaseStatus::failed ? "failure" : "skipped";
        out += fmt::format("><{} message=\"{}\"/></testcase>\n", tag, escaped(each.text));
      }
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace ballast::host
