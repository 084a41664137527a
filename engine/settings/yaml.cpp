#include "settings/yaml.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::settings {
namespace {

using core::Code;
using core::Error;
using core::Json;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// What a text without quotes looks like. Leading zeros are no number: 1.1 read them as octal, 1.2 as decimal.
enum class Look { text, integer, real };

Look look_of(std::string_view text) {
  const auto skip_digits = [&] {
    std::size_t count = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++count) text.remove_prefix(1);
    return count;
  };
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const bool zero_first = text.starts_with('0');
  const std::size_t whole = skip_digits();
  if (zero_first && whole > 1) return Look::text;
  if (text.empty()) return whole > 0 ? Look::integer : Look::text;
  if (text.front() == '.') {
    text.remove_prefix(1);
    if (skip_digits() == 0 && whole == 0) return Look::text;
  } else if (whole == 0) {
    return Look::text;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    if (skip_digits() == 0) return Look::text;
  }
  return text.empty() ? Look::real : Look::text;
}

// The text by lines, without their ends, for what the parser's events do not tell.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (std::size_t end = 0; end != std::string_view::npos;
         text.remove_prefix(end == std::string_view::npos ? 0 : end + 1)) {
      end = text.find('\n');
      lines_.push_back(text.substr(0, end));
    }
  }
  const std::vector<std::string_view>& all() const { return lines_; }
  /// The line a mark speaks of, and what stands from the mark to its end. The parser's columns count bytes.
  std::string_view line_of(const YAML::Mark& mark) const {
    return static_cast<std::size_t>(mark.line) < lines_.size() ? lines_[static_cast<std::size_t>(mark.line)]
                                                               : std::string_view{};
  }
  std::string_view rest_at(const YAML::Mark& mark) const {
    const std::string_view line = line_of(mark);
    return line.substr(std::min(static_cast<std::size_t>(mark.column), line.size()));
  }
  Position position(const YAML::Mark& mark) const {
    const std::string_view before = line_of(mark).substr(0, static_cast<std::size_t>(mark.column));
    const auto characters = std::count_if(before.begin(), before.end(),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    // A mark may lie behind the end of the text.
    return {mark.line + 1, mark.column - static_cast<int>(before.size()) + static_cast<int>(characters) + 1};
  }

 private:
  std::vector<std::string_view> lines_;
};

// Builds the document from the parser's events. The parser's own tree would keep duplicate names and follow aliases
// without counting.
class Builder final : public YAML::EventHandler {
 public:
  Builder(Document& document, const Lines& lines) : document_(document), lines_(lines) {}

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& why) const { throw error_at(mark, why); }

  /// Throws what was put off because the parser had to be heard first.
  void throw_deferred() const {
    if (deferred_) throw *deferred_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) refuse(mark, "a second document or stray text begins here; settings are one document");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (deferred_) return;
    if (wants_name()) return defer(mark, "a member without a name");
    refuse_forgotten_sign(mark);
    if (deferred_) return;
    finish(add(mark, nullptr), anchor, 1, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (deferred_) return;
    const bool plain = tag == "?";
    if (!plain) refuse_tag(mark, tag);
    if (!wants_name()) return finish(add(mark, plain ? plain_value(mark, text) : Json(text)), anchor, 1, 0);
    if (anchor != YAML::NullAnchor) refuse(mark, "an anchor on the name of a member");
    if (plain && text == "<<") refuse(mark, "merge keys ('<<') are not accepted; write the members out");
    Frame& frame = frames_.back();
    const std::string path = member_path(frame.path, text);
    if (frame.container->contains(text)) {
      refuse(mark, fmt::format("member '{}' appears twice, first in line {}", text, document_.positions.at(path).line));
    }
    frame.name = text;
    frame.has_name = true;
    frame.name_is_plain = plain;
    frame.name_mark = mark;
    document_.positions[path] = lines_.position(mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (deferred_) return;
    if (wants_name()) refuse(mark, "an alias as the name of a member; names are text");
    const auto at = anchored_.find(anchor);
    if (at == anchored_.end()) refuse(mark, "an alias inside of what it refers to");
    const Anchored& target = at->second;
    if (frames_.size() + target.depth > kMaxDepth) refuse(mark, fmt::format("nested deeper than {}", kMaxDepth));
    count(mark, target.nodes - 1);
    Slot slot = add(mark, target.value);
    // Members behind an alias stand where they were written.
    std::vector<std::pair<std::string, Position>> copies;
    for (auto it = document_.positions.upper_bound(target.path);
         it != document_.positions.end() && it->first.starts_with(target.path); ++it) {
      const std::string_view rest = std::string_view(it->first).substr(target.path.size());
      if (rest.front() == '.' || rest.front() == '[') copies.emplace_back(slot.path + std::string(rest), it->second);
    }
    document_.positions.insert(copies.begin(), copies.end());
    finish(slot, YAML::NullAnchor, target.nodes, target.depth);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, Json::array());
    if (!deferred_) frames_.back().is_flow = style == YAML::EmitterStyle::Flow;
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Json* container;
    std::string path;
    YAML::anchor_t anchor;
    std::string name = {};
    bool has_name = false;
    bool name_is_plain = false;
    YAML::Mark name_mark = {};
    bool is_flow = false;
    std::size_t nodes = 1;  ///< values in this container so far, itself included
    std::size_t depth = 1;  ///< levels below and with this one so far
  };
  struct Anchored {
    Json value;
    std::string path;
    std::size_t nodes, depth;
  };
  struct Slot {
    Json* value;
    std::string path;
  };

  Error error_at(const YAML::Mark& mark, const std::string& why) const {
    const Position at = lines_.position(mark);
    return Error(Code::argument, why, fmt::format("{}:{}:{}", document_.file, at.line, at.column));
  }

  // An unclosed "[1" reaches us as a list that is a name before the parser finds what is wrong: its complaint comes
  // first.
  void defer(const YAML::Mark& mark, const std::string& why) {
    if (!deferred_) deferred_ = error_at(mark, why);
  }

  bool wants_name() const {
    return !frames_.empty() && frames_.back().container->is_object() && !frames_.back().has_name;
  }

  // The parser reads "a: 1<newline>b" as if "b:" stood there, and "[1,,2]" as if a null stood between the commas.
  void refuse_forgotten_sign(const YAML::Mark& mark) {
    if (frames_.empty()) return;
    const Frame& frame = frames_.back();
    if (frame.container->is_array()) {
      if (frame.is_flow && lines_.rest_at(mark).starts_with(',')) refuse(mark, "an element without a value");
      return;
    }
    if (!frame.name_is_plain) return;
    std::string_view rest = lines_.rest_at(frame.name_mark);
    rest.remove_prefix(std::min(frame.name.size(), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (!rest.starts_with(':')) defer(frame.name_mark, fmt::format("'{}' has no ':' after it", frame.name));
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag != "?" && tag != "!")
      refuse(mark, fmt::format("the tag '{}'; tags are not accepted, put text in quotes instead", tag));
  }

  Json plain_value(const YAML::Mark& mark, const std::string& text) const {
    if (is_one_of(text, {"true", "True", "TRUE"})) return true;
    if (is_one_of(text, {"false", "False", "FALSE"})) return false;
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const std::string_view unsigned_text = digits.starts_with('-') ? digits.substr(1) : digits;
    if (is_one_of(unsigned_text, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"})) {
      refuse(mark, fmt::format("{} is not a finite number", text));
    }
    const Look look = look_of(text);
    if (look == Look::text) return text;
    if (look == Look::integer) {
      std::int64_t value = 0;
      const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (end.ec != std::errc{} || value > core::kMaxJsonInteger || value < -core::kMaxJsonInteger) {
        refuse(mark, fmt::format("integer {} is past 2^53; put it in quotes if it is a name", text));
      }
      return value;
    }
    double value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc{}) {
      refuse(mark, fmt::format("number {} is out of the range of a double", text));
    }
    return value;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) refuse(mark, fmt::format("more than {} values, aliases written out", kMaxNodes));
  }

  Slot add(const YAML::Mark& mark, Json value) {
    count(mark, 1);
    if (frames_.empty()) {
      document_.value = std::move(value);
      document_.positions[""] = lines_.position(mark);
      return {&document_.value, ""};
    }
    Frame& frame = frames_.back();
    if (frame.container->is_array()) {
      std::string path = element_path(frame.path, frame.container->size());
      frame.container->push_back(std::move(value));
      document_.positions[path] = lines_.position(mark);
      return {&frame.container->back(), std::move(path)};
    }
    frame.has_name = false;
    Json& member = (*frame.container)[frame.name];
    member = std::move(value);
    return {&member, member_path(frame.path, frame.name)};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json container) {
    refuse_tag(mark, tag);
    if (!deferred_ && wants_name()) defer(mark, "a table or list as the name of a member; names are text");
    if (deferred_) ++ignored_depth_;
    if (frames_.size() + ignored_depth_ > kMaxDepth - (deferred_ ? 0 : 1))
      refuse(mark, fmt::format("nested deeper than {}", kMaxDepth));
    if (deferred_) return;
    Slot slot = add(mark, std::move(container));
    frames_.push_back({slot.value, std::move(slot.path), anchor});
  }

  void close() {
    // What is still open when something is deferred is never used again.
    if (deferred_) {
      if (ignored_depth_ > 0) --ignored_depth_;
      return;
    }
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    finish({frame.container, frame.path}, frame.anchor, frame.nodes, frame.depth);
  }

  // The value is complete: an alias may refer to it, and it counts in what is around it.
  void finish(const Slot& slot, YAML::anchor_t anchor, std::size_t nodes, std::size_t depth) {
    if (!frames_.empty()) {
      frames_.back().nodes += nodes;
      frames_.back().depth = std::max(frames_.back().depth, depth + 1);
    }
    if (anchor != YAML::NullAnchor) anchored_[anchor] = {*slot.value, slot.path, nodes, depth};
  }

  Document& document_;
  const Lines& lines_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Anchored> anchored_;
  std::optional<Error> deferred_;
  std::size_t ignored_depth_ = 0;  ///< containers opened since something was deferred; nothing is built then
  std::size_t nodes_ = 0;
  bool started_ = false;
};

// The parser drops directives it does not know, so a line of settings behind a '%' would vanish without a word.
void refuse_directives(const Lines& lines, std::string_view file) {
  for (std::size_t i = 0; i < lines.all().size(); ++i) {
    const std::string_view line = lines.all()[i];
    if (line.starts_with('%') && !line.starts_with("%YAML 1.")) {
      throw Error(Code::argument, "a line that begins with '%'; comments begin with '#'",
                  fmt::format("{}:{}:1", file, i + 1));
    }
  }
}

// Most people who meet "illegal map value" have pressed the tab key.
bool is_indented_by_tab(std::string_view line) {
  return line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

}  // namespace

Document read_yaml(std::string_view text, std::string_view file) {
  require_text(text, file, "YAML");
  Document document{nullptr, std::string(file), {}};
  const Lines lines(text);
  refuse_directives(lines, file);
  Builder builder(document, lines);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) builder.throw_deferred();
  } catch (const YAML::Exception& e) {
    std::string reason = e.msg;
    for (auto bad = core::first_invalid_utf8(reason); bad < reason.size(); bad = core::first_invalid_utf8(reason))
      reason[bad] = '?';
    if (is_indented_by_tab(lines.line_of(e.mark))) reason += "; the line is indented by a tab, use spaces";
    builder.refuse(e.mark, fmt::format("not YAML: {}", reason));
  }
  return document;
}

Document read_yaml_file(const std::string& path) { return read_yaml(core::read_file(path, kMaxFileBytes), path); }

}  // namespace ballast::settings
