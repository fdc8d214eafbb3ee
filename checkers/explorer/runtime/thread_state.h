// SPDX-License-Identifier: Apache-2.0
//
// The state of a program thread that is suspended at an operation: what decides, together with
// memory, what it does from there on.
//
// - At an atomic operation: the registers as its call left them, and the stack above (Frame).
// - In a modelled function: the operation, what the function's earlier operations were answered
//   (with its arguments, that is all it goes by), and of the program the stack pointer, the stack
//   above and the registers that a call keeps, as they were when the function was called. Nothing
//   of the frames that the runtime's own functions have on the thread's stack: what those hold is
//   a matter of how the runtime was compiled.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_STATE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/runtime/operation.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {

struct Fiber;

// What an operation of a modelled function was answered.
struct CallAnswer {
  Value value = 0;
  bool success = false;
};

class ThreadState {
 public:
  // Of what is on the stack now: it has to stay for as long as this is looked at. `operation` is
  // what a modelled function asks for; null: an atomic operation of the program's own.
  void Take(const Fiber& fiber, const Operation* operation, const std::vector<CallAnswer>& answers);

  // Where the program's part of the stack begins, and how long it is.
  const unsigned char* stack() const { return stack_; }
  std::size_t stack_size() const { return stack_size_; }
  // The rest of the state.
  const unsigned char* rest() const { return reinterpret_cast<const unsigned char*>(rest_.data()); }
  std::size_t rest_size() const { return rest_.size() * sizeof(std::uint64_t); }
  // Both, one after the other.
  std::vector<unsigned char> Bytes() const {
    std::vector<unsigned char> bytes(stack(), stack() + stack_size());
    bytes.insert(bytes.end(), rest(), rest() + rest_size());
    return bytes;
  }

 private:
  static constexpr std::size_t kKept = 6;     // registers that a function keeps for its caller
  static constexpr std::size_t kLevels = 16;  // of the runtime's functions on a stack, at most
  static constexpr std::size_t kWays = 256;

  using Registers = std::array<std::uint64_t, kKept>;
  // The way from a suspended thread's frame to where the program has called: offsets from the
  // frame. It hangs on the return addresses alone, as the runtime's functions have frames of one
  // size each.
  struct Way {
    Site site = 0;  // 0: none
    std::uint16_t levels = 0;
    std::array<std::uint16_t, kLevels> at{};  // of return addresses,
    std::array<Site, kLevels> returns{};      // and those
    std::array<std::uint16_t, kKept> kept{};
    std::uint16_t stack = 0;  // the program's
  };
  class Unwinder;

  // Where the program's stack goes on behind its call, and with what registers. False: it is called
  // by something that cannot be unwound to.
  bool FindCaller(const Fiber& fiber, Site site, Registers& registers);

  const unsigned char* stack_ = nullptr;
  std::size_t stack_size_ = 0;
  std::vector<std::uint64_t> rest_;
  std::vector<Way> ways_;
};

// Of the thread's stack all that is below `frame` and may have been written to by the runtime: the
// program's next calls find there what those of the turn before have found.
void ClearBelow(const Fiber& fiber, void* frame);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREAD_STATE_H_
