// Declares the test module and checks what its rows say.
#include "binding/test_module.hpp"

#include <new>
#include <stdexcept>

#include <doctest/doctest.h>

#include "core/error.hpp"

namespace ballast::test {
namespace {

double half(double x) { return x / 2; }
std::int64_t whole(std::int64_t n) { return n; }
std::int64_t narrow(std::int8_t n) { return n; }
bool negate(bool b) { return !b; }
std::string twice(const std::string& s) { return s + s; }
std::optional<double> maybe(const std::optional<double>& x) { return x; }
std::int64_t fields(const Options& options) { return static_cast<std::int64_t>(options.items.size()) + options.count; }
std::string optional_record(const std::optional<Options>& options) { return options ? options->name : "left out"; }
Options record_back(const Options& options) { return options; }
double sum(const core::VectorHandle& v) {
  double out = 0;
  for (const double x : v->values) out += x;
  return out;
}
core::VectorHandle zeros(std::int64_t n) {
  return std::make_shared<const core::Vector>(core::Vector{std::vector<double>(static_cast<std::size_t>(n))});
}
core::SeriesHandle series() { return std::make_shared<const core::Series>(core::Series{{1000, 2000}, {1.5, 2.5}}); }
std::string shape(const core::MatrixHandle& m) { return fmt::format("{}x{}", m->rows, m->columns); }
core::MatrixHandle matrix(const core::MatrixHandle& m) { return m; }
double last(const core::SeriesHandle& s) { return s->values.back(); }
core::Json same(const core::Json& value) { return value; }
std::string as_text(const core::Json& value) { return core::canonical_json(value); }
core::Json parsed(const std::string& text) { return core::parse_json(text, "text"); }
std::vector<std::string> names(const std::vector<std::string>& list) { return list; }
double fail(const std::string& how) {
  if (how == "error") throw core::Error(core::Code::domain, "no answer exists", "input.x");
  if (how == "memory") throw std::bad_alloc();
  if (how == "standard") throw std::runtime_error("something else");
  if (how == "unknown") throw 7;
  return 0;
}
double context_limit(bind::Context& context, double factor) {
  return factor * static_cast<double>(context.memory.limit);
}
std::string clock(bind::Context&) { return "noon"; }
core::VectorHandle prices(bind::Context&, std::int64_t n) { return zeros(n); }

using bind::Words;

constexpr Words kX{.name = "x", .doc = "A length.", .unit = "m", .low = 0, .high = 10};
constexpr Words kValue{.name = "value", .doc = "Anything."};
constexpr Words kResult{.name = "result", .doc = "The result."};

constexpr auto kModule = bind::module_of(
    "test", "Primitives of the binding tests.", bind::fn<&half>("half", "Halves.", {{kX}}, kResult),
    bind::fn<&whole>("whole", "Returns an integer.", {{{.name = "n", .doc = "Integer.", .low = 1, .high = 5}}},
                     kResult),
    bind::fn<&narrow>("narrow", "Takes a byte.", {{{.name = "n", .doc = "Integer."}}}, kResult),
    bind::fn<&negate>("negate", "Negates.", {{{.name = "b", .doc = "Truth."}}}, kResult),
    bind::fn<&twice>("twice", "Doubles text.", {{{.name = "s", .doc = "Text."}}}, kResult),
    bind::fn<&maybe>("maybe", "Returns what it gets.", {{kX}}, kResult),
    bind::fn<&fields>("fields", "Counts.", {{{.name = "options", .doc = "Options."}}}, kResult),
    bind::fn<&optional_record>("optional_record", "Names.", {{{.name = "options", .doc = "Options."}}}, kResult),
    bind::fn<&record_back>("record_back", "Returns the record.", {{{.name = "options", .doc = "Options."}}}, kResult),
    bind::fn<&sum>("sum", "Adds.", {{{.name = "values", .doc = "Numbers.", .unit = "fraction", .low = -1, .high = 10}}},
                   kResult),
    bind::fn<&zeros>("zeros", "Makes a vector.", {{{.name = "n", .doc = "Length.", .low = 0, .high = 1e9}}}, kResult),
    bind::fn<&series>("series", "Makes a series.", {}, kResult),
    bind::fn<&shape>("shape", "Tells the shape.", {{{.name = "rows", .doc = "Matrix."}}}, kResult),
    bind::fn<&matrix>("matrix", "Makes a matrix.", {{{.name = "rows", .doc = "Matrix."}}}, kResult),
    bind::fn<&last>("last", "Returns the last.", {{{.name = "series", .doc = "Series."}}}, kResult),
    bind::fn<&same>("same", "Returns what it gets.", {{kValue}}, kResult),
    bind::fn<&as_text>("as_text", "Writes.", {{kValue}}, kResult),
    bind::fn<&parsed>("parsed", "Reads.", {{{.name = "text", .doc = "JSON."}}}, kResult),
    bind::fn<&names>("names", "Returns a list.", {{{.name = "list", .doc = "Names."}}}, kResult),
    bind::fn<&fail>("fail", "Fails.", {{{.name = "how", .doc = "How."}}}, kResult),
    bind::fn<&context_limit>("context_limit", "Reads the context.", {{{.name = "factor", .doc = "Factor."}}}, kResult),
    bind::fn<&clock>("clock", "Reads a clock.", {}, kResult, bind::Effect::reads_clock),
    bind::fn<&prices>("prices", "Reads prices.", {{{.name = "n", .doc = "Length.", .low = 0, .high = 100}}}, kResult,
                      bind::Effect::reads_market));

}  // namespace

const bind::ModuleRows& test_rows() {
  static const bind::ModuleRows rows = bind::rows_of<kModule>();
  return rows;
}

}  // namespace ballast::test

TEST_SUITE("binding") {
  TEST_CASE("a row tells the signature, the types and the effect of its declaration") {
    const auto row = [](std::string_view name) {
      for (const auto& each : ballast::test::test_rows().rows) {
        if (each.name == name) return each;
      }
      FAIL("no row " << std::string(name));
      return ballast::test::test_rows().rows.front();
    };
    CHECK(row("half").signature() == "test.half(x) -> number");
    CHECK(row("optional_record").signature() == "test.optional_record(options?) -> string");
    CHECK(row("maybe").signature() == "test.maybe(x?) -> number?");
    CHECK(row("zeros").signature() == "test.zeros(n) -> Vector");
    CHECK(row("names").result.type == "string[]");
    CHECK(row("record_back").result.type == "Options");
    CHECK(row("clock").effect == ballast::bind::Effect::reads_clock);
    CHECK(row("context_limit").parameters.size() == 1);
  }

  TEST_CASE("a record row lists its fields in the order of their declaration") {
    const auto row = ballast::bind::record_row<ballast::test::Options>();
    REQUIRE(row.fields.size() == 6);
    CHECK(row.fields[1].words.name == "count");
    CHECK(row.fields[5].type == "\"red\"|\"green\"");
  }
}
