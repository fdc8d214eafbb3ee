// SPDX-License-Identifier: Apache-2.0
//
// Stands before libstdc++'s header of this name in explored programs, and takes the spin phase out
// of its waits. There a thread that waits (atomic::wait, semaphores, latches, barriers) tries a
// counted number of times before it calls the kernel: a loop that counts is no waiting loop, and
// each try that fails would be an execution of its own. Here it tries once. A wait that gives up
// early is one of those that the library makes anyway, so nothing that can happen is lost.
#if defined(__GLIBCXX__) && __cplusplus > 201703L && _GLIBCXX_RELEASE < 15 && \
    !defined(_GLIBCXX_ATOMIC_WAIT_H)

namespace std {
namespace __detail {

struct __default_spin_policy;

// As the library's template of this name, which follows, but for the constraint: of two templates
// that are the same otherwise, the one with a constraint is called.
template <typename _Pred, typename _Spin = __default_spin_policy>
  requires true
bool __atomic_spin(_Pred& __pred, _Spin = _Spin{}) noexcept {
  return __pred();
}

}  // namespace __detail
}  // namespace std

#endif

#pragma GCC system_header
#include_next <bits/atomic_wait.h>
