// Symbols in one spelling: `BTC_USDT` for a pair, `SPY` for a ticker that has no quote currency.
// A canonical symbol is safe as a file name and as a JSON member: it holds A-Z, 0-9, '.' and one '_' at most.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::market {

inline constexpr std::size_t kMaxSymbolLength = 32;

/// The quote currencies known when nobody configured others.
const std::vector<std::string>& default_quote_currencies();

/// Reads `BTC_USDT`, `BTC/USDT`, `BTC-USDT`, `BTCUSDT` in any case as `BTC_USDT` where the quote currency is among
/// `quotes` (the longest that fits wins, so BTCUSDT is never BTCUSD with a T); any other plain word is a ticker.
/// With an explicit separator the quote currency need not be known, for a separator can mean nothing else.
/// Throws: Error{argument} for empty or over-long text, characters other than letters, digits and . _ / -, and
///         more than one separator.
std::string canonical_symbol(std::string_view text, std::span<const std::string> quotes = default_quote_currencies());

/// Returns the pair a plain word such as "btcusdt" spells, or nothing when it ends in no known quote currency.
std::optional<std::string> symbol_from_word(std::string_view word,
                                            std::span<const std::string> quotes = default_quote_currencies());

}  // namespace ballast::market
