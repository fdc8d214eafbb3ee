// SPDX-License-Identifier: Apache-2.0
//
// Stands before libstdc++'s. Up to C++17 std::string's functions would be the library's own, which
// is not instrumented; so each program has them compiled into it, as from C++20 on.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_INCLUDE_BITS_CXXCONFIG_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_INCLUDE_BITS_CXXCONFIG_H_

#pragma GCC system_header

#include_next <bits/c++config.h>

#undef _GLIBCXX_EXTERN_TEMPLATE
#define _GLIBCXX_EXTERN_TEMPLATE -1

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_INCLUDE_BITS_CXXCONFIG_H_
