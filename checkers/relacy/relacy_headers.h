// SPDX-License-Identifier: Apache-2.0
//
// Relacy with its macros taken back. Only .cc files of this package include it: Relacy also defines
// the global operator new and delete (which DisableAllocationTracking in engine.cc makes plain
// malloc).
#ifndef HEDDLE_CHECKERS_RELACY_RELACY_HEADERS_H_
#define HEDDLE_CHECKERS_RELACY_RELACY_HEADERS_H_

// Whatever Relacy's macros would break must have been included before them.
#include <array>       // IWYU pragma: keep
#include <atomic>      // IWYU pragma: keep
#include <cassert>     // IWYU pragma: keep
#include <cerrno>      // IWYU pragma: keep
#include <chrono>      // IWYU pragma: keep
#include <cstdlib>     // IWYU pragma: keep
#include <functional>  // IWYU pragma: keep
#include <memory>      // IWYU pragma: keep
#include <optional>    // IWYU pragma: keep
#include <relacy/relacy.hpp>
#include <sstream>        // IWYU pragma: keep
#include <string>         // IWYU pragma: keep
#include <unordered_map>  // IWYU pragma: keep
#include <utility>        // IWYU pragma: keep
#include <vector>         // IWYU pragma: keep

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#define errno (*__errno_location())
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef $
#undef VAR
#undef VAR_T
#undef TLS_T

#endif  // HEDDLE_CHECKERS_RELACY_RELACY_HEADERS_H_
