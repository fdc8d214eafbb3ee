// SPDX-License-Identifier: Apache-2.0
//
// Small programs for the runtime's tests, compiled for exploration.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXPLORED_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXPLORED_H_

namespace heddle::explorer {

// The argument of the counted ones is an int*: how many threads.
void StoreBuffering(void*);
void FetchAdd(void* threads);
void TicketLock(void* threads);
void LockMutex(void* threads);
void TestAndSet(void* threads);

void GlobalsStartAnew(void*);
// The argument is an int*, of which nothing is put back.
void SetsMemoryFromBefore(void* memory);
void AddressesRepeat(void*);
void ThreadLocals(void*);
void ExceptionsStayInTheirThread(void*);
void ExitFromWithin(void*);
void MixedAccess(void*);
void Sixteen(void*);
void Counter(void*);
void ManyAllocations(void*);

void Race(void*);
void FailedAssertion(void*);
void NullPointer(void*);
void StackOverflow(void*);
void UseAfterFree(void*);
void DoubleFree(void*);
void Leak(void*);
void BeyondTheEnd(void*);
void Unwritten(void*);
void AbbaDeadlock(void*);
void WaitForNothing(void*);
void Uncaught(void*);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXPLORED_H_
