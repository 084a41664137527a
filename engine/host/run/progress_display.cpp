#include "host/run/progress_display.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "core/clock.hpp"
#include "host/status_line.hpp"

namespace ballast::host {

ProgressStyle progress_style(const ProgressOptions& options, bool json) {
  if (options.unwanted) return ProgressStyle::none;
  const bool terminal = ::isatty(STDERR_FILENO) == 1 && !json;
  if (!terminal) return options.wanted ? ProgressStyle::plain : ProgressStyle::none;
  return moves_cursor(STDERR_FILENO) ? ProgressStyle::terminal : ProgressStyle::plain;
}

void add_progress_options(CLI::App& verb, ProgressOptions& options) {
  CLI::Option* wanted =
      verb.add_flag("--progress", options.wanted, "Tell what is done, on standard error (default: on a terminal)");
  verb.add_flag("--no-progress", options.unwanted, "Tell nothing of what is done")->excludes(wanted);
}

ProgressDisplay::~ProgressDisplay() {
  if (style_ == ProgressStyle::terminal) clear_status_line();
}

journal::RunObserver ProgressDisplay::observer() {
  if (style_ == ProgressStyle::none) return {};
  return [this](const journal::RunRecord& record, journal::Recorded when) { show(record, when); };
}

void ProgressDisplay::show(const journal::RunRecord& record, journal::Recorded when) {
  using What = ProgressEvent::What;
  const core::Instant now = core::SystemClock().now();
  const auto event = progress_.take(record.json, when, now);
  if (when == journal::Recorded::earlier) return;
  if (style_ == ProgressStyle::terminal) clear_status_line();
  // How it ended, and remarks, are told by those who end it and make them.
  const bool told = event && event->what != What::ended && event->what != What::stopped && event->what != What::remark;
  // On a terminal what begins is in the line that is replaced.
  const bool replaced =
      style_ == ProgressStyle::terminal && event && (event->what == What::begun || event->what == What::waits);
  if (told && !replaced) {
    std::fflush(stdout);
    fmt::print(stderr, "{}\n", event_line(progress_, *event));
  }
  if (style_ != ProgressStyle::terminal) return;
  if (std::string status = status_text(progress_, now, false); !status.empty())
    show_status_line(STDERR_FILENO, std::move(status));
}

}  // namespace ballast::host
