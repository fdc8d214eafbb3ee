// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/native_main.h"

extern "C" __attribute__((visibility("default"))) const char heddle_explorer_main_is_native = 1;
