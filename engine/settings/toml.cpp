#include "settings/toml.hpp"

#include <cmath>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::settings {
namespace {

using core::Code;
using core::Error;
using core::Json;

class Builder {
 public:
  explicit Builder(Document& document) : document_(document) {}

  Json build(const toml::node& node, const std::string& path, std::size_t depth) {
    if (++nodes_ > kMaxNodes) refuse(node, fmt::format("more than {} values", kMaxNodes));
    if (const toml::table* table = node.as_table()) return build_table(*table, path, depth);
    if (const toml::array* array = node.as_array()) {
      check_depth(node, depth);
      Json out = Json::array();
      for (const toml::node& item : *array) {
        const std::string place = element_path(path, out.size());
        remember(place, item.source().begin);
        out.push_back(build(item, place, depth + 1));
      }
      return out;
    }
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* integer = node.as_integer()) {
      if (integer->get() > core::kMaxJsonInteger || integer->get() < -core::kMaxJsonInteger) {
        refuse(node, fmt::format("integer {} is past 2^53; put it in quotes if it is a name", integer->get()));
      }
      return integer->get();
    }
    if (const auto* real = node.as_floating_point()) {
      if (!std::isfinite(real->get())) refuse(node, fmt::format("{} is not a finite number", real->get()));
      return real->get();
    }
    if (const auto* day = node.as_date()) return text_of(day->get());
    if (const auto* time = node.as_time()) return text_of(time->get());
    if (const auto* moment = node.as_date_time()) {
      std::string out = text_of(moment->get().date) + "T" + text_of(moment->get().time);
      if (moment->get().offset) {
        const int minutes = moment->get().offset->minutes;
        out += minutes == 0 ? "Z"
                            : fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                                          std::abs(minutes) % 60);
      }
      return out;
    }
    refuse(node, "a value of a kind that settings do not hold");
  }

 private:
  [[noreturn]] void refuse(const toml::node& node, const std::string& why) const {
    const toml::source_position at = node.source().begin;
    throw Error(Code::argument, why, fmt::format("{}:{}:{}", document_.file, at.line, at.column));
  }
  void check_depth(const toml::node& node, std::size_t depth) const {
    if (depth >= kMaxDepth) refuse(node, fmt::format("nested deeper than {}", kMaxDepth));
  }
  void remember(const std::string& path, toml::source_position at) {
    document_.positions[path] = {static_cast<int>(at.line), static_cast<int>(at.column)};
  }

  Json build_table(const toml::table& table, const std::string& path, std::size_t depth) {
    check_depth(table, depth);
    Json out = Json::object();
    for (const auto& [key, item] : table) {
      const std::string place = member_path(path, key.str());
      remember(place, key.source().begin);
      out[std::string(key.str())] = build(item, place, depth + 1);
    }
    return out;
  }

  static std::string text_of(const toml::date& day) {
    return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day);
  }
  // What is finer than a microsecond stays in the text, so that an instant refuses it instead of losing it.
  static std::string text_of(const toml::time& time) {
    std::string out = fmt::format("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    if (time.nanosecond == 0) return out;
    return out + (time.nanosecond % 1000 != 0 ? fmt::format(".{:09}", time.nanosecond)
                                              : fmt::format(".{:06}", time.nanosecond / 1000));
  }

  Document& document_;
  std::size_t nodes_ = 0;
};

// The library takes "a.a.a..." to any length and its tables free themselves recursively: a megabyte of dots would end
// the process. Strings and comments are skipped as TOML defines them; in text that is no TOML the library stops first.
void refuse_long_dotted_names(std::string_view text, std::string_view file) {
  std::size_t dots = 0, line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const std::string_view triple = text.substr(i, 3);
      const bool is_long = triple.size() == 3 && triple[1] == c && triple[2] == c;
      for (i += is_long ? 3 : 1; i < text.size(); ++i) {
        if (text[i] == '\n') ++line;
        if (text[i] == '\\' && c == '"') {
          ++i;
        } else if (text[i] == c && (!is_long || text.substr(i, 3) == triple)) {
          if (is_long) i += 2;
          break;
        } else if (text[i] == '\n' && !is_long) {
          break;
        }
      }
      // Up to two more quotes may end a long string.
      while (is_long && i + 1 < text.size() && text[i + 1] == c) ++i;
    } else if (c == '#') {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (c == '.') {
      if (++dots >= kMaxDepth)
        throw Error(Code::argument, fmt::format("nested deeper than {}", kMaxDepth),
                    fmt::format("{}:{}:1", file, line));
    } else if (c == '\n' || c == '=' || c == ',' || c == '{' || c == '[' || c == ']') {
      dots = 0;
      if (c == '\n') ++line;
    }
  }
}

}  // namespace

Document read_toml(std::string_view text, std::string_view file) {
  require_text(text, file, "TOML");
  refuse_long_dotted_names(text, file);
  Document document{Json::object(), std::string(file), {{"", {1, 1}}}};
  try {
    const toml::table table = toml::parse(text, file);
    document.value = Builder(document).build(table, "", 0);
  } catch (const toml::parse_error& e) {
    const toml::source_position at = e.source().begin;
    throw Error(Code::argument, fmt::format("not TOML: {}", e.description()),
                fmt::format("{}:{}:{}", file, at.line, at.column));
  }
  return document;
}

Document read_toml_file(const std::string& path) { return read_toml(core::read_file(path, kMaxFileBytes), path); }

}  // namespace ballast::settings
