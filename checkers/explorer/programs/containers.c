// SPDX-License-Identifier: Apache-2.0
//
// Lock-free stacks and queues of the literature, small.
#include "checkers/explorer/programs/harness.h"

typedef struct Node {
  _Atomic(struct Node*) next;
  int value;
} Node;

static int popped[MOST_THREADS];

static void CheckSum(int n, int first) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += popped[i];
  assert(sum == n * (n + 1) / 2 + first);
}

// Treiber's stack; nodes are never used again. Each thread pushes and then pops.
static Node stack_nodes[MOST_THREADS];
static _Atomic(Node*) top;

static void* TreiberBody(void* index) {
  const int i = (int)(intptr_t)index;
  Node* node = &stack_nodes[i];
  node->value = i + 1;
  Node* seen = LOAD(top, relaxed);
  do {
    STORE(node->next, seen, relaxed);
  } while (!CAS(top, &seen, node, release, relaxed));
  seen = LOAD(top, acquire);
  while (seen != NULL && !CAS(top, &seen, LOAD(seen->next, relaxed), acquire, acquire)) {
  }
  popped[i] = seen != NULL ? seen->value : 0;
  return NULL;
}
static void Treiber(int n) {
  RunSame(n, TreiberBody);
  CheckSum(n, 0);
}

// Michael and Scott's queue; nodes are never used again. Each thread enqueues and then dequeues.
static Node queue_nodes[MOST_THREADS + 1];
static _Atomic(Node*) head = &queue_nodes[MOST_THREADS];
static _Atomic(Node*) tail = &queue_nodes[MOST_THREADS];

static void Enqueue(Node* node) {
  for (;;) {
    Node* last = LOAD(tail, acquire);
    Node* next = LOAD(last->next, acquire);
    if (next != NULL) {
      CAS(tail, &last, next, release, relaxed);
      continue;
    }
    if (CAS(last->next, &next, node, release, relaxed)) {
      CAS(tail, &last, node, release, relaxed);
      return;
    }
  }
}
static int Dequeue(void) {
  for (;;) {
    Node* first = LOAD(head, acquire);
    Node* next = LOAD(first->next, acquire);
    if (next == NULL) return 0;
    // The tail never falls behind the head.
    Node* last = LOAD(tail, acquire);
    if (first == last) CAS(tail, &last, next, release, relaxed);
    if (CAS(head, &first, next, acq_rel, relaxed)) return next->value;
  }
}
static void* MichaelScottBody(void* index) {
  const int i = (int)(intptr_t)index;
  queue_nodes[i].value = i + 1;
  Enqueue(&queue_nodes[i]);
  popped[i] = Dequeue();
  return NULL;
}
static void MichaelScott(int n) {
  RunSame(n, MichaelScottBody);
  CheckSum(n, 0);
}

// A ring of two between one producer and one consumer, which pass n values.
static int ring[2];
static atomic_int written, taken;
static int passed;
static int received[MOST_THREADS];

static void* ProducerBody(void* unused) {
  (void)unused;
  for (int i = 0; i < passed; ++i) {
    const int at = LOAD(written, relaxed);
    while (at - LOAD(taken, acquire) == 2) {
    }
    ring[at % 2] = i + 1;
    STORE(written, at + 1, release);
  }
  return NULL;
}
static void* ConsumerBody(void* unused) {
  (void)unused;
  for (int i = 0; i < passed; ++i) {
    const int at = LOAD(taken, relaxed);
    while (LOAD(written, acquire) == at) {
    }
    received[i] = ring[at % 2];
    STORE(taken, at + 1, release);
  }
  return NULL;
}
static void Spsc(int n) {
  passed = n;
  RunThreads(2, (Body* const[]){ProducerBody, ConsumerBody});
  for (int i = 0; i < n; ++i) assert(received[i] == i + 1);
}

// Chase and Lev's deque, in the C11 form of Le, Pop, Cohen and Nardelli (PPoPP 2013), of fixed
// size. The owner pushes two and takes one; n - 1 thieves steal one each.
static atomic_int deque[8];
static atomic_long bottom, oldest;

static void Push(int value) {
  const long b = LOAD(bottom, relaxed);
  STORE(deque[b % 8], value, relaxed);
  FENCE(release);
  STORE(bottom, b + 1, relaxed);
}
static int TakeNewest(void) {
  const long b = LOAD(bottom, relaxed) - 1;
  STORE(bottom, b, relaxed);
  FENCE(seq_cst);
  long t = LOAD(oldest, relaxed);
  if (t > b) {
    STORE(bottom, b + 1, relaxed);
    return 0;
  }
  int value = LOAD(deque[b % 8], relaxed);
  if (t == b) {
    if (!CAS(oldest, &t, t + 1, seq_cst, relaxed)) value = 0;
    STORE(bottom, b + 1, relaxed);
  }
  return value;
}
static int Steal(void) {
  long t = LOAD(oldest, acquire);
  FENCE(seq_cst);
  const long b = LOAD(bottom, acquire);
  if (t >= b) return 0;
  const int value = LOAD(deque[t % 8], relaxed);
  return CAS(oldest, &t, t + 1, seq_cst, relaxed) ? value : 0;
}
static void* OwnerBody(void* unused) {
  (void)unused;
  Push(1);
  Push(2);
  popped[0] = TakeNewest();
  return NULL;
}
static void* ThiefBody(void* index) {
  popped[(intptr_t)index] = Steal();
  return NULL;
}
static void ChaseLev(int n) {
  Body* bodies[MOST_THREADS] = {OwnerBody};
  for (int i = 1; i < n; ++i) bodies[i] = ThiefBody;
  RunThreads(n, bodies);
  for (int value = 1; value <= 2; ++value) {
    int times = 0;
    for (int i = 0; i < n; ++i) times += popped[i] == value;
    assert(times <= 1);
  }
}

// The same by an owner that looks whether there is room: it pushes five, takes three and pushes two
// more.
static void PushIfRoom(int value) {
  const long b = LOAD(bottom, relaxed);
  if (b - LOAD(oldest, acquire) >= 8) return;
  STORE(deque[b % 8], value, relaxed);
  STORE(bottom, b + 1, release);
}
static void* CheckingOwnerBody(void* unused) {
  (void)unused;
  for (int value = 1; value <= 5; ++value) PushIfRoom(value);
  for (int i = 0; i < 3; ++i) TakeNewest();
  for (int value = 6; value <= 7; ++value) PushIfRoom(value);
  return NULL;
}
static void ChaseLevChecked(int n) {
  Body* bodies[MOST_THREADS] = {CheckingOwnerBody};
  for (int i = 1; i < n; ++i) bodies[i] = ThiefBody;
  RunThreads(n, bodies);
  for (int i = 2; i < n; ++i) {
    for (int k = 1; k < i; ++k) assert(popped[i] == 0 || popped[i] != popped[k]);
  }
}

// Vyukov's bounded queue of two cells. Each thread enqueues, and dequeues where that worked.
enum { kCells = 2 };
static struct {
  atomic_uint turn;
  int value;
} cells[kCells];
static atomic_uint enqueued, dequeued;

static bool TryEnqueue(int value) {
  unsigned at = LOAD(enqueued, relaxed);
  for (;;) {
    const unsigned turn = LOAD(cells[at % kCells].turn, acquire);
    if (turn == at) {
      if (!CAS(enqueued, &at, at + 1, relaxed, relaxed)) continue;
      cells[at % kCells].value = value;
      STORE(cells[at % kCells].turn, at + 1, release);
      return true;
    }
    if ((int)(turn - at) < 0) return false;
    at = LOAD(enqueued, relaxed);
  }
}
static int TryDequeue(void) {
  unsigned at = LOAD(dequeued, relaxed);
  for (;;) {
    const unsigned turn = LOAD(cells[at % kCells].turn, acquire);
    if (turn == at + 1) {
      if (!CAS(dequeued, &at, at + 1, relaxed, relaxed)) continue;
      const int value = cells[at % kCells].value;
      STORE(cells[at % kCells].turn, at + kCells, release);
      return value;
    }
    if ((int)(turn - (at + 1)) < 0) return 0;
    at = LOAD(dequeued, relaxed);
  }
}
static void* MpmcBody(void* index) {
  const int i = (int)(intptr_t)index;
  if (TryEnqueue(i + 1)) popped[i] = TryDequeue();
  return NULL;
}
static void Mpmc(int n) {
  for (unsigned i = 0; i < kCells; ++i) STORE(cells[i].turn, i, relaxed);
  RunSame(n, MpmcBody);
  for (int value = 1; value <= n; ++value) {
    int times = 0;
    for (int i = 0; i < n; ++i) times += popped[i] == value;
    assert(times <= 1);
  }
}

// A bounded queue that counts: which writes and reads have begun, in the halves of one word, and
// how many are done. There is a value in it at first; each thread writes one and reads until there
// is none.
enum { kCounted = 4, kWrite = 1, kRead = 1 << 16 };
static int counted[kCounted];
static atomic_uint begun, writes_done, reads_done;

static unsigned Writes(unsigned word) { return word & 0xFFFF; }
static unsigned Reads(unsigned word) { return word >> 16; }

static void CountedWrite(int value) {
  unsigned seen = LOAD(begun, acquire);
  do {
    if (Writes(seen) == Reads(seen) + kCounted) return;
  } while (!CAS(begun, &seen, seen + kWrite, acq_rel, acquire));
  while (LOAD(reads_done, acquire) != Reads(seen)) {
  }
  counted[Writes(seen) % kCounted] = value;
  ADD(writes_done, 1, release);
}
static int CountedRead(void) {
  unsigned seen = LOAD(begun, acquire);
  do {
    if (Writes(seen) == Reads(seen)) return 0;
  } while (!CAS(begun, &seen, seen + kRead, acq_rel, acquire));
  while (LOAD(writes_done, acquire) != Writes(seen)) {
  }
  const int value = counted[Reads(seen) % kCounted];
  ADD(reads_done, 1, release);
  return value;
}
static void* CountedBody(void* index) {
  const int i = (int)(intptr_t)index;
  CountedWrite(i + 1);
  for (int value = 0; (value = CountedRead()) != 0;) popped[i] += value;
  return NULL;
}
static void CountedRing(int n) {
  CountedWrite(n + 1);
  RunSame(n, CountedBody);
  CheckSum(n, n + 1);
}

// Questions on the stack of who asks: the second kind is where the first one was, in another order.
struct Question {
  int asked;
  atomic_int answer;
};
struct OtherQuestion {
  atomic_int answer;
  int asked;
};
static struct Question* _Atomic question;
static struct OtherQuestion* _Atomic other_question;

__attribute__((noinline)) static int Ask(int asked) {
  struct Question own = {asked, 0};
  STORE(question, &own, release);
  int answer = 0;
  while ((answer = LOAD(own.answer, acquire)) == 0) {
  }
  return answer;
}
__attribute__((noinline)) static int AskOther(int asked) {
  struct OtherQuestion own = {0, asked};
  STORE(other_question, &own, release);
  int answer = 0;
  while ((answer = LOAD(own.answer, acquire)) == 0) {
  }
  return answer;
}
static void* AskAgain(void* unused) {
  (void)unused;
  assert(Ask(1) == 2);
  assert(AskOther(2) == 3);
  assert(AskOther(3) == 4);
  return NULL;
}
static void* Answer(void* unused) {
  (void)unused;
  struct Question* asked = NULL;
  while ((asked = EXCHANGE(question, NULL, acquire)) == NULL) {
  }
  STORE(asked->answer, asked->asked + 1, release);
  for (int i = 0; i < 2; ++i) {
    struct OtherQuestion* next = NULL;
    while ((next = EXCHANGE(other_question, NULL, acquire)) == NULL) {
    }
    STORE(next->answer, next->asked + 1, release);
  }
  return NULL;
}
static void Questions(int n) {
  (void)n;
  RunThreads(2, (Body* const[]){AskAgain, Answer});
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"treiber", Treiber},     {"michael_scott", MichaelScott},
      {"spsc", Spsc},           {"chase_lev", ChaseLev},
      {"mpmc", Mpmc},           {"chase_lev_checked", ChaseLevChecked},
      {"questions", Questions}, {"counted_ring", CountedRing},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
