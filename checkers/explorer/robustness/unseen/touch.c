// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/robustness/unseen/foreign.h"

void ForeignTouch(int* number) { __atomic_fetch_add(number, 1, __ATOMIC_SEQ_CST); }
