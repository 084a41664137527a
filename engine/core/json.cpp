#include "core/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::core {
namespace {

// Compares as UTF-16 code units would: only characters beyond the BMP (four-byte UTF-8) sort differently
// from bytes, because their surrogates 0xD800..0xDFFF come before 0xE000..0xFFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const std::size_t n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<unsigned char>(a[i]);
    const auto y = static_cast<unsigned char>(b[i]);
    if (x == y) continue;
    const bool x_astral = x >= 0xF0, y_astral = y >= 0xF0;
    const bool x_high = x == 0xEE || x == 0xEF, y_high = y == 0xEE || y == 0xEF;
    if (x_astral && y_high) return true;
    if (x_high && y_astral) return false;
    return x < y;
  }
  return a.size() < b.size();
}

bool needs_utf16_order(std::string_view key) {
  for (const char c : key) {
    if (static_cast<unsigned char>(c) >= 0xEE) return true;
  }
  return false;
}

void append_integer(std::string& out, std::int64_t value, const std::string& path) {
  if (value > kMaxJsonInteger || value < -kMaxJsonInteger) {
    throw Error(Code::argument, fmt::format("integer {} is past 2^53 and would not survive a reader", value), path);
  }
  out += fmt::format_int(value).c_str();
}

void append_key(std::string& out, std::string_view key, const std::string& path) {
  try {
    append_json_string(out, key);
  } catch (const Error& e) {
    throw e.at(path);
  }
}

void check_depth(std::size_t depth, const std::string& path) {
  if (depth >= kMaxJsonDepth) throw Error(Code::argument, fmt::format("nested deeper than {}", kMaxJsonDepth), path);
}

void append_canonical(std::string& out, const Json& value, std::string& path, std::size_t depth) {
  switch (value.type()) {
    case Json::value_t::null: out += "null"; return;
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::number_integer: append_integer(out, value.get<std::int64_t>(), path); return;
    case Json::value_t::number_unsigned: {
      const auto number = value.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(kMaxJsonInteger)) {
        throw Error(Code::argument, fmt::format("integer {} is past 2^53 and would not survive a reader", number),
                    path);
      }
      append_integer(out, static_cast<std::int64_t>(number), path);
      return;
    }
    case Json::value_t::number_float: try { out += format_number(value.get<double>());
      } catch (const Error& e) {
        throw e.at(path);
      }
      return;
    case Json::value_t::string: try { append_json_string(out, value.get_ref<const std::string&>());
      } catch (const Error& e) {
        throw e.at(path);
      }
      return;
    case Json::value_t::array: {
      check_depth(depth, path);
      out += '[';
      std::size_t index = 0;
      for (const Json& item : value) {
        if (index != 0) out += ',';
        const std::size_t length = path.size();
        path += fmt::format("[{}]", index++);
        append_canonical(out, item, path, depth + 1);
        path.resize(length);
      }
      out += ']';
      return;
    }
    case Json::value_t::object: {
      check_depth(depth, path);
      const auto& object = value.get_ref<const Json::object_t&>();
      std::vector<Json::object_t::const_iterator> order;
      order.reserve(object.size());
      bool reorder = false;
      for (auto it = object.begin(); it != object.end(); ++it) {
        order.push_back(it);
        reorder = reorder || needs_utf16_order(it->first);
      }
      if (reorder) {
        std::sort(order.begin(), order.end(), [](auto a, auto b) { return utf16_less(a->first, b->first); });
      }
      out += '{';
      bool first = true;
      for (const auto it : order) {
        if (!first) out += ',';
        first = false;
        const std::size_t length = path.size();
        if (!path.empty()) path += '.';
        path += it->first;
        append_key(out, it->first, path);
        out += ':';
        append_canonical(out, it->second, path, depth + 1);
        path.resize(length);
      }
      out += '}';
      return;
    }
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  throw Error(Code::argument, "a value that JSON cannot hold", path);
}

void append_pretty(std::string& out, const Json& value, std::string& path, std::size_t depth) {
  if (!value.is_structured() || value.empty()) return append_canonical(out, value, path, depth);
  check_depth(depth, path);
  const auto newline = [&](std::size_t indent) {
    out += '\n';
    out.append(indent * 2, ' ');
  };
  out += value.is_object() ? '{' : '[';
  std::size_t index = 0;
  const std::size_t length = path.size();
  for (const auto& [key, item] : value.items()) {
    if (index != 0) out += ',';
    newline(depth + 1);
    if (value.is_object()) {
      if (!path.empty()) path += '.';
      path += key;
      append_key(out, key, path);
      out += ": ";
    } else {
      path += fmt::format("[{}]", index);
    }
    append_pretty(out, item, path, depth + 1);
    path.resize(length);
    ++index;
  }
  newline(depth);
  out += value.is_object() ? '}' : ']';
}

// Columns count characters, as editors do.
std::string place_at(std::string_view text, std::string_view where, std::size_t offset) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++column;
    }
  }
  return fmt::format("{}:{}:{}", where, line, column);
}

// Offset of the token with this number (from 0) in text that was well formed up to it. Only refusals need a place,
// so accepted documents pay for a counter and nothing else.
std::size_t token_offset(std::string_view text, std::size_t number) {
  std::size_t at = 0;
  for (;; --number) {
    at = std::min(text.find_first_not_of(" \t\r\n,:", at), text.size());
    if (number == 0 || at == text.size()) return at;
    const char c = text[at++];
    if (c == '"') {
      while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2u : 1u;
      ++at;
    } else if (c != '{' && c != '}' && c != '[' && c != ']') {
      at = std::min(text.find_first_of(" \t\r\n,:{}[]\"", at), text.size());
    }
  }
}

// Builds the document while refusing what the ordinary reader of the library lets pass.
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictReader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override {
    if (value < -kMaxJsonInteger) return add_long_integer(fmt::format("{}", value));
    return add(value);
  }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(kMaxJsonInteger)) return add_long_integer(fmt::format("{}", value));
    return add(value);
  }
  bool number_float(double value, const std::string& text) override {
    // Integers too long for 64 bits arrive here too: text without point or exponent was meant as an integer.
    if (text.find_first_of(".eE") == std::string::npos) return add_long_integer(text);
    if (value == 0 && text.substr(0, text.find_first_of("eE")).find_first_of("123456789") != std::string::npos) {
      refuse(fmt::format("number {} is too small for a double", text));
    }
    return add(value);
  }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (stack_.back()->contains(name)) refuse(fmt::format("member '{}' appears twice", name));
    key_ = std::move(name);
    ++tokens_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const Json::exception& problem) override {
    if (dynamic_cast<const Json::out_of_range*>(&problem) != nullptr) {
      refuse(fmt::format("number {} is out of range", token));
    }
    // The library's text is "[json.exception...] parse error at line 1, column 2: reason". The reason quotes what
    // was read last, which may end inside a character.
    std::string reason = problem.what();
    if (const auto at = reason.find(": "); at != std::string::npos) reason.erase(0, at + 2);
    for (auto bad = first_invalid_utf8(reason); bad < reason.size(); bad = first_invalid_utf8(reason))
      reason[bad] = '?';
    throw Error(Code::argument, fmt::format("not JSON: {}", reason),
                place_at(text_, where_, position == 0 ? 0 : position - 1));
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Code::argument, fmt::format("not accepted as JSON: {}", why),
                place_at(text_, where_, token_offset(text_, tokens_)));
  }
  // Past 2^53 a double skips integers, and a reader would silently take the neighbour. The canonical form writes
  // large doubles as integers too (1e20 is 100000000000000000000), so exactly those texts are read back.
  bool add_long_integer(const std::string& text) {
    double value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc{} || !std::isfinite(value) || format_number(value) != text) {
      refuse(fmt::format("integer {} is past 2^53 and would not survive a reader", text));
    }
    return add(value);
  }
  template <class T>
  bool add(T&& value) {
    slot() = std::forward<T>(value);
    ++tokens_;
    return true;
  }
  Json& slot() {
    if (stack_.empty()) return root_;
    Json& top = *stack_.back();
    if (top.is_array()) {
      top.push_back(nullptr);
      return top.back();
    }
    return top[key_];
  }
  bool open(Json container) {
    if (stack_.size() >= kMaxJsonDepth) refuse(fmt::format("nested deeper than {}", kMaxJsonDepth));
    Json& place = slot();
    place = std::move(container);
    stack_.push_back(&place);
    ++tokens_;
    return true;
  }
  bool close() {
    stack_.pop_back();
    ++tokens_;
    return true;
  }

  std::string_view text_;
  std::string_view where_;
  Json root_;
  std::vector<Json*> stack_;
  std::string key_;
  std::size_t tokens_ = 0;  ///< accepted so far
};

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  if (const std::size_t bad = first_invalid_utf8(text); bad < text.size()) {
    throw Error(Code::argument,
                fmt::format("not JSON: byte 0x{:02X} is not valid UTF-8 here", static_cast<unsigned char>(text[bad])),
                place_at(text, where, bad));
  }
  // The library takes a NUL for the end of the text and skips a byte order mark: neither may hide anything.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw Error(Code::argument, "not JSON: a NUL byte", place_at(text, where, nul));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    throw Error(Code::argument, "not JSON: the text begins with a byte order mark", place_at(text, where, 0));
  }
  StrictReader reader(text, where);
  Json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

std::string canonical_json(const Json& value) {
  std::string out, path;
  append_canonical(out, value, path, 0);
  return out;
}

std::string pretty_json(const Json& value) {
  std::string out, path;
  append_pretty(out, value, path, 0);
  out += '\n';
  return out;
}

std::string format_number(double value) {
  if (!std::isfinite(value)) {
    throw Error(Code::argument, fmt::format("{} is not a JSON number", std::isnan(value) ? "NaN"
                                                                       : value > 0       ? "infinity"
                                                                                         : "-infinity"));
  }
  if (value == 0) return "0";
  // Shortest digits in exponent form, then laid out by the rules of ECMA-262 Number::toString.
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = text.find('e');
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const char* from = buffer + e + 1 + (text[e + 1] == '+' ? 1 : 0);
  std::from_chars(from, end, exponent);
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;
  std::string out = value < 0 ? "-" : "";
  if (k <= n && n <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(n - k), '0');
  } else if (0 < n && n <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(n));
    out += '.';
    out += digits.substr(static_cast<std::size_t>(n));
  } else if (-6 < n && n <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-n), '0');
    out += digits;
  } else {
    out += digits[0];
    if (k > 1) {
      out += '.';
      out += digits.substr(1);
    }
    out += fmt::format("e{}{}", n > 0 ? '+' : '-', std::abs(n - 1));
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  if (!is_utf8(text)) throw Error(Code::argument, "text is not valid UTF-8");
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::size_t first_invalid_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char c = byte(i);
    std::size_t extra = 0;
    unsigned char low = 0x80, high = 0xBF;  // range of the first continuation byte (Unicode, table 3-7)
    if (c < 0x80) {
      ++i;
      continue;
    } else if (c >= 0xC2 && c <= 0xDF) {
      extra = 1;
    } else if (c >= 0xE0 && c <= 0xEF) {
      extra = 2;
      if (c == 0xE0) low = 0xA0;
      if (c == 0xED) high = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
      extra = 3;
      if (c == 0xF0) low = 0x90;
      if (c == 0xF4) high = 0x8F;
    } else {
      return i;
    }
    if (i + extra >= text.size()) return i;
    if (byte(i + 1) < low || byte(i + 1) > high) return i;
    for (std::size_t k = 2; k <= extra; ++k) {
      if (byte(i + k) < 0x80 || byte(i + k) > 0xBF) return i;
    }
    i += extra + 1;
  }
  return text.size();
}

bool is_utf8(std::string_view text) noexcept { return first_invalid_utf8(text) == text.size(); }

}  // namespace ballast::core
