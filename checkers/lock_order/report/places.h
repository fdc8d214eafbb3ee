// SPDX-License-Identifier: Apache-2.0
//
// Which frames of a stack a reader wants to see, and how their files are called.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_PLACES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_PLACES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {

// Stands for the directory of the build where a compiler was told to leave no trace of it.
inline constexpr absl::string_view kAnonymousDirectory = "/proc/self/cwd/";

// Without "." and ".." parts, as far as that can be known from the text alone.
std::string NormalPath(absl::string_view path);

// A header that programs include by <...>: of the C++ library, the system or the compiler. Returns
// what stands between the brackets, else nothing.
std::string SystemInclude(absl::string_view file);

// The C and C++ libraries, the loader, and the recorder where it is preloaded.
bool IsRuntimeModule(absl::string_view module);

// "<mutex>" for system headers, relative for files below `directory`, else normalized.
std::string ShortPath(absl::string_view file, absl::string_view directory);

// The numbers of the frames that say where in the program a stack is: those of system headers, and
// at the outer end those of the runtime (thread start) are left out. All if nothing else is left.
std::vector<std::size_t> FramesOfInterest(const std::vector<ReportFrame>& frames);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_PLACES_H_
