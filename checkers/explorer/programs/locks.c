// SPDX-License-Identifier: Apache-2.0
//
// N threads that each enter a critical section once, under locks of the textbook; and counters that
// need none.
#include "checkers/explorer/programs/harness.h"

static int entered;

static void Count(int n, Body* body) {
  entered = 0;
  RunSame(n, body);
  assert(entered == n);
}

static atomic_int counter;

static void* AddBody(void* unused) {
  (void)unused;
  ADD(counter, 1, relaxed);
  return NULL;
}
static void FetchAdd(int n) {
  RunSame(n, AddBody);
  assert(LOAD(counter, relaxed) == n);
}

static void* CasBody(void* unused) {
  (void)unused;
  int seen = LOAD(counter, relaxed);
  while (!CAS(counter, &seen, seen + 1, relaxed, relaxed)) {
  }
  return NULL;
}
static void CasIncrement(int n) {
  RunSame(n, CasBody);
  assert(LOAD(counter, relaxed) == n);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void* MutexBody(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  ++entered;
  pthread_mutex_unlock(&mutex);
  return NULL;
}
static void Mutex(int n) { Count(n, MutexBody); }

static atomic_int next_ticket, now_serving;

static void* TicketBody(void* unused) {
  (void)unused;
  const int ticket = ADD(next_ticket, 1, relaxed);
  while (LOAD(now_serving, acquire) != ticket) {
  }
  ++entered;
  STORE(now_serving, ticket + 1, release);
  return NULL;
}
static void Ticket(int n) { Count(n, TicketBody); }

static atomic_int flag;

static void* TasBody(void* unused) {
  (void)unused;
  while (EXCHANGE(flag, 1, acquire) != 0) {
  }
  ++entered;
  STORE(flag, 0, release);
  return NULL;
}
static void Tas(int n) { Count(n, TasBody); }

static void* TtasBody(void* unused) {
  (void)unused;
  do {
    while (LOAD(flag, relaxed) != 0) {
    }
  } while (EXCHANGE(flag, 1, acquire) != 0);
  ++entered;
  STORE(flag, 0, release);
  return NULL;
}
static void Ttas(int n) { Count(n, TtasBody); }

typedef struct McsNode {
  _Atomic(struct McsNode*) next;
  atomic_int locked;
} McsNode;
static McsNode mcs_nodes[MOST_THREADS];
static _Atomic(McsNode*) mcs_tail;

static void* McsBody(void* index) {
  McsNode* node = &mcs_nodes[(intptr_t)index];
  STORE(node->next, NULL, relaxed);
  STORE(node->locked, 1, relaxed);
  McsNode* before = EXCHANGE(mcs_tail, node, acq_rel);
  if (before != NULL) {
    STORE(before->next, node, release);
    while (LOAD(node->locked, acquire) != 0) {
    }
  }
  ++entered;
  McsNode* after = LOAD(node->next, acquire);
  if (after == NULL) {
    McsNode* self = node;
    if (CAS(mcs_tail, &self, NULL, release, relaxed)) return NULL;
    while ((after = LOAD(node->next, acquire)) == NULL) {
    }
  }
  STORE(after->locked, 0, release);
  return NULL;
}
static void Mcs(int n) { Count(n, McsBody); }

typedef struct {
  atomic_int locked;
} ClhNode;
static ClhNode clh_nodes[MOST_THREADS + 1];
static _Atomic(ClhNode*) clh_tail = &clh_nodes[MOST_THREADS];

static void* ClhBody(void* index) {
  ClhNode* node = &clh_nodes[(intptr_t)index];
  STORE(node->locked, 1, relaxed);
  ClhNode* before = EXCHANGE(clh_tail, node, acq_rel);
  while (LOAD(before->locked, acquire) != 0) {
  }
  ++entered;
  STORE(node->locked, 0, release);
  return NULL;
}
static void Clh(int n) { Count(n, ClhBody); }

// A writer takes all of it, a reader one of it.
enum { kAllReaders = 64 };
static atomic_int available = kAllReaders;

static void Take(int amount) {
  int seen = LOAD(available, relaxed);
  do {
    while (seen < amount) seen = LOAD(available, relaxed);
  } while (!CAS(available, &seen, seen - amount, acquire, relaxed));
}
static void* WriterBody(void* unused) {
  (void)unused;
  Take(kAllReaders);
  ++entered;
  ADD(available, kAllReaders, release);
  return NULL;
}
static void* ReaderBody(void* unused) {
  (void)unused;
  Take(1);
  const int seen = entered;
  assert(seen == 0 || seen == 1);
  ADD(available, 1, release);
  return NULL;
}
// One writer, n - 1 readers.
static void Rwlock(int n) {
  Body* bodies[MOST_THREADS] = {WriterBody};
  for (int i = 1; i < n; ++i) bodies[i] = ReaderBody;
  RunThreads(n, bodies);
  assert(entered == 1);
}

static atomic_uint sequence;
static atomic_int low, high;

static void* SeqlockWriterBody(void* unused) {
  (void)unused;
  const unsigned before = LOAD(sequence, relaxed);
  STORE(sequence, before + 1, relaxed);
  FENCE(release);
  STORE(low, 1, relaxed);
  STORE(high, 1, relaxed);
  STORE(sequence, before + 2, release);
  return NULL;
}
static void* SeqlockReaderBody(void* unused) {
  (void)unused;
  unsigned before;
  unsigned after;
  int seen_low;
  int seen_high;
  do {
    before = LOAD(sequence, acquire);
    seen_low = LOAD(low, relaxed);
    seen_high = LOAD(high, relaxed);
    FENCE(acquire);
    after = LOAD(sequence, relaxed);
  } while (before != after || before % 2 != 0);
  assert(seen_low == seen_high);
  return NULL;
}
static void Seqlock(int n) {
  Body* bodies[MOST_THREADS] = {SeqlockWriterBody};
  for (int i = 1; i < n; ++i) bodies[i] = SeqlockReaderBody;
  RunThreads(n, bodies);
}

static atomic_int arrived, generation;
static int parties;
static int shares[MOST_THREADS];

static void* BarrierBody(void* index) {
  const int i = (int)(intptr_t)index;
  shares[i] = 1;
  const int now = LOAD(generation, relaxed);
  if (ADD(arrived, 1, acq_rel) == parties - 1) {
    STORE(generation, now + 1, release);
  } else {
    while (LOAD(generation, acquire) == now) {
    }
  }
  for (int other = 0; other < parties; ++other) assert(shares[other] == 1);
  return NULL;
}
static void Barrier(int n) {
  parties = n;
  RunSame(n, BarrierBody);
}

// Two locks at once: who does not get the second one gives the first one back. Two threads that
// want them in different orders can do that in step, for ever.
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t right = PTHREAD_MUTEX_INITIALIZER;

static void TakeBoth(pthread_mutex_t* first, pthread_mutex_t* second) {
  while (!TryBoth(first, second)) {
  }
  ++entered;
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}
static void* LeftRight(void* unused) {
  (void)unused;
  TakeBoth(&left, &right);
  return NULL;
}
static void* RightLeft(void* unused) {
  (void)unused;
  TakeBoth(&right, &left);
  return NULL;
}
static void BackOff(int n) {
  Body* bodies[MOST_THREADS];
  for (int i = 0; i < n; ++i) bodies[i] = i % 2 == 0 ? LeftRight : RightLeft;
  RunThreads(n, bodies);
  assert(entered == n);
}
static void BackOffInOrder(int n) {
  RunSame(n, LeftRight);
  assert(entered == n);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"fetch_add", FetchAdd},
      {"cas_increment", CasIncrement},
      {"mutex", Mutex},
      {"ticket", Ticket},
      {"tas", Tas},
      {"ttas", Ttas},
      {"mcs", Mcs},
      {"clh", Clh},
      {"rwlock", Rwlock},
      {"seqlock", Seqlock},
      {"barrier", Barrier},
      {"back_off", BackOff},
      {"back_off_in_order", BackOffInOrder},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
