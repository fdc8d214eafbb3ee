// SPDX-License-Identifier: Apache-2.0
//
// Has no instruction that stands out.
#include "checkers/explorer/robustness/unseen/foreign.h"

void ForeignTouch(int* number) { ++*number; }
