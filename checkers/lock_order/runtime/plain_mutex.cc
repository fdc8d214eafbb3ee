// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/plain_mutex.h"

#include "checkers/lock_order/runtime/real.h"

namespace heddle::lock_order {
namespace {

constexpr int kNoKind = -2;

bool is(const pthread_mutex_t& mutex, int lock, int owner, unsigned users) {
  return mutex.__data.__lock == lock && mutex.__data.__owner == owner &&
         mutex.__data.__nusers == users && mutex.__data.__count == 0 && mutex.__data.__kind == 0;
}

}  // namespace

int g_plain_kind = kNoKind;

void find_plain_kind() {
  if (program_has_tsan()) return;  // its interceptors may stand behind g_real
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  const auto tid = static_cast<int>(syscall(SYS_gettid));
  bool same = is(mutex, 0, 0, 0) && g_real.pthread_mutex_lock(&mutex) == 0 &&
              is(mutex, 1, tid, 1) && g_real.pthread_mutex_trylock(&mutex) == EBUSY;
  same = same && g_real.pthread_mutex_unlock(&mutex) == 0 && is(mutex, 0, 0, 0);
  // And libc takes over what was taken here.
  same = same && take_plain_mutex(&mutex, static_cast<uint32_t>(tid)) && is(mutex, 1, tid, 1) &&
         g_real.pthread_mutex_unlock(&mutex) == 0 && is(mutex, 0, 0, 0);
  if (same) g_plain_kind = 0;
}

}  // namespace heddle::lock_order
