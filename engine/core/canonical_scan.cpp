#include "core/canonical_scan.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/json.hpp"

namespace ballast::core {
namespace {

constexpr int kDeepest = 256;

constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < 256; ++c) out[c] = c != '"' && c != '\\';
  return out;
}
constexpr std::array<bool, 256> kPlain = make_plain();

bool has_high_byte(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080ULL) != 0) return true;
  }
  for (; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) return true;
  }
  return false;
}

// Whether key `a` may stand before key `b`. Raw bytes decide unless a key holds escapes or characters whose
// UTF-16 order differs from their UTF-8 order; then the canonical writer is asked.
bool sorted_before(std::string_view a, std::string_view b) {
  const auto special = [](std::string_view key) {
    for (const char c : key) {
      if (c == '\\' || static_cast<unsigned char>(c) >= 0xEE) return true;
    }
    return false;
  };
  if (!special(a) && !special(b)) return a < b;
  if (a == b) return false;
  const std::string both = fmt::format("{{\"{}\":0,\"{}\":0}}", a, b);
  return canonical_json(Json::parse(both)) == both;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<ScanProblem> object(std::vector<ScannedMember>& members) {
    members.clear();
    if (utf8() && members_of(&members, 1)) at_end();
    return problem_;
  }

  std::optional<ScanProblem> array(std::vector<std::string_view>& items) {
    items.clear();
    if (utf8() && items_of(&items, 1)) at_end();
    return problem_;
  }

 private:
  bool utf8() {
    if (has_high_byte(text_) && !is_utf8(text_)) return refuse("not valid UTF-8");
    return true;
  }

  bool refuse(std::string_view reason) { return refuse_at(at_, reason); }
  bool refuse_at(std::size_t offset, std::string_view reason) {
    if (!problem_) problem_ = ScanProblem{offset, reason};
    return false;
  }

  bool at_end() { return at_ == text_.size() || refuse("text after the end of the document"); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c, std::string_view reason) {
    if (peek() != c || at_ >= text_.size()) return refuse(reason);
    ++at_;
    return true;
  }

  bool members_of(std::vector<ScannedMember>* members, int depth) {
    if (depth > kDeepest) return refuse("nesting deeper than 256");
    if (!take('{', "expected '{'")) return false;
    if (peek() == '}') {
      ++at_;
      return true;
    }
    std::string_view last;
    bool first = true;
    for (;;) {
      const std::size_t begin = at_;
      if (!string()) return false;
      const std::string_view key = text_.substr(begin + 1, at_ - begin - 2);
      if (!first && !sorted_before(last, key)) return refuse_at(begin, "members are not sorted or one appears twice");
      first = false;
      last = key;
      if (!take(':', "expected ':' after a member's name")) return false;
      const std::size_t from = at_;
      if (!value(depth)) return false;
      if (members != nullptr) members->push_back({key, text_.substr(from, at_ - from), begin, at_});
      if (peek() == ',') {
        ++at_;
        continue;
      }
      return take('}', "expected ',' or '}'");
    }
  }

  bool items_of(std::vector<std::string_view>* items, int depth) {
    if (depth > kDeepest) return refuse("nesting deeper than 256");
    if (!take('[', "expected '['")) return false;
    if (peek() == ']') {
      ++at_;
      return true;
    }
    for (;;) {
      const std::size_t from = at_;
      if (!value(depth)) return false;
      if (items != nullptr) items->push_back(text_.substr(from, at_ - from));
      if (peek() == ',') {
        ++at_;
        continue;
      }
      return take(']', "expected ',' or ']'");
    }
  }

  bool value(int depth) {
    switch (peek()) {
      case '{': return members_of(nullptr, depth + 1);
      case '[': return items_of(nullptr, depth + 1);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool word(std::string_view literal) {
    if (text_.substr(at_, literal.size()) != literal) return refuse("expected a value");
    at_ += literal.size();
    return true;
  }

  bool string() {
    if (!take('"', "expected a string")) return false;
    for (;;) {
      while (at_ < text_.size() && kPlain[static_cast<unsigned char>(text_[at_])]) ++at_;
      if (at_ >= text_.size()) return refuse("a string has no end");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c != '\\') return refuse("a control character inside a string");
      if (at_ + 1 >= text_.size()) return refuse("a string has no end");
      const char kind = text_[at_ + 1];
      if (kind == '"' || kind == '\\' || kind == 'b' || kind == 't' || kind == 'n' || kind == 'f' || kind == 'r') {
        at_ += 2;
        continue;
      }
      // The only other escapes of the canonical form are the controls that have no letter, in lower-case digits.
      const std::string_view escape = text_.substr(at_, 6);
      const auto digit = [](char d) { return (d >= '0' && d <= '9') || (d >= 'a' && d <= 'f'); };
      if (escape.size() == 6 && escape.substr(0, 4) == "\\u00" && (escape[4] == '0' || escape[4] == '1') &&
          digit(escape[5]) && !(escape[4] == '0' && std::strchr("89acd", escape[5]) != nullptr)) {
        at_ += 6;
        continue;
      }
      return refuse("an escape that is not canonical");
    }
  }

  bool number() {
    const std::size_t from = at_;
    if (peek() == '-') ++at_;
    const std::size_t whole = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    const std::size_t whole_digits = at_ - whole;
    if (whole_digits == 0) return refuse_at(from, "expected a value");
    if (text_[whole] == '0' && whole_digits > 1) return refuse_at(from, "a number begins with a superfluous zero");
    std::size_t fraction = 0;
    bool exponent = false;
    if (peek() == '.') {
      const std::size_t point = at_++;
      while (peek() >= '0' && peek() <= '9') ++at_;
      fraction = at_ - point - 1;
      if (fraction == 0) return refuse_at(from, "a number ends with its point");
    }
    if (peek() == 'e') {
      exponent = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      const std::size_t digits = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      if (digits == at_) return refuse_at(from, "a number has an exponent without digits");
    }
    const std::string_view text = text_.substr(from, at_ - from);
    if (fraction == 0 && !exponent) return integer(text, from);
    // At most 15 significant digits without an exponent name a double uniquely, so the text is already the shortest.
    if (!exponent && whole_digits + fraction <= 15 && text.back() != '0' &&
        !(text_[whole] == '0' && text_.substr(whole, 8) == "0.000000")) {
      return true;
    }
    double parsed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc{} || end != text.data() + text.size()) return refuse_at(from, "a number is out of range");
    if (format_number(parsed) != text) return refuse_at(from, "a number is not in its shortest form");
    return true;
  }

  bool integer(std::string_view text, std::size_t from) {
    if (text == "-0") return refuse_at(from, "a number is not in its shortest form");
    std::int64_t parsed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc{} || parsed > kMaxJsonInteger || parsed < -kMaxJsonInteger) {
      return refuse_at(from, "an integer is past 2^53");
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<ScanProblem> problem_;
};

}  // namespace

std::optional<ScanProblem> scan_canonical_object(std::string_view text, std::vector<ScannedMember>& members) {
  return Scanner(text).object(members);
}

std::optional<ScanProblem> scan_canonical_array(std::string_view text, std::vector<std::string_view>& items) {
  return Scanner(text).array(items);
}

const ScannedMember* find_member(const std::vector<ScannedMember>& members, std::string_view key) noexcept {
  for (const ScannedMember& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

std::optional<std::string_view> plain_string(std::string_view value) noexcept {
  if (value.size() < 2 || value.front() != '"' || value.find('\\') != std::string_view::npos) return std::nullopt;
  return value.substr(1, value.size() - 2);
}

std::optional<std::uint64_t> plain_integer(std::string_view value) noexcept {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return out;
}

std::optional<Cut> cut_member(std::string_view text, const std::vector<ScannedMember>& members, std::string_view key) {
  const ScannedMember* member = find_member(members, key);
  if (member == nullptr) return std::nullopt;
  std::size_t begin = member->begin, end = member->end;
  if (text[begin - 1] == ',') {
    --begin;
  } else if (text[end] == ',') {
    ++end;
  }
  return Cut{text.substr(0, begin), text.substr(end), member->value};
}

std::string insert_member(std::string_view text, std::string_view key, std::string_view value) {
  std::vector<ScannedMember> members;
  if (const auto problem = scan_canonical_object(text, members)) {
    throw Error(Code::argument, fmt::format("not canonical JSON at byte {}: {}", problem->offset, problem->reason));
  }
  if (find_member(members, key) != nullptr) {
    throw Error(Code::argument, fmt::format("the document already has a member '{}'", key));
  }
  std::size_t at = 1;  // after the brace, or after the last member whose name sorts before
  for (const ScannedMember& member : members) {
    if (sorted_before(member.key, key)) at = member.end;
  }
  std::string out(text.substr(0, at));
  if (at != 1) out += ',';
  out += fmt::format("\"{}\":", key);
  out += value;
  if (at == 1 && !members.empty()) out += ',';
  out += text.substr(at);
  return out;
}

}  // namespace ballast::core
