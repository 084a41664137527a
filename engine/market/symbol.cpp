#include "market/symbol.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;

constexpr bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return text.size() > 40 ? out + "..." : out;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
}

}  // namespace

const std::vector<std::string>& default_quote_currencies() {
  static const std::vector<std::string> quotes{"USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "GBP", "JPY",
                                               "CHF",  "AUD",  "CAD",   "PLN",  "TRY",  "BRL", "BTC", "ETH", "BNB"};
  return quotes;
}

std::optional<std::string> symbol_from_word(std::string_view word, std::span<const std::string> quotes) {
  const std::string name = upper(word);
  std::string_view best;
  for (const std::string& quote : quotes) {
    if (quote.size() > best.size() && name.size() >= quote.size() + 2 && name.ends_with(quote)) best = quote;
  }
  if (best.empty() || !is_plain(name) || name.size() >= kMaxSymbolLength) return std::nullopt;
  return fmt::format("{}_{}", std::string_view(name).substr(0, name.size() - best.size()), best);
}

std::string canonical_symbol(std::string_view text, std::span<const std::string> quotes) {
  const auto refuse = [&](std::string_view reason) {
    return Error(Code::argument,
                 fmt::format("'{}' is not a symbol: {} (accepted: letters, digits and '.', one of _ / - between "
                             "base and quote currency, at most {} characters, such as BTC_USDT or SPY)",
                             shown(text), reason, kMaxSymbolLength));
  };
  if (text.empty()) throw refuse("it is empty");
  if (text.size() > kMaxSymbolLength) throw refuse(fmt::format("it has {} characters", text.size()));
  std::size_t separator = std::string_view::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c) || is_digit(c) || c == '.') continue;
    if (c != '_' && c != '/' && c != '-') throw refuse(fmt::format("character {} is not accepted", i + 1));
    if (separator != std::string_view::npos) throw refuse("it has more than one separator");
    separator = i;
  }
  if (text.front() == '.' || text.back() == '.') throw refuse("it begins or ends with '.'");
  if (separator == std::string_view::npos) {
    if (auto pair = symbol_from_word(text, quotes)) return *pair;
    return upper(text);
  }
  if (separator == 0 || separator + 1 == text.size()) throw refuse("nothing stands on one side of the separator");
  return upper(text.substr(0, separator)) + "_" + upper(text.substr(separator + 1));
}

}  // namespace ballast::market
