// SPDX-License-Identifier: Apache-2.0
//
// An allocator that takes a mutex in every call, and ends the process when it is called where
// nothing may be allocated. Linked into a program, or preloaded.
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { kSmallest = 5, kClasses = 28 };  // blocks of 2^kSmallest bytes and more, a header included

struct block {
  uint64_t size_class;
  struct block* next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block* free_blocks[kClasses];
static char arena[1 << 28] __attribute__((aligned(4096)));
static size_t used;
static __thread int forbidden __attribute__((tls_model("initial-exec")));

EXPORT void locking_malloc_forbid(int on) { forbidden += on ? 1 : -1; }

static void check(const char* text) {
  if (forbidden == 0) return;
  forbidden = 0;
  (void)!write(STDERR_FILENO, text, strlen(text));
  abort();
}

static void* take(size_t size, size_t alignment) {
  check("an allocation inside a lock call\n");
  unsigned size_class = kSmallest;
  while (size_class < kClasses && ((size_t)1 << size_class) < size + sizeof(struct block)) {
    ++size_class;
  }
  if (size_class == kClasses) return NULL;
  const size_t bytes = (size_t)1 << size_class;
  struct block* block = NULL;
  pthread_mutex_lock(&lock);
  if (alignment <= sizeof(struct block) && free_blocks[size_class] != NULL) {
    block = free_blocks[size_class];
    free_blocks[size_class] = block->next;
  } else {
    // The block's payload, behind the header, is what is aligned.
    size_t at = used + sizeof(struct block);
    at = (at + alignment - 1) / alignment * alignment;
    if (at + bytes <= sizeof arena) {
      block = (struct block*)(arena + at) - 1;
      block->size_class = size_class;
      used = at + bytes - sizeof(struct block);
    }
  }
  pthread_mutex_unlock(&lock);
  if (block == NULL) errno = ENOMEM;
  return block == NULL ? NULL : block + 1;
}

static size_t room(void* memory) {
  return ((size_t)1 << ((struct block*)memory - 1)->size_class) - sizeof(struct block);
}

EXPORT void* malloc(size_t size) { return take(size, 16); }
EXPORT void* calloc(size_t count, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
  void* memory = take(bytes, 16);
  if (memory != NULL) memset(memory, 0, bytes);
  return memory;
}
EXPORT void free(void* memory) {
  check("a deallocation inside a lock call\n");
  if (memory == NULL) return;
  struct block* block = (struct block*)memory - 1;
  pthread_mutex_lock(&lock);
  block->next = free_blocks[block->size_class];
  free_blocks[block->size_class] = block;
  pthread_mutex_unlock(&lock);
}
EXPORT void* realloc(void* memory, size_t size) {
  if (memory != NULL && room(memory) >= size) return memory;
  void* fresh = take(size, 16);
  if (fresh != NULL && memory != NULL) {
    memcpy(fresh, memory, room(memory));
    free(memory);
  }
  return fresh;
}
EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  return take(size, alignment < 16 ? 16 : alignment);
}
EXPORT void* memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }
EXPORT int posix_memalign(void** memory, size_t alignment, size_t size) {
  *memory = aligned_alloc(alignment, size);
  return *memory == NULL ? ENOMEM : 0;
}
EXPORT size_t malloc_usable_size(void* memory) { return memory == NULL ? 0 : room(memory); }
