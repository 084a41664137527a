// Errors and the nearest right name: the words every message is made of.
#include "core/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "core/nearest.hpp"
#include "core/signer.hpp"
#include "support/error_text.hpp"

using namespace ballast;
using core::Code;
using core::Error;
using test::error_text;

TEST_SUITE_BEGIN("core");

TEST_CASE("an error says where and what, and keeps both apart") {
  const Error placed(Code::domain, "no price", "BTC_USDT");
  CHECK(std::string(placed.what()) == "BTC_USDT: no price");
  CHECK(placed.message() == "no price");
  CHECK(placed.where() == "BTC_USDT");
  CHECK(std::string(placed.origin().file).ends_with("error_test.cpp"));
  const Error bare(Code::io, "full");
  CHECK(std::string(bare.what()) == "full");
  const Error moved = bare.at("var/log");
  CHECK(std::string(moved.what()) == "var/log: full");
  CHECK(moved.code() == Code::io);
  CHECK(moved.origin().line == bare.origin().line);
}

TEST_CASE("every code has its own name") {
  std::set<std::string_view> names;
  for (const Code code : {Code::argument, Code::domain, Code::state, Code::not_found, Code::io, Code::crypto,
                          Code::budget, Code::memory, Code::internal}) {
    names.insert(core::code_name(code));
  }
  CHECK(names == std::set<std::string_view>{"argument", "budget", "crypto", "domain", "internal", "io", "memory",
                                            "not_found", "state"});
}

TEST_CASE("throw_errno names the attempt, the path and the reason") {
  CHECK(error_text([] { return core::throw_errno("open", "a/b", ENOENT), 0; }) ==
        "not_found | a/b: cannot open: No such file or directory");
  CHECK(error_text([] { return core::throw_errno("sync", "a/b", EIO), 0; }) ==
        "io | a/b: cannot sync: Input/output error");
}

TEST_CASE("edit_distance counts insertions, deletions, replacements and swaps of neighbours") {
  CHECK(core::edit_distance("", "") == 0);
  CHECK(core::edit_distance("", "abc") == 3);
  CHECK(core::edit_distance("abc", "") == 3);
  CHECK(core::edit_distance("kitten", "sitting") == 3);
  CHECK(core::edit_distance("weihgt", "weight") == 1);
  CHECK(core::edit_distance("ca", "abc") == 3);  // optimal string alignment: a swapped pair is not edited again
}

TEST_CASE("a misspelt name gets the nearest known one, a strange one the list") {
  const std::array<std::string_view, 3> known{"max_weight", "min_weight", "symbol"};
  CHECK(core::suggestion("max_wieght", known) == " (did you mean 'max_weight'?)");
  CHECK(core::suggestion("symbl", known) == " (did you mean 'symbol'?)");
  CHECK(core::suggestion("leverage", known) == "; accepted: max_weight, min_weight, symbol");
  CHECK(core::suggestion("x", {}) == "");
  const std::array<std::string_view, 2> letters{"b", "to"};
  CHECK(core::suggestion("a", letters) == "; accepted: b, to");
  CHECK(core::suggestion("t", letters) == " (did you mean 'to'?)");
  const std::array<std::string_view, 13> many{"aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg",
                                              "hhhh", "iiii", "jjjj", "kkkk", "llll", "mmmm"};
  CHECK(core::suggestion("zzzz", many) ==
        "; accepted: aaaa, bbbb, cccc, dddd, eeee, ffff, gggg, hhhh, iiii, jjjj, kkkk, llll, ...");
}

TEST_CASE("every purpose and every signature status has words of its own") {
  using core::Purpose;
  using core::SignatureStatus;
  std::set<std::string_view> purposes, statuses;
  for (const Purpose p : {Purpose::log_entry, Purpose::log_head, Purpose::log_segment, Purpose::artefact,
                          Purpose::approval, Purpose::run_journal}) {
    purposes.insert(core::purpose_name(p));
  }
  for (const SignatureStatus s :
       {SignatureStatus::valid, SignatureStatus::wrong, SignatureStatus::unknown_key, SignatureStatus::wrong_purpose,
        SignatureStatus::outside_validity, SignatureStatus::revoked, SignatureStatus::unknown_algorithm}) {
    statuses.insert(core::signature_status_text(s));
  }
  CHECK(purposes ==
        std::set<std::string_view>{"approval", "artefact", "log_entry", "log_head", "log_segment", "run_journal"});
  CHECK(statuses.size() == 7);
  CHECK(statuses.count("unknown") == 0);
}

TEST_SUITE_END();
