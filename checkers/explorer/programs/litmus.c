// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests: a few accesses each, whose executions can be counted by hand or by enumeration.
// With a second argument "ask" the program asserts that the named outcome does not occur.
#include "checkers/explorer/programs/harness.h"

static atomic_int x, y;
static int r[4];

#define THREAD(name, ...)           \
  static void* name(void* unused) { \
    (void)unused;                   \
    __VA_ARGS__;                    \
    return NULL;                    \
  }

// Store buffering.
THREAD(sb0, STORE(x, 1, relaxed); r[0] = LOAD(y, relaxed))
THREAD(sb1, STORE(y, 1, relaxed); r[1] = LOAD(x, relaxed))
THREAD(sb_fenced0, STORE(x, 1, relaxed); FENCE(seq_cst); r[0] = LOAD(y, relaxed))
THREAD(sb_fenced1, STORE(y, 1, relaxed); FENCE(seq_cst); r[1] = LOAD(x, relaxed))
THREAD(sb_mixed1, STORE(y, 1, seq_cst); r[1] = LOAD(x, seq_cst))
static bool BothZero(void) { return r[0] == 0 && r[1] == 0; }

// Message passing.
THREAD(mp0, STORE(x, 1, relaxed); STORE(y, 1, relaxed))
THREAD(mp1, r[0] = LOAD(y, relaxed); r[1] = LOAD(x, relaxed))
THREAD(mp_release0, STORE(x, 1, relaxed); STORE(y, 1, release))
THREAD(mp_acquire1, r[0] = LOAD(y, acquire); r[1] = LOAD(x, relaxed))
THREAD(mp_fenced0, STORE(x, 1, relaxed); FENCE(release); STORE(y, 1, relaxed))
THREAD(mp_fenced1, r[0] = LOAD(y, relaxed); FENCE(acquire); r[1] = LOAD(x, relaxed))
THREAD(mp_deep0, STORE(x, 1, relaxed); STORE(x, 2, relaxed); STORE(x, 3, relaxed);
       STORE(y, 1, relaxed))
static bool FlagWithoutData(void) { return r[0] == 1 && r[1] == 0; }

// A release sequence does not go on over a later store of the same thread (C++20).
THREAD(release_sequence0, STORE(x, 1, relaxed); STORE(y, 1, release); STORE(y, 2, relaxed))
static bool LaterFlagWithoutData(void) { return r[0] == 2 && r[1] == 0; }
// It does over a read-modify-write of another one.
THREAD(rmw_sequence1, ADD(y, 1, relaxed))
THREAD(rmw_sequence2, r[0] = LOAD(y, acquire); r[1] = LOAD(x, relaxed))

// Independent reads of independent writes.
THREAD(write_x, STORE(x, 1, relaxed))
THREAD(write_y, STORE(y, 1, relaxed))
THREAD(iriw2, r[0] = LOAD(x, relaxed); r[1] = LOAD(y, relaxed))
THREAD(iriw3, r[2] = LOAD(y, relaxed); r[3] = LOAD(x, relaxed))
THREAD(write_x_sc, STORE(x, 1, seq_cst))
THREAD(write_y_sc, STORE(y, 1, seq_cst))
THREAD(iriw_sc2, r[0] = LOAD(x, seq_cst); r[1] = LOAD(y, seq_cst))
THREAD(iriw_sc3, r[2] = LOAD(y, seq_cst); r[3] = LOAD(x, seq_cst))
THREAD(iriw_fenced2, r[0] = LOAD(x, relaxed); FENCE(seq_cst); r[1] = LOAD(y, relaxed))
THREAD(iriw_fenced3, r[2] = LOAD(y, relaxed); FENCE(seq_cst); r[3] = LOAD(x, relaxed))
static bool InTwoOrders(void) { return r[0] == 1 && r[1] == 0 && r[2] == 1 && r[3] == 0; }

// 2+2W, S, R, LB.
THREAD(w22_0, STORE(x, 1, relaxed); STORE(y, 2, relaxed))
THREAD(w22_1, STORE(y, 1, relaxed); STORE(x, 2, relaxed))
THREAD(w22_fenced0, STORE(x, 1, relaxed); FENCE(seq_cst); STORE(y, 2, relaxed))
THREAD(w22_fenced1, STORE(y, 1, relaxed); FENCE(seq_cst); STORE(x, 2, relaxed))
static bool FirstWritesLast(void) { return LOAD(x, relaxed) == 1 && LOAD(y, relaxed) == 1; }
THREAD(s0, STORE(x, 2, relaxed); STORE(y, 1, relaxed))
THREAD(s1, r[0] = LOAD(y, relaxed); STORE(x, 1, relaxed))
THREAD(s_release0, STORE(x, 2, relaxed); STORE(y, 1, release))
THREAD(s_acquire1, r[0] = LOAD(y, acquire); STORE(x, 1, relaxed))
static bool OverwrittenByEarlier(void) { return r[0] == 1 && LOAD(x, relaxed) == 2; }
THREAD(r0, STORE(x, 1, relaxed); STORE(y, 1, relaxed))
THREAD(r1, STORE(y, 2, relaxed); r[0] = LOAD(x, relaxed))
THREAD(r_fenced0, STORE(x, 1, relaxed); FENCE(seq_cst); STORE(y, 1, relaxed))
THREAD(r_fenced1, STORE(y, 2, relaxed); FENCE(seq_cst); r[0] = LOAD(x, relaxed))
static bool LastWriteBlind(void) { return LOAD(y, relaxed) == 2 && r[0] == 0; }
THREAD(lb0, r[0] = LOAD(x, relaxed); STORE(y, 1, relaxed))
THREAD(lb1, r[1] = LOAD(y, relaxed); STORE(x, 1, relaxed))
static bool BothOne(void) { return r[0] == 1 && r[1] == 1; }

// Coherence of one location.
THREAD(corr0, STORE(x, 1, relaxed); STORE(x, 2, relaxed))
THREAD(corr1, r[0] = LOAD(x, relaxed); r[1] = LOAD(x, relaxed))
static bool Backwards(void) { return r[0] == 2 && r[1] == 1; }
THREAD(write_x_2, STORE(x, 2, relaxed))
THREAD(corr2_2, r[0] = LOAD(x, relaxed); r[1] = LOAD(x, relaxed))
THREAD(corr2_3, r[2] = LOAD(x, relaxed); r[3] = LOAD(x, relaxed))
static bool InBothOrders(void) { return r[0] == 1 && r[1] == 2 && r[2] == 2 && r[3] == 1; }

// Write-to-read causality.
THREAD(wrc1, r[0] = LOAD(x, relaxed); STORE(y, 1, relaxed))
THREAD(wrc2, r[1] = LOAD(y, relaxed); r[2] = LOAD(x, relaxed))
static bool CauseUnseen(void) { return r[0] == 1 && r[1] == 1 && r[2] == 0; }

// Z6.U, where published RC11 allows what a stronger reading of its SC axiom forbids.
THREAD(z6u0, STORE(x, 1, seq_cst); STORE(y, 1, release))
THREAD(z6u1, r[0] = ADD(y, 1, seq_cst); r[1] = LOAD(y, relaxed))
THREAD(z6u2, STORE(y, 3, seq_cst); r[2] = LOAD(x, seq_cst))
static bool Z6u(void) { return r[0] == 1 && r[1] == 3 && r[2] == 0; }

typedef struct {
  const char* name;
  Body* bodies[5];
  bool (*outcome)(void);
} Litmus;

static const Litmus kAll[] = {
    {"sb", {sb0, sb1}, BothZero},
    {"sb_fenced", {sb_fenced0, sb_fenced1}, BothZero},
    {"sb_mixed", {sb_fenced0, sb_mixed1}, BothZero},
    {"mp", {mp0, mp1}, FlagWithoutData},
    {"mp_release_acquire", {mp_release0, mp_acquire1}, FlagWithoutData},
    {"mp_fenced", {mp_fenced0, mp_fenced1}, FlagWithoutData},
    {"mp_deep", {mp_deep0, mp1}, FlagWithoutData},
    {"release_sequence", {release_sequence0, mp_acquire1}, LaterFlagWithoutData},
    {"rmw_sequence", {mp_release0, rmw_sequence1, rmw_sequence2}, LaterFlagWithoutData},
    {"iriw", {write_x, write_y, iriw2, iriw3}, InTwoOrders},
    {"iriw_sc", {write_x_sc, write_y_sc, iriw_sc2, iriw_sc3}, InTwoOrders},
    {"iriw_fenced", {write_x, write_y, iriw_fenced2, iriw_fenced3}, InTwoOrders},
    {"2+2w", {w22_0, w22_1}, FirstWritesLast},
    {"2+2w_fenced", {w22_fenced0, w22_fenced1}, FirstWritesLast},
    {"s", {s0, s1}, OverwrittenByEarlier},
    {"s_release_acquire", {s_release0, s_acquire1}, OverwrittenByEarlier},
    {"r", {r0, r1}, LastWriteBlind},
    {"r_fenced", {r_fenced0, r_fenced1}, LastWriteBlind},
    {"lb", {lb0, lb1}, BothOne},
    {"corr", {corr0, corr1}, Backwards},
    {"corr2", {write_x, write_x_2, corr2_2, corr2_3}, InBothOrders},
    {"wrc", {write_x, wrc1, wrc2}, CauseUnseen},
    {"z6u", {z6u0, z6u1, z6u2}, Z6u},
};

int main(int argc, char** argv) {
  for (size_t i = 0; argc > 1 && i < sizeof kAll / sizeof *kAll; ++i) {
    const Litmus* litmus = &kAll[i];
    if (strcmp(argv[1], litmus->name) != 0) continue;
    int threads = 0;
    while (litmus->bodies[threads] != NULL) ++threads;
    RunThreads(threads, litmus->bodies);
    if (argc > 2 && strcmp(argv[2], "ask") == 0) assert(!litmus->outcome());
    return 0;
  }
  fprintf(stderr, "usage: %s NAME [ask]\n", argv[0]);
  for (size_t i = 0; i < sizeof kAll / sizeof *kAll; ++i) fprintf(stderr, "  %s\n", kAll[i].name);
  return 2;
}
