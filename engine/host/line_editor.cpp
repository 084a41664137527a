#include "host/line_editor.hpp"

#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

#include <histedit.h>
#include <unistd.h>

namespace ballast::host {

namespace {

// libedit's callbacks get back one pointer: this.
struct Client {
  std::string prompt;
  LineEditor::Completer completer;
  bool interrupted = false;
};

Client& client_of(EditLine* line) {
  void* data = nullptr;
  el_get(line, EL_CLIENTDATA, &data);
  return *static_cast<Client*>(data);
}

char* show_prompt(EditLine* line) { return client_of(line).prompt.data(); }

unsigned char complete_word(EditLine* line, int) {
  const LineInfo* info = el_line(line);
  const char* start = info->cursor;
  while (start > info->buffer &&
         (std::isalnum(static_cast<unsigned char>(start[-1])) != 0 || std::strchr("_.:", start[-1]) != nullptr))
    --start;
  const std::string word(start, info->cursor);
  const std::vector<std::string> found = client_of(line).completer(word);
  if (found.empty()) return CC_ERROR;
  std::string common = found.front();
  for (const std::string& each : found) {
    std::size_t n = 0;
    while (n < common.size() && n < each.size() && common[n] == each[n]) ++n;
    common.resize(n);
  }
  if (common.size() > word.size()) {
    el_insertstr(line, common.substr(word.size()).c_str());
    return CC_REFRESH;
  }
  if (found.size() == 1) return CC_ERROR;
  std::fputc('\n', stdout);
  for (const std::string& each : found) std::printf("%s  ", each.c_str());
  std::fputc('\n', stdout);
  return CC_REDISPLAY;
}

/// Ctrl-C while a line is edited: ends the line, and read() says how it ended.
unsigned char interrupt_line(EditLine* line, int) {
  client_of(line).interrupted = true;
  std::fputs("^C\n", stdout);
  return CC_NEWLINE;
}

/// Ctrl-Z: the shell gets its terminal as it was.
unsigned char suspend(EditLine* line, int) {
  el_set(line, EL_PREP_TERM, 0);
  std::raise(SIGTSTP);
  el_set(line, EL_PREP_TERM, 1);
  return CC_REDISPLAY;
}

}  // namespace

struct LineEditor::Terminal {
  EditLine* line = nullptr;
  History* history = nullptr;
  Client client;
  std::filesystem::path file;
};

LineEditor::LineEditor(std::filesystem::path history, Completer completer) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return;
  terminal_ = std::make_unique<Terminal>();
  terminal_->file = std::move(history);
  terminal_->client.completer = std::move(completer);
  terminal_->line = el_init("ballast", stdin, stdout, stderr);
  if (terminal_->line == nullptr) {
    terminal_.reset();
    return;
  }
  el_set(terminal_->line, EL_CLIENTDATA, &terminal_->client);
  el_set(terminal_->line, EL_PROMPT, &show_prompt);
  el_set(terminal_->line, EL_EDITOR, "emacs");
  el_set(terminal_->line, EL_ADDFN, "ballast-complete", "Complete the name before the cursor", &complete_word);
  el_set(terminal_->line, EL_BIND, "^I", "ballast-complete", nullptr);
  // While a line is edited Ctrl-C is a key; while a script runs the terminal is as it was, and Ctrl-C is a signal.
  el_set(terminal_->line, EL_SETTY, "-d", "-isig", nullptr);
  el_set(terminal_->line, EL_ADDFN, "ballast-interrupt", "Set the line aside", &interrupt_line);
  el_set(terminal_->line, EL_BIND, "^C", "ballast-interrupt", nullptr);
  el_set(terminal_->line, EL_ADDFN, "ballast-suspend", "Stop until the shell goes on", &suspend);
  el_set(terminal_->line, EL_BIND, "^Z", "ballast-suspend", nullptr);
  terminal_->history = history_init();
  HistEvent event;
  ::history(terminal_->history, &event, H_SETSIZE, 1000);
  ::history(terminal_->history, &event, H_SETUNIQUE, 1);
  ::history(terminal_->history, &event, H_LOAD, terminal_->file.c_str());
  el_set(terminal_->line, EL_HIST, ::history, terminal_->history);
}

LineEditor::~LineEditor() {
  if (!terminal_) return;
  HistEvent event;
  std::error_code ignored;
  std::filesystem::create_directories(terminal_->file.parent_path(), ignored);
  ::history(terminal_->history, &event, H_SAVE, terminal_->file.c_str());
  history_end(terminal_->history);
  el_end(terminal_->line);
}

LineEditor::Input LineEditor::read(const std::string& prompt) {
  Input out;
  if (!terminal_) {
    if (std::getline(std::cin, out.line)) out.event = Event::line;
    return out;
  }
  terminal_->client.prompt = prompt;
  terminal_->client.interrupted = false;
  el_set(terminal_->line, EL_PREP_TERM, 1);  // before the prompt shows: from then on Ctrl-C is a key
  int count = 0;
  const char* text = el_gets(terminal_->line, &count);
  if (text != nullptr && count > 0) out.line.assign(text, static_cast<std::size_t>(count));
  while (!out.line.empty() && (out.line.back() == '\n' || out.line.back() == '\r')) out.line.pop_back();
  if (terminal_->client.interrupted) {
    out.event = Event::interrupt;
    return out;
  }
  if (text == nullptr || count <= 0) return out;
  HistEvent event;
  if (out.line.find_first_not_of(" \t") != std::string::npos)
    ::history(terminal_->history, &event, H_ENTER, (out.line + "\n").c_str());
  out.event = Event::line;
  return out;
}

}  // namespace ballast::host
