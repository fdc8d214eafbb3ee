// SPDX-License-Identifier: Apache-2.0
// Part of the linked-in runtime only. Linked into a program built with ThreadSanitizer, the
// interposed functions would stand in the place of ThreadSanitizer's own, which then misses every
// lock and reports races that are none.
#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/text.h"

namespace {

__attribute__((constructor(101))) void refuse() {
  if (!heddle::lock_order::program_has_tsan()) return;
  (heddle::lock_order::Text<400>()
   << "heddle: this program is built with ThreadSanitizer and has //checkers/lock_order:interpose "
      "linked in; they cannot both stand in for the same functions.\n"
      "heddle: leave the dependency out under ThreadSanitizer, and run the program with "
      "libheddle_lockorder.so preloaded instead.\n")
      .write_to(2);
  syscall(SYS_exit_group, 1);
}

}  // namespace
