// SPDX-License-Identifier: Apache-2.0
//
// What is built without instrumentation, beside a program that is built with it.
#ifndef HEDDLE_CHECKERS_EXPLORER_ROBUSTNESS_UNSEEN_FOREIGN_H_
#define HEDDLE_CHECKERS_EXPLORER_ROBUSTNESS_UNSEEN_FOREIGN_H_

// Adds one: atomically in touch.c, not so in plain.c.
void ForeignTouch(int* number);

int ForeignSum(int a, int b);

#endif  // HEDDLE_CHECKERS_EXPLORER_ROBUSTNESS_UNSEEN_FOREIGN_H_
