#include "host/limits.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/error.hpp"
#include "host/status_line.hpp"

namespace ballast::host {
namespace {

constexpr double kGraceSeconds = 1.0;  // a C call may run this long past the limit before the process is ended

std::atomic<bool> interrupted{false}, interrupted_by_key{false};
std::atomic<bool> ends_when_idle{true};
std::atomic<lua_State*> interruptible{nullptr};
std::atomic<bind::Context*> interruptible_context{nullptr};

void raise_in_script(lua_State* L, lua_Debug*) {
  // Armed at every instruction from now on: a protected call that catches this is stopped again at once.
  bind::Context& context = bind::context_of(L);
  lua_sethook(L, &raise_in_script, LUA_MASKCOUNT | LUA_MASKCALL | LUA_MASKRET, 1);
  if (interrupted.load()) context.limit_text = "interrupted";
  lua_pushlstring(L, context.limit_text.data(), context.limit_text.size());
  lua_error(L);
}

constexpr std::int64_t kCountedAtOnce =
    1000;  // what C functions spend is noticed after so many instructions at the latest

void count_next(lua_State* L, std::int64_t left);

void count_out(lua_State* L, lua_Debug* activation) {
  bind::Context& context = bind::context_of(L);
  context.instructions_left -= lua_gethookcount(L);
  if (context.instructions_left > 0) return count_next(L, context.instructions_left);
  context.stop.request();
  raise_in_script(L, activation);
}

void count_next(lua_State* L, std::int64_t left) {
  lua_sethook(L, &count_out, LUA_MASKCOUNT, static_cast<int>(std::min(left, kCountedAtOnce)));
}

void on_interrupt(int signal) {
  lua_State* L = interruptible.load();
  if (L == nullptr && !ends_when_idle.load()) return;
  const bool first = !interrupted.exchange(true);
  // A closed terminal or a supervisor sends more than one; the end of the run is recorded all the same.
  const bool again = signal == SIGINT && interrupted_by_key.exchange(true);
  if (!first && !again && L != nullptr) return;
  if (again || L == nullptr) {  // a second Ctrl-C does not wait
    clear_status_line();
    std::_Exit(130);
  }
  interruptible_context.load()->stop.request();
  lua_sethook(L, &raise_in_script, LUA_MASKCOUNT | LUA_MASKCALL | LUA_MASKRET, 1);
}

}  // namespace

// What the signal handler needs; its address travels in the signal.
struct Watched {
  lua_State* state = nullptr;
  bind::Context* context = nullptr;
};

struct TimeLimit::Armed {
  Watched watched;
  timer_t timer{};
  lua_State* outer_state = nullptr;  // policies run inside runbooks
  bind::Context* outer_context = nullptr;
};

namespace {

// Runs on the thread whose time is limited, so nothing else touches the state at this moment.
void on_timer(int, siginfo_t* info, void*) {
  const auto* watched = static_cast<const Watched*>(info->si_value.sival_ptr);
  if (watched->context->stop.requested()) {
    clear_status_line();
    static constexpr char kText[] = "ballast: a script did not stop in time after its limit; the process ends\n";
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, kText, sizeof kText - 1);
    std::_Exit(3);
  }
  watched->context->stop.request();
  lua_sethook(watched->state, &raise_in_script, LUA_MASKCOUNT | LUA_MASKCALL | LUA_MASKRET, 1);
}

int timer_signal() {
  static const int signal_number = [] {
    struct sigaction action {};
    action.sa_sigaction = &on_timer;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGRTMIN + 1, &action, nullptr);
    return SIGRTMIN + 1;
  }();
  return signal_number;
}

timespec to_timespec(double seconds) {
  timespec out{};
  out.tv_sec = static_cast<time_t>(seconds);
  out.tv_nsec = static_cast<long>((seconds - static_cast<double>(out.tv_sec)) * 1e9);
  if (out.tv_sec == 0 && out.tv_nsec == 0) out.tv_nsec = 1;
  return out;
}

}  // namespace

TimeLimit::TimeLimit(lua_State* L, bind::Context& context, double seconds) : armed_(std::make_unique<Armed>()) {
  armed_->watched = {L, &context};
  armed_->outer_state = interruptible.exchange(L);
  armed_->outer_context = interruptible_context.exchange(&context);
  context.limit_text = fmt::format("the time limit of {} s is reached", seconds);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = timer_signal();
  event.sigev_value.sival_ptr = &armed_->watched;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &armed_->timer) != 0) {
    throw core::Error(core::Code::internal, fmt::format("no timer for the time limit: {}", std::strerror(errno)));
  }
  itimerspec setting{};
  setting.it_value = to_timespec(seconds);
  setting.it_interval = to_timespec(kGraceSeconds);
  timer_settime(armed_->timer, 0, &setting, nullptr);
}

TimeLimit::~TimeLimit() {
  timer_delete(armed_->timer);
  interruptible.store(armed_->outer_state);
  interruptible_context.store(armed_->outer_context);
}

void limit_instructions(lua_State* L, bind::Context& context, std::int64_t count) {
  context.limit_text = fmt::format("the limit of {} instructions is reached", count);
  context.instructions_left = count;
  count_next(L, count);
}

void spend_instructions(lua_State* L, std::int64_t count) {
  bind::Context& context = bind::context_of(L);
  context.instructions_left -= count;
  if (context.instructions_left <= 0) context.stop.request();
  if (context.stop.requested()) raise_in_script(L, nullptr);
}

void stop_on_interrupt(WhenIdle idle) {
  ends_when_idle.store(idle == WhenIdle::end_process);
  struct sigaction action {};
  action.sa_handler = &on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  if (idle == WhenIdle::go_on) return;  // a session that is told to end ends: it has nothing to record
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  // Ignored by nohup: whoever started this wants it to outlive the terminal.
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

bool was_interrupted() noexcept { return interrupted.load(); }
void clear_interrupt() noexcept {
  interrupted.store(false);
  interrupted_by_key.store(false);
}

}  // namespace ballast::host
