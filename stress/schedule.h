// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_SCHEDULE_H_
#define HEDDLE_STRESS_SCHEDULE_H_

#include <cstddef>
#include <string>

#include "stress/harness.h"

namespace heddle::stress {

// What the threads did in the instance of that number in the group's round, in the order of time,
// for the explorer (checkers/explorer/engine/schedule.h, which says what a line means). Empty: that
// is not kept any more.
std::string ScheduleOf(const Group& group, std::size_t instance);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_SCHEDULE_H_
