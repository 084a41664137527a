#include "core/compat_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/json.hpp"

namespace ballast::core::compat {
namespace {

class Reader {
 public:
  Reader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Value document() {
    if (!is_utf8(text_)) fail("not valid UTF-8");
    Value out = value(0);
    space();
    if (at_ != text_.size()) fail("text after the end of the document");
    return out;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw Error(Code::argument, fmt::format("not JSON: {}", why), fmt::format("{}: byte {}", where_, at_ + 1));
  }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(std::string_view literal) {
    if (text_.substr(at_, literal.size()) != literal) return false;
    at_ += literal.size();
    return true;
  }

  Value value(int depth) {
    if (depth > 256) fail("nesting deeper than 256");
    space();
    Value out;
    if (take("null")) return out;
    if (take("true") || take("false")) {
      out.kind = Value::Kind::boolean;
      out.truth = text_[at_ - 2] == 'u';
      return out;
    }
    if (peek() == '"') return make_text(string());
    if (take("[")) {
      out.kind = Value::Kind::list;
      space();
      if (take("]")) return out;
      do {
        out.items.push_back(value(depth + 1));
        space();
      } while (take(","));
      if (!take("]")) fail("expected ',' or ']'");
      return out;
    }
    if (take("{")) {
      out.kind = Value::Kind::table;
      space();
      if (take("}")) return out;
      do {
        space();
        std::string name = string();
        space();
        if (!take(":")) fail("expected ':'");
        Value item = value(depth + 1);
        out.erase(name);
        out.members.emplace_back(std::move(name), std::move(item));
        space();
      } while (take(","));
      if (!take("}")) fail("expected ',' or '}'");
      return out;
    }
    return number();
  }

  Value number() {
    const std::size_t from = at_;
    const auto digits = [&] {
      const std::size_t start = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ - start;
    };
    take("-");
    const std::size_t whole = at_;
    if (digits() == 0) fail("expected a value (NaN and Infinity are refused)");
    if (text_[whole] == '0' && at_ - whole > 1) fail("a number begins with a superfluous zero");
    bool decimal = false;
    if (take(".")) {
      decimal = true;
      if (digits() == 0) fail("no digits after the decimal point");
    }
    if (take("e") || take("E")) {
      decimal = true;
      if (!take("+")) take("-");
      if (digits() == 0) fail("no digits in the exponent");
    }
    Value out;
    out.text = text_.substr(from, at_ - from);
    out.kind = decimal ? Value::Kind::decimal : Value::Kind::integer;
    if (out.text == "-0") out.text = "0";
    if (!decimal) return out;
    const auto [end, error] = std::from_chars(text_.data() + from, text_.data() + at_, out.number);
    if (error == std::errc::result_out_of_range && std::fabs(out.number) > 1) fail("a number is out of range");
    if (!std::isfinite(out.number)) fail("a number is out of range");
    return out;
  }

  unsigned hex4() {
    unsigned out = 0;
    const std::string_view text = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
    if (text.size() != 4 || error != std::errc{} || end != text.data() + 4) fail("an escape needs four digits");
    at_ += 4;
    return out;
  }

  std::string string() {
    if (!take("\"")) fail("expected a string");
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) fail("a string has no end");
      const char c = text_[at_++];
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character inside a string");
      if (c != '\\') {
        out += c;
        continue;
      }
      const char kind = peek();
      ++at_;
      static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
      if (const auto which = kLetters.find(kind); which != std::string_view::npos && kind != '\0') {
        out += kMeanings[which];
      } else if (kind == 'u') {
        append_utf8(out, code_point());
      } else {
        fail("an escape that JSON does not know");
      }
    }
  }

  unsigned code_point() {
    const unsigned first = hex4();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || !take("\\u")) fail("a lone surrogate");
    const unsigned second = hex4();
    if (second < 0xDC00 || second > 0xDFFF) fail("a lone surrogate");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  static void append_utf8(std::string& out, unsigned code) {
    const auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      add(code);
    } else if (code < 0x800) {
      add(0xC0 | (code >> 6));
      add(0x80 | (code & 63));
    } else if (code < 0x10000) {
      add(0xE0 | (code >> 12));
      add(0x80 | ((code >> 6) & 63));
      add(0x80 | (code & 63));
    } else {
      add(0xF0 | (code >> 18));
      add(0x80 | ((code >> 12) & 63));
      add(0x80 | ((code >> 6) & 63));
      add(0x80 | (code & 63));
    }
  }

  std::string_view text_, where_;
  std::size_t at_ = 0;
};

// Shortest digits, positional from 1e-4 up to below 1e16, otherwise with a sign and at least two exponent digits.
void append_decimal(std::string& out, double value) {
  char buffer[64];
  const double size = std::fabs(value);
  const bool positional = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 positional ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  if (positional && text.find('.') == std::string_view::npos) out += ".0";
}

void append(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::null: out += "null"; return;
    case Value::Kind::boolean: out += value.truth ? "true" : "false"; return;
    case Value::Kind::integer: out += value.text; return;
    case Value::Kind::decimal: append_decimal(out, value.number); return;
    case Value::Kind::text: append_json_string(out, value.text); return;
    case Value::Kind::list: {
      out += '[';
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i != 0) out += ',';
        append(out, value.items[i]);
      }
      out += ']';
      return;
    }
    case Value::Kind::table: {
      std::vector<const Member*> order;
      for (const auto& member : value.members) order.push_back(&member);
      std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->first < b->first; });
      out += '{';
      for (const auto* member : order) {
        if (member != order.front()) out += ',';
        append_json_string(out, member->first);
        out += ':';
        append(out, member->second);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

const Value* Value::find(std::string_view name) const noexcept {
  for (const auto& [key, item] : members) {
    if (key == name) return &item;
  }
  return nullptr;
}

const Value& Value::at(std::string_view name) const {
  const Value* found = find(name);
  if (found == nullptr) throw Error(Code::not_found, fmt::format("no member '{}'", name));
  return *found;
}

void Value::erase(std::string_view name) {
  std::erase_if(members, [&](const auto& member) { return member.first == name; });
}

Value make_text(std::string text) {
  Value out;
  out.kind = Value::Kind::text;
  out.text = std::move(text);
  return out;
}

Value read_json(std::string_view text, std::string_view where) { return Reader(text, where).document(); }

std::string canonical(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace ballast::core::compat
