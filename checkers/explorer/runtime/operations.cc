// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/operations.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <optional>

#include "checkers/explorer/runtime/describe.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/plain.h"
#include "checkers/explorer/runtime/shadow.h"

namespace heddle::explorer {
namespace {

// The execution is over for this thread: it is not run again.
[[noreturn]] void PerformLast(Operation& operation) {
  Perform(operation);
  __builtin_trap();
}

}  // namespace

void EndTrial() {
  Operation operation;
  operation.kind = Operation::Kind::kEndTrial;
  PerformLast(operation);
}

void Call::Fence(Order order) {
  Operation operation = Make(Operation::Kind::kFence);
  operation.access.order = order;
  Perform(operation);
}

int Call::Choose(int choices) {
  Operation operation = Make(Operation::Kind::kChoose);
  operation.number = choices;
  Perform(operation);
  return static_cast<int>(operation.answer.value);
}

bool Call::Expires() {
  Operation operation = Make(Operation::Kind::kChoose);
  operation.number = 2;
  operation.expires = true;
  Perform(operation);
  return operation.answer.value == 1;
}

void Call::Block() {
  Operation operation = Make(Operation::Kind::kBlock);
  operation.number = -1;
  PerformLast(operation);
}

void Call::Found(const char* verdict, const char* format, ...) {
  Fault fault;
  fault.verdict = verdict;
  fault.thread = thread();
  fault.site = site_;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(fault.message, sizeof fault.message, format, arguments);
  va_end(arguments);
  Report(fault);
}

void Call::Report(Fault& fault) {
  Operation operation = Make(Operation::Kind::kFault);
  operation.fault = &fault;
  PerformLast(operation);
}

void Call::Unsupported(const char* format, ...) {
  Fault fault;
  fault.thread = thread();
  fault.site = site_;
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(fault.message, sizeof fault.message, format, arguments);
  va_end(arguments);
  if (length >= 0 && static_cast<std::size_t>(length) < sizeof fault.message) {
    snprintf(fault.message + length, sizeof fault.message - static_cast<std::size_t>(length),
             " (called at %#lx)", static_cast<unsigned long>(site_));
  }
  Operation operation = Make(Operation::Kind::kFatal);
  operation.fault = &fault;
  PerformLast(operation);
}

void Call::Reads(const void* address, std::size_t size) {
  PlainRange(reinterpret_cast<std::uintptr_t>(address), size, false, site_);
}

void Call::Writes(const void* address, std::size_t size) {
  PlainRange(reinterpret_cast<std::uintptr_t>(address), size, true, site_);
}

void Call::Destroys(const void* object, std::size_t size, const char* what) {
  Shadow& shadow = *state().shadow;
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  for (std::uintptr_t at = address; at < address + size;) {
    const std::uintptr_t offset = at % Shadow::kGranule;
    const std::size_t part = std::min<std::size_t>(Shadow::kGranule - offset, address + size - at);
    const auto mask = static_cast<std::uint8_t>(((1U << part) - 1) << offset);
    const ShadowCell* const cell = shadow.Look(at);
    const ShadowAccess* const other =
        cell == nullptr ? nullptr : shadow.Unordered(*cell, mask, thread(), *state().clock);
    if (other != nullptr) {
      Fault fault;
      DescribeRace(at,
                   {.site = site_,
                    .position = state().position,
                    .thread = static_cast<std::uint8_t>(thread()),
                    .mask = mask,
                    .write = true,
                    .atomic = false},
                   *other, fault);
      fault.verdict = verdict::kDestroyedInUse;
      snprintf(fault.message, sizeof fault.message,
               "thread %d destroys the %s %p, which thread %d may still use", thread(), what,
               object, other->thread);
      Report(fault);
    }
    at += part;
  }
  Writes(object, size);
}

void* RealFunction(const char* name) {
  // Its tables of errors are thread-local.
  std::optional<OwnThreadPointer> own;
  if (state().mode != Mode::kNative) own.emplace();
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) Fatal("the C library has no %s", name);
  return found;
}

}  // namespace heddle::explorer
