// SPDX-License-Identifier: Apache-2.0
//
// HEDDLE_LITMUS_ACTORS names the function that this compilation defines.
#include "models/litmus/actors.h"

#include <atomic>
#include <cstddef>
#include <utility>

#include "checkers/explorer/relacy_outcomes/litmus_table.h"

#ifndef HEDDLE_LITMUS_ACTORS
#error "which actors?"
#endif

namespace heddle::litmus {
namespace {

template <std::size_t kTest, std::size_t kThread, std::size_t kStep>
void Do(Cells& cells) {
  constexpr Step kIt = kTests[kTest].threads[kThread][kStep];
  using Kind = Step::Kind;
  Variable& cell = kIt.variable == 'x' ? cells.x : kIt.variable == 'y' ? cells.y : cells.z;
  std::atomic<int>& variable = cell.value;
  int& read = cells.registers[kIt.reg].value;
  if constexpr (kIt.kind == Kind::kStore) {
    variable.store(kIt.value, kIt.order);
  } else if constexpr (kIt.kind == Kind::kCopy) {
    variable.store(read, kIt.order);
  } else if constexpr (kIt.kind == Kind::kLoad) {
    read = variable.load(kIt.order);
  } else if constexpr (kIt.kind == Kind::kAdd) {
    read = variable.fetch_add(kIt.value, kIt.order);
  } else if constexpr (kIt.kind == Kind::kCas) {
    read = kIt.expected;
    variable.compare_exchange_strong(read, kIt.value, kIt.order, std::memory_order_relaxed);
  } else if constexpr (kIt.kind == Kind::kFence) {
    std::atomic_thread_fence(kIt.order);
  }
}

template <std::size_t kTest, std::size_t kThread>
void Run(Cells& cells) {
  [&]<std::size_t... kStep>(std::index_sequence<kStep...>) {
    (Do<kTest, kThread, kStep>(cells), ...);
  }(std::make_index_sequence<kMostSteps>());
}

template <std::size_t... kTest>
constexpr Actors Table(std::index_sequence<kTest...> /*tests*/) {
  return {{{Run<kTest, 0>, Run<kTest, 1>, Run<kTest, 2>, Run<kTest, 3>}...}};
}
static_assert(kMostThreads == 4);

constexpr Actors kTable = Table(std::make_index_sequence<kTests.size()>());

}  // namespace

const Actors& HEDDLE_LITMUS_ACTORS() { return kTable; }

}  // namespace heddle::litmus
