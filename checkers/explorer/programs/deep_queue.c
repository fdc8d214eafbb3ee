// SPDX-License-Identifier: Apache-2.0
//
// One producer and four consumers of a bounded queue (Vyukov's, 16 cells): fails as soon as ten
// elements are in it at once. Schedules that switch threads at each step do not get there: the
// consumers take an element before the next one comes.
#include "checkers/explorer/programs/harness.h"

enum { kCells = 16, kConsumers = 4, kAttempts = 100, kDeep = 10 };

typedef struct {
  atomic_uint turn;
  int value;
} Cell;

static Cell cells[kCells];
static atomic_uint to_enqueue;
static atomic_uint to_dequeue;
static atomic_int queued;
static int taken[kConsumers];

static bool Enqueue(int value) {
  unsigned at = LOAD(to_enqueue, relaxed);
  for (;;) {
    Cell* cell = &cells[at % kCells];
    const int ahead = (int)(LOAD(cell->turn, acquire) - at);
    if (ahead < 0) return false;
    if (ahead == 0 && CAS(to_enqueue, &at, at + 1, relaxed, relaxed)) {
      cell->value = value;
      STORE(cell->turn, at + 1, release);
      return true;
    }
    if (ahead > 0) at = LOAD(to_enqueue, relaxed);
  }
}

static bool Dequeue(int* value) {
  unsigned at = LOAD(to_dequeue, relaxed);
  for (;;) {
    Cell* cell = &cells[at % kCells];
    const int ahead = (int)(LOAD(cell->turn, acquire) - (at + 1));
    if (ahead < 0) return false;
    if (ahead == 0 && CAS(to_dequeue, &at, at + 1, relaxed, relaxed)) {
      *value = cell->value;
      STORE(cell->turn, at + kCells, release);
      return true;
    }
    if (ahead > 0) at = LOAD(to_dequeue, relaxed);
  }
}

static void* Produce(void* unused) {
  (void)unused;
  for (int i = 0; i < kCells; ++i) {
    const bool enqueued = Enqueue(i + 1);
    assert(enqueued && ADD(queued, 1, relaxed) + 1 < kDeep);
  }
  return NULL;
}

static void* Consume(void* index) {
  const int i = (int)(intptr_t)index;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    int value = 0;
    if (!Dequeue(&value)) continue;
    ADD(queued, -1, relaxed);
    taken[i] += value;
  }
  return NULL;
}

int main(void) {
  for (unsigned i = 0; i < kCells; ++i) STORE(cells[i].turn, i, relaxed);
  Body* bodies[kConsumers + 1] = {Consume, Consume, Consume, Consume, Produce};
  RunThreads(kConsumers + 1, bodies);
  int sum = 0;
  for (int i = 0; i < kConsumers; ++i) sum += taken[i];
  assert(sum <= kCells * (kCells + 1) / 2);
  return 0;
}
