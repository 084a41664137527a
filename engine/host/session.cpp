#include "host/session.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "bind/json_value.hpp"
#include "host/help.hpp"
#include "host/limits.hpp"
#include "host/sandbox/sandbox.hpp"
#include "host/script_error.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kShownItems = 40;

std::string text_at(lua_State* L, int index) {
  lua_pushcfunction(L, [](lua_State* state) {
    push_text(state, 1);
    return 1;
  });
  lua_pushvalue(L, index);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
    lua_pop(L, 1);
    return "?";
  }
  std::size_t n = 0;
  const char* text = lua_tolstring(L, -1, &n);
  std::string out = text == nullptr ? "?" : std::string(text, n);
  lua_pop(L, 1);
  return out;
}

std::string as_literal(const std::string& text) {
  std::string out;
  try {
    core::append_json_string(out, text);
  } catch (const core::Error&) {
    out = fmt::format("<{} bytes>", text.size());
  }
  return out;
}

bool is_name(const std::string& text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
  });
}

struct Member {
  bool numbered = false;
  lua_Integer number = 0;
  std::string key, value;
  bool operator<(const Member& other) const {
    if (numbered != other.numbered) return numbered;
    return numbered ? number < other.number : key < other.key;
  }
};

std::string pretty_table(lua_State* L, int given, int depth, std::size_t width, std::size_t indent) {
  if (depth == 0) return "{...}";
  if (!lua_checkstack(L, 9)) return "{...}";
  push_unsealed(L, given);
  const int index = lua_gettop(L);
  std::vector<Member> members;
  std::size_t more = 0;
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, index));
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    if (members.size() >= kShownItems) {
      ++more;
      continue;
    }
    const int value = lua_gettop(L);
    Member member;
    if (lua_isinteger(L, value - 1) && lua_tointeger(L, value - 1) >= 1 && lua_tointeger(L, value - 1) <= length) {
      member.numbered = true;
      member.number = lua_tointeger(L, value - 1);
    } else {
      member.key = text_at(L, value - 1);
      if (!is_name(member.key)) member.key = fmt::format("[{}]", as_literal(member.key));
    }
    if (lua_type(L, value) == LUA_TTABLE) {
      member.value = pretty_table(L, value, depth - 1, width, indent + 2);
    } else if (lua_type(L, value) == LUA_TSTRING) {
      member.value = as_literal(text_at(L, value));
    } else {
      member.value = text_at(L, value);
    }
    members.push_back(std::move(member));
  }
  lua_settop(L, index - 1);
  if (members.empty()) return "{}";
  std::sort(members.begin(), members.end());
  std::string flat = "{ ";
  for (std::size_t i = 0; i < members.size(); ++i) {
    flat += (i ? ", " : "") + (members[i].numbered ? "" : members[i].key + " = ") + members[i].value;
  }
  if (more > 0) flat += fmt::format(", ... {} more", more);
  flat += " }";
  if (flat.size() + indent <= width && flat.find('\n') == std::string::npos) return flat;
  std::string out = "{\n";
  for (const Member& member : members) {
    out += std::string(indent + 2, ' ') + (member.numbered ? "" : member.key + " = ") + member.value + ",\n";
  }
  if (more > 0) out += fmt::format("{}... {} more\n", std::string(indent + 2, ' '), more);
  return out + std::string(indent, ' ') + "}";
}

int help_function(lua_State* L) {
  std::string text;
  if (lua_isnoneornil(L, 1)) {
    text = "help(value) explains a primitive or module, help \"word\" searches; start with help(ballast.market)\n";
  } else if (lua_type(L, 1) == LUA_TSTRING) {
    text = help_of_word(lua_tostring(L, 1));
  } else {
    text = help_of_value(L, 1);
  }
  if (text.empty()) text = "nothing is known about this\n";
  if (text.back() == '\n') text.pop_back();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

}  // namespace

std::string pretty_value(lua_State* L, int index, int depth, std::size_t width) {
  index = lua_absindex(L, index);
  if (lua_type(L, index) == LUA_TTABLE && luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
    return pretty_table(L, index, depth, width, 0);
  }
  if (lua_type(L, index) == LUA_TTABLE) {
    lua_pop(L, 1);
    return text_at(L, index);
  }
  return text_at(L, index);
}

Session::Session(State& state) : state_(state) {
  lua_State* L = state.get();
  state.push_environment();
  lua_pushcfunction(L, &help_function);
  lua_setfield(L, -2, "help");
  lua_pop(L, 1);
}

bool Session::load(const std::string& code) {
  // Leaves the chunk on the stack. Returns: false when the entry is not finished yet.
  const std::string place = fmt::format("entry {}", number_);
  try {
    state_.load(make_script(place, place, "return " + code));
    return true;
  } catch (const core::Error&) {
  }
  try {
    state_.load(make_script(place, place, code));
    return true;
  } catch (const core::Error& e) {
    if (e.message().ends_with("<eof>")) return false;
    throw;
  }
}

Session::Reply Session::enter(const std::string& line) {
  if (entry_.empty()) {
    if (line.find_first_not_of(" \t") == std::string::npos) return {};
    ++number_;
  }
  entry_ += entry_.empty() ? line : "\n" + line;
  lua_State* L = state_.get();
  const int base = lua_gettop(L);
  try {
    if (!load(entry_)) return {Outcome::incomplete, {}};
    entry_.clear();
    state_.call(0, LUA_MULTRET);
    Reply reply;
    const int count = lua_gettop(L) - base;
    state_.under_limits([&] {
      for (int i = 1; i <= count; ++i) reply.text += pretty_value(L, base + i) + "\n";
    });
    if (count > 0) {
      state_.push_environment();
      lua_pushvalue(L, base + 1);
      lua_setfield(L, -2, "_");
    }
    lua_settop(L, base);
    return reply;
  } catch (const core::Error& e) {
    entry_.clear();
    lua_settop(L, base);
    state_.clear_stop();
    if (was_interrupted()) {
      clear_interrupt();
      return {Outcome::interrupted, fmt::format("interrupted{}\n", e.where().empty() ? "" : " at " + e.where())};
    }
    return {e.code() == core::Code::budget ? Outcome::stopped : Outcome::failed, explain(e)};
  }
}

std::vector<std::string> Session::complete(const std::string& text) {
  std::vector<std::string> out;
  lua_State* L = state_.get();
  const int base = lua_gettop(L);
  state_.push_environment();
  std::size_t from = 0;
  for (std::size_t dot; (dot = text.find_first_of(".:", from)) != std::string::npos; from = dot + 1) {
    push_unsealed(L, -1);
    lua_pushlstring(L, text.data() + from, dot - from);
    if (lua_rawget(L, -2) != LUA_TTABLE) {
      lua_settop(L, base);
      return out;
    }
  }
  const std::string prefix = text.substr(0, from), rest = text.substr(from);
  push_unsealed(L, -1);
  const int table = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, table) != 0 && out.size() < 200; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    const std::string name = lua_tostring(L, -2);
    if (name.starts_with(rest)) out.push_back(prefix + name);
  }
  lua_settop(L, base);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ballast::host
