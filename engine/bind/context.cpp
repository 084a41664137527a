#include "bind/context.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::bind {

std::string_view effect_name(Effect effect) noexcept {
  switch (effect) {
    case Effect::pure: return "pure";
    case Effect::reads_clock: return "reads_clock";
    case Effect::reads_market: return "reads_market";
    case Effect::reads_files: return "reads_files";
    case Effect::reads_journal: return "reads_journal";
    case Effect::writes_files: return "writes_files";
    case Effect::writes_journal: return "writes_journal";
    case Effect::talks: return "talks";
  }
  return "unknown";
}

Context::~Context() {
  while (first_ != nullptr) drop(first_);
}

Held* Context::hold(std::shared_ptr<const void> data, std::size_t bytes) {
  if (memory.used + bytes > memory.limit) {
    memory.exhausted = true;
    throw core::Error(core::Code::memory, fmt::format("the memory limit of {} MiB is reached", memory.limit >> 20));
  }
  Held* const held = new Held{std::move(data), bytes, nullptr, first_};
  if (first_ != nullptr) first_->previous = held;
  first_ = held;
  memory.used += bytes;
  if (memory.used > memory.peak) memory.peak = memory.used;
  return held;
}

void Context::drop(Held* held) noexcept {
  (held->previous != nullptr ? held->previous->next : first_) = held->next;
  if (held->next != nullptr) held->next->previous = held->previous;
  memory.used -= held->bytes;
  delete held;
}

}  // namespace ballast::bind
