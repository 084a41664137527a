#include "market/symbol.hpp"

#include <doctest/doctest.h>

#include "core/error.hpp"
#include "market/data.hpp"
#include "market/interval.hpp"

using namespace ballast::market;
using ballast::core::Error;

TEST_SUITE("market") {
  TEST_CASE("every spelling of a pair is read as the canonical one") {
    for (const char* text : {"BTC_USDT", "BTCUSDT", "btcusdt", "BTC/USDT", "btc-usdt", "Btc_Usdt"}) {
      CAPTURE(text);
      CHECK(canonical_symbol(text) == "BTC_USDT");
    }
    CHECK(canonical_symbol("ethbtc") == "ETH_BTC");
    CHECK(canonical_symbol("BTCUSD") == "BTC_USD");
    CHECK(canonical_symbol("1INCHUSDT") == "1INCH_USDT");
  }

  TEST_CASE("a word that ends in no configured quote currency is a ticker") {
    CHECK(canonical_symbol("SPY") == "SPY");
    CHECK(canonical_symbol("brk.b") == "BRK.B");
    CHECK(canonical_symbol("BTC") == "BTC");
    CHECK(canonical_symbol("USDT") == "USDT");
    const std::vector<std::string> only_euro{"EUR"};
    CHECK(canonical_symbol("BTCUSDT", only_euro) == "BTCUSDT");
    CHECK(canonical_symbol("BTCEUR", only_euro) == "BTC_EUR");
  }

  TEST_CASE("what could leave a folder or hide in a log is refused by name") {
    for (const char* text : {"", "../BTC", "BTC USDT", "BTC_USDT_X", "_USDT", "BTC/", "BTC\n", "B\xc3\x9f_USDT", ".BTC",
                             "BTC..", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}) {
      CAPTURE(text);
      CHECK_THROWS_AS(canonical_symbol(text), Error);
    }
    try {
      canonical_symbol("BTC\x01USDT");
      FAIL("accepted");
    } catch (const Error& e) {
      CHECK(e.message() ==
            "'BTC\\x01USDT' is not a symbol: character 4 is not accepted (accepted: letters, digits and '.', one of _ "
            "/ - between base and quote currency, at most 32 characters, such as BTC_USDT or SPY)");
    }
  }

  TEST_CASE("canonical symbols are fixed points") {
    for (const char* text : {"BTC_USDT", "SPY", "BRK.B", "ETH_BTC", "FOO_BAR"})
      CHECK(canonical_symbol(canonical_symbol(text)) == text);
  }

  TEST_CASE("intervals have one spelling and a length") {
    CHECK(parse_interval("1h") == 3'600'000);
    CHECK(parse_interval("60m") == 3'600'000);
    CHECK(parse_interval("1min") == 60'000);
    CHECK(parse_interval("1day") == 86'400'000);
    CHECK(format_interval(3'600'000) == "1h");
    CHECK(format_interval(90'000) == "90s");
    CHECK(format_interval(14'400'000) == "4h");
    CHECK(format_interval(604'800'000) == "1w");
    for (const char* text : {"", "h", "0h", "-1h", "1M", "1x", "1.5h", "99999999999999h"}) {
      CAPTURE(text);
      CHECK_THROWS_AS(parse_interval(text), Error);
    }
    CHECK_THROWS_AS(format_interval(1), Error);
  }

  TEST_CASE("kinds are read by name") {
    CHECK(parse_kind("quotes") == Kind::quotes);
    CHECK_THROWS_WITH_AS(parse_kind("quote"), "'quote' is not a kind of market data (did you mean 'quotes'?)", Error);
  }
}
