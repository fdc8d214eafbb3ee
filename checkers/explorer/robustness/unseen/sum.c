// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/robustness/unseen/foreign.h"

int ForeignSum(int a, int b) { return a + b; }
