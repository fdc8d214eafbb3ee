// SPDX-License-Identifier: Apache-2.0
//
// States of a thread that differ in the time only. A turn of a loop that looks at the clock never
// comes back to the same state: `while (!ready) changed.wait_for(lock, 5ms)` has another deadline
// each time. But if the thread would have been in this very state already at the turn's beginning,
// had it all happened later by as much as has passed since, then it goes on from here just as it
// would have from there: what a program does hangs on how much time passes, not on the date.
//
// Whether that is so is tried: the execution is run once more up to the turn's beginning, in a
// process of its own, with clocks that start later by that much. A time in whole seconds may not
// show that, so it is run a day later, too, and up to the turn's end with a day in between.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_LATER_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_LATER_H_

#include <cstddef>
#include <cstdint>

namespace heddle::explorer {

inline constexpr std::int64_t kSecond = 1'000'000'000;  // in nanoseconds
// Of all clocks, in seconds.
inline constexpr std::int64_t kClockStart = 1'600'000'000;

// Whether two states of `size` bytes may be the same but for times, which are `passed` nanoseconds
// later in `now`: a quick look before it is tried. Where it says no they are not taken for the
// same.
bool MayDifferInTime(const unsigned char* then, const unsigned char* now, std::size_t size,
                     std::int64_t passed);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_LATER_H_
