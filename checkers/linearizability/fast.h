// SPDX-License-Identifier: Apache-2.0
//
// Histories that can be decided without a search, because no value is put in twice: what can go
// wrong is then one of a few patterns of intervals. All take O(n log n) time and O(n) memory and
// say nullopt where they do not apply.
//
// An item is in the container for certain after its push has returned and before its pop was
// called; the patterns are about these open intervals.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_FAST_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_FAST_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

// The functions of containers: push(argument), pop() -> result or kNone. A push that returned 0
// found the container full.
enum ContainerFunction : std::int32_t { kPush, kPop };

// T. Henzinger, A. Sezgin, V. Vafeiadis: Aspect-oriented linearizability proofs (CONCUR 2013): a
// queue is wrong only if a value is popped before it is pushed (VFresh) or twice (VRepeat), an
// older value stays while a newer one is popped (VOrd), or "empty" is returned while values that
// cover the whole call are in for certain (VWit).
std::optional<FastVerdict> FastQueue(std::span<const Operation> operations);

// The same with VOrd among the values of one process only.
std::optional<FastVerdict> FastQueuePerProducer(std::span<const Operation> operations);

// At a time at which no item is in for certain the stack can be empty, and what comes before and
// after it can be judged apart. Between two such times some item lies at the bottom: its push can
// be the first and its pop the last of all. Any such item will do, because without it the rest is
// as possible as before; without one there is no order. (P. A. Abdulla et al., Efficient
// linearizability monitoring, PLDI 2025, divide a stack's history at such times, too; their
// algorithm is quadratic.)
std::optional<FastVerdict> FastStack(std::span<const Operation> operations);

// P. Gibbons, E. Korach: Testing shared memories (SIAM J. Computing 26, 1997), section 4: of the
// reads of each value with its write, the time between the first return and the last call must not
// overlap with another value's, nor contain the time that another value has at least.
// `read` and `write` are the functions; all operations are on one register.
std::optional<FastVerdict> FastRegister(std::span<const Operation> operations, std::int32_t read,
                                        std::int32_t write, Value initial);

// lock(), try_lock() -> 0 or 1, unlock(); by the process that holds it. The order of critical
// sections is known, so what remains is whether try_lock() failed while the mutex was free.
enum MutexFunction : std::int32_t { kLock, kTryLock, kUnlock };
std::optional<FastVerdict> FastMutex(std::span<const Operation> operations);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_FAST_H_
