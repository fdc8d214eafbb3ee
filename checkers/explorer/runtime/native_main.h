// SPDX-License-Identifier: Apache-2.0
//
// In an object of its own: a program that it is linked into has a main() that runs as it is.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_NATIVE_MAIN_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_NATIVE_MAIN_H_

extern "C" const char heddle_explorer_main_is_native;

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_NATIVE_MAIN_H_
