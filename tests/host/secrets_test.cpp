// Secrets: given by reference, seen by no script, message or file that ballast writes.
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "host/run/parameter_sources.hpp"
#include "support/command.hpp"
#include "support/error_text.hpp"

using namespace ballast;
using ballast::test::error_text;
using test::Ran;
using test::TestDesk;

namespace {

constexpr const char* kSecret = "hunter2-and-more";

constexpr const char* kRunbook =
    "local runbook = require 'runbook'\n"
    "return runbook.define { name = 'send', version = 1, summary = 'Sends.',\n"
    "  params = { token = { type = 'secret', required = true, text = 'Token.' } },\n"
    "  main = function(run)\n"
    "    print('token is ' .. run.params.token)\n"
    "    run:artefact('sent.json', ballast.json.pretty(run.information))\n"
    "    return { status = 'finished' }\n"
    "  end }\n";

std::vector<host::Parameter> declared(const core::Json& more = core::Json::object()) {
  core::Json token{{"type", "secret"}, {"text", "Token."}};
  token.update(more);
  return host::read_parameters({{"token", token}}, "runbook 'send'");
}

host::ParameterValues gathered(const std::string& token) {
  host::ParameterInput input;
  input.set = {"token=" + token};
  return host::gather_parameters(declared(), input);
}

std::string refusal(const std::string& token) {
  return error_text([&] { return gathered(token).values; });
}

void spill_private(const std::filesystem::path& file, std::string_view text, mode_t mode = 0600) {
  test::spill(file, text);
  ::chmod(file.c_str(), mode);
}

}  // namespace

TEST_SUITE("secrets") {
  TEST_CASE("a script gets the placeholder; value and reference stand apart") {
    ::setenv("BALLAST_TEST_TOKEN", kSecret, 1);
    const auto given = gathered("env:BALLAST_TEST_TOKEN");
    CHECK(given.values == core::Json{{"token", "secret:token"}});
    CHECK(given.origins == core::Json{{"token", "set"}});
    CHECK(given.secret_references == std::map<std::string, std::string>{{"secret:token", "env:BALLAST_TEST_TOKEN"}});
    CHECK(given.secrets.value("secret:token") == kSecret);
    CHECK(given.secrets.placeholders() == std::vector<std::string>{"secret:token"});
    CHECK(error_text([&] { return given.secrets.value("secret:other").size(); }) ==
          "not_found | secret:other: this run has no such secret");
    CHECK(host::read_secrets(given.secret_references).value("secret:token") == kSecret);
    ::unsetenv("BALLAST_TEST_TOKEN");
    CHECK(refusal("env:BALLAST_TEST_TOKEN") ==
          "not_found | secret:token: the environment has no variable 'BALLAST_TEST_TOKEN'");
  }

  TEST_CASE("a file is read without its last line break, and again from another folder") {
    TestDesk desk;
    const auto file = desk.desk() / "token";
    const std::pair<const char*, const char*> known[] = {
        {"abc", "abc"}, {"abc\n", "abc"}, {"abc\r\n", "abc"}, {"a b\nc\n\n", "a b\nc\n"}, {" a ", " a "}};
    for (const auto& each : known) {
      spill_private(file, each.first);
      CHECK(gathered("file:" + file.string()).secrets.value("secret:token") == each.second);
    }
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(desk.desk());
    const auto given = gathered("file:./token");
    std::filesystem::current_path(before);
    CHECK(given.secret_references.at("secret:token") ==
          "file:" + (std::filesystem::canonical(desk.desk()) / "token").string());
    CHECK(host::read_secrets(given.secret_references).has("secret:token"));
  }

  TEST_CASE("what others may read, is empty or is no text is refused") {
    TestDesk desk;
    const auto file = desk.desk() / "token";
    const std::string reference = "file:" + file.string();
    spill_private(file, kSecret, 0640);
    CHECK(refusal(reference) ==
          "crypto | secret:token: " + file.string() +
              ": a file with a secret that others may read is refused: its mode is 0640, accepted: 0600 (chmod 600)");
    spill_private(file, "\n");
    CHECK(refusal(reference) == "argument | secret:token: the secret in " + reference + " is empty");
    spill_private(file, std::string_view("a\0b", 3));
    CHECK(refusal(reference) ==
          "argument | secret:token: the secret in " + reference + " holds a zero byte; secrets are text");
    CHECK(refusal(reference + "x").starts_with("not_found | "));
  }

  TEST_CASE("a secret itself is taken from no source, and no refusal shows it") {
    TestDesk desk;
    desk.spill("p.yaml", std::string("token: ") + kSecret + "\n");
    const std::string advice =
        "parameter token: expected where the secret is, env:NAME or file:PATH, found something else, which is not "
        "shown; a secret itself is not given here, because shells and files keep it";
    CHECK(refusal(kSecret) == "argument | " + advice);
    for (const char* each : {"", "env:", "env:A-B", "env:1", "file:", "ENV:HOME"})
      CHECK(refusal(each) == "argument | " + advice);
    host::ParameterInput input;
    input.file = (desk.desk() / "p.yaml").string();
    CHECK(error_text([&] { return host::gather_parameters(declared(), input).values; }) ==
          "argument | " + *input.file + ":1:1: " + advice);
    ::setenv("BALLAST_PARAM_TOKEN", kSecret, 1);
    input = {};
    input.use_environment = true;
    CHECK(error_text([&] { return host::gather_parameters(declared(), input).values; }) ==
          "argument | BALLAST_PARAM_TOKEN: " + advice);
    ::unsetenv("BALLAST_PARAM_TOKEN");
  }

  TEST_CASE("a default is a reference") {
    ::setenv("BALLAST_TEST_TOKEN", kSecret, 1);
    const auto given = host::gather_parameters(declared({{"default", "env:BALLAST_TEST_TOKEN"}}), {});
    CHECK(given.origins["token"] == "default");
    CHECK(given.secrets.value("secret:token") == kSecret);
    ::unsetenv("BALLAST_TEST_TOKEN");
  }

  TEST_CASE("a run leaves the secret in none of its files and prints it nowhere") {
    TestDesk desk;
    desk.spill("runbooks/send.lua", kRunbook);
    auto command = desk.command({"run", "send", "--set", "token=env:DESK_TOKEN"});
    command.environment["DESK_TOKEN"] = kSecret;
    const Ran ran = test::run_command(command);
    CAPTURE(ran.error);
    REQUIRE(ran.status == 0);
    CHECK(ran.mentions("token is secret:token"));
    CHECK(!ran.mentions(kSecret));
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(desk.desk())) {
      if (!entry.is_regular_file()) continue;
      ++files;
      CAPTURE(entry.path().string());
      CHECK(test::slurp(entry.path()).find(kSecret) == std::string::npos);
    }
    CHECK(files > 5);
    CHECK(desk.run({"verify", "var"}).status == 0);
    const Ran clear = desk.run({"run", "send", "--set", std::string("token=") + kSecret});
    CHECK(clear.status == 2);
    CHECK(!clear.mentions(kSecret));
    CHECK(desk.run({"run", "send", "--json"}).json()["error"]["message"].get<std::string>().find("token=env:NAME") !=
          std::string::npos);
  }
}
