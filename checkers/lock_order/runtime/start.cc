// SPDX-License-Identifier: Apache-2.0
// The runtime's own constructor. Calls may come before it, from other constructors: they start the
// runtime themselves.
#include "checkers/lock_order/runtime/recorder.h"

namespace {
__attribute__((constructor(101))) void start() { heddle::lock_order::g_recorder.initialize(); }
}  // namespace
