// SPDX-License-Identifier: Apache-2.0
//
// The names are those of compiler-rt's tsan_interface.h and tsan_interface_ann.cpp. A program may
// bring its own functions of these names.
#include "checkers/explorer/runtime/annotations.h"

#include <algorithm>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/plain.h"

namespace heddle::explorer {

Annotations g_annotations;

namespace {

void IgnoreFrom(bool writes, int by) {
  if (state().mode == Mode::kRuntime) return;
  if (state().trial) EndTrial();
  // Nothing runs on other threads before the exploration.
  g_annotations.Ignore(Exploring() ? state().current->id : 0, writes, by);
}

void ExpectRace(const volatile void* address, std::size_t size, Site site) {
  if (state().trial) EndTrial();
  if (!g_annotations.AddBenign(reinterpret_cast<std::uintptr_t>(address), size) && Exploring()) {
    Call("AnnotateBenignRace", site).Unsupported("so many benign races");
  }
}

void RefuseFiber(const char* name, Site site) {
  if (Exploring()) Call(name, site).Unsupported("%s() is not supported", name);
}

}  // namespace

bool Annotations::IsBenign(std::uintptr_t address, std::size_t size) const {
  return std::any_of(benign_, benign_ + count_, [=](const Range& range) {
    return address < range.address + range.size && range.address < address + size;
  });
}

bool Annotations::Excuse(ThreadId thread, std::uintptr_t address, std::size_t size,
                         bool write) const {
  return ignored_[thread][write ? 1 : 0] > 0 || IsBenign(address, size);
}

bool Annotations::AddBenign(std::uintptr_t address, std::size_t size) {
  const auto known = [=](const Range& range) {
    return range.address == address && range.size == size;
  };
  if (std::any_of(benign_, benign_ + count_, known)) return true;
  if (count_ == kRanges) return false;
  Changes(any_) = true;
  Changes(benign_[count_]) = {.address = address, .size = size};
  ++Changes(count_);
  return true;
}

void Annotations::Ignore(ThreadId thread, bool writes, int by) {
  if (!any_) Changes(any_) = true;
  Changes(ignored_[thread][writes ? 1 : 0]) += by;
}

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

#define HEDDLE_ANNOTATION extern "C" __attribute__((visibility("default"), weak))

HEDDLE_ANNOTATION void AnnotateBenignRace(const char*, int, const volatile void* address,
                                          const char*) {
  ExpectRace(address, 1, HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void AnnotateBenignRaceSized(const char*, int, const volatile void* address,
                                               std::size_t size, const char*) {
  ExpectRace(address, size, HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void WTFAnnotateBenignRaceSized(const char*, int, const volatile void* address,
                                                  std::size_t size, const char*) {
  ExpectRace(address, size, HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void AnnotateIgnoreReadsBegin(const char*, int) { IgnoreFrom(false, 1); }
HEDDLE_ANNOTATION void AnnotateIgnoreReadsEnd(const char*, int) { IgnoreFrom(false, -1); }
HEDDLE_ANNOTATION void AnnotateIgnoreWritesBegin(const char*, int) { IgnoreFrom(true, 1); }
HEDDLE_ANNOTATION void AnnotateIgnoreWritesEnd(const char*, int) { IgnoreFrom(true, -1); }
HEDDLE_ANNOTATION void __tsan_ignore_thread_begin() {
  IgnoreFrom(false, 1);
  IgnoreFrom(true, 1);
}
HEDDLE_ANNOTATION void __tsan_ignore_thread_end() {
  IgnoreFrom(false, -1);
  IgnoreFrom(true, -1);
}

// An object of another language's: one byte stands for it.
HEDDLE_ANNOTATION void __tsan_external_read(void* object, void*, void*) {
  PlainAccess(reinterpret_cast<std::uintptr_t>(object), 1, false, HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void __tsan_external_write(void* object, void*, void*) {
  PlainAccess(reinterpret_cast<std::uintptr_t>(object), 1, true, HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void* __tsan_external_register_tag(const char*) { return &g_annotations; }
HEDDLE_ANNOTATION void __tsan_external_register_header(void*, const char*) {}
HEDDLE_ANNOTATION void __tsan_external_assign_tag(void*, void*) {}

// Accesses of unaligned memory, told by name.
#define HEDDLE_UNALIGNED(type, bits)                                                            \
  HEDDLE_ANNOTATION type __sanitizer_unaligned_load##bits(const void* address) {                \
    PlainAccess(reinterpret_cast<std::uintptr_t>(address), sizeof(type), false, HEDDLE_CALLER); \
    type value;                                                                                 \
    __builtin_memcpy(&value, address, sizeof value);                                            \
    return value;                                                                               \
  }                                                                                             \
  HEDDLE_ANNOTATION void __sanitizer_unaligned_store##bits(void* address, type value) {         \
    PlainAccess(reinterpret_cast<std::uintptr_t>(address), sizeof(type), true, HEDDLE_CALLER);  \
    __builtin_memcpy(address, &value, sizeof value);                                            \
  }
HEDDLE_UNALIGNED(std::uint16_t, 16)
HEDDLE_UNALIGNED(std::uint32_t, 32)
HEDDLE_UNALIGNED(std::uint64_t, 64)

// Stacks that the program switches between by itself.
HEDDLE_ANNOTATION void* __tsan_get_current_fiber() { return &g_annotations; }
HEDDLE_ANNOTATION void* __tsan_create_fiber(unsigned) {
  RefuseFiber("__tsan_create_fiber", HEDDLE_CALLER);
  return &g_annotations;
}
HEDDLE_ANNOTATION void __tsan_destroy_fiber(void*) {
  RefuseFiber("__tsan_destroy_fiber", HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void __tsan_switch_to_fiber(void*, unsigned) {
  RefuseFiber("__tsan_switch_to_fiber", HEDDLE_CALLER);
}
HEDDLE_ANNOTATION void __tsan_set_fiber_name(void*, const char*) {}

// What synchronizes, and what is where.
HEDDLE_ANNOTATION void AnnotateHappensBefore(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateHappensAfter(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void WTFAnnotateHappensBefore(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void WTFAnnotateHappensAfter(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateCondVarSignal(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateCondVarSignalAll(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateCondVarWait(const char*, int, const volatile void*,
                                           const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateMutexIsNotPHB(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateMutexIsUsedAsCondVar(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateRWLockCreate(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateRWLockCreateStatic(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateRWLockDestroy(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateRWLockAcquired(const char*, int, const volatile void*, long) {}
HEDDLE_ANNOTATION void AnnotateRWLockReleased(const char*, int, const volatile void*, long) {}
HEDDLE_ANNOTATION void AnnotatePCQCreate(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotatePCQDestroy(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotatePCQPut(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotatePCQGet(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotatePublishMemoryRange(const char*, int, const volatile void*,
                                                  std::size_t) {}
HEDDLE_ANNOTATION void AnnotateUnpublishMemoryRange(const char*, int, const volatile void*,
                                                    std::size_t) {}
HEDDLE_ANNOTATION void AnnotateNewMemory(const char*, int, const volatile void*, std::size_t) {}
HEDDLE_ANNOTATION void AnnotateMemoryIsInitialized(const char*, int, const volatile void*,
                                                   std::size_t) {}
HEDDLE_ANNOTATION void AnnotateMemoryIsUninitialized(const char*, int, const volatile void*,
                                                     std::size_t) {}
HEDDLE_ANNOTATION void AnnotateTraceMemory(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void AnnotateThreadName(const char*, int, const char*) {}
HEDDLE_ANNOTATION void AnnotateIgnoreSyncBegin(const char*, int) {}
HEDDLE_ANNOTATION void AnnotateIgnoreSyncEnd(const char*, int) {}
HEDDLE_ANNOTATION void AnnotateExpectRace(const char*, int, const volatile void*, const char*) {}
HEDDLE_ANNOTATION void AnnotateFlushExpectedRaces(const char*, int) {}
HEDDLE_ANNOTATION void AnnotateEnableRaceDetection(const char*, int, int) {}
HEDDLE_ANNOTATION void AnnotateFlushState(const char*, int) {}
HEDDLE_ANNOTATION void AnnotateNoOp(const char*, int, const volatile void*) {}
HEDDLE_ANNOTATION void __tsan_acquire(void*) {}
HEDDLE_ANNOTATION void __tsan_release(void*) {}
HEDDLE_ANNOTATION void __tsan_mutex_create(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_destroy(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_pre_lock(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_post_lock(void*, unsigned, int) {}
// How many times the lock was held, of a recursive one.
HEDDLE_ANNOTATION int __tsan_mutex_pre_unlock(void*, unsigned) { return 1; }
HEDDLE_ANNOTATION void __tsan_mutex_post_unlock(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_pre_signal(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_post_signal(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_pre_divert(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_mutex_post_divert(void*, unsigned) {}
HEDDLE_ANNOTATION void __tsan_check_no_mutexes_held() {}
HEDDLE_ANNOTATION void __tsan_flush_memory() {}

// Reports are written elsewhere.
HEDDLE_ANNOTATION void __sanitizer_set_death_callback(void (*)()) {}
HEDDLE_ANNOTATION void __sanitizer_set_report_path(const char*) {}
HEDDLE_ANNOTATION void __sanitizer_set_report_fd(void*) {}
HEDDLE_ANNOTATION void __sanitizer_print_stack_trace() {}

HEDDLE_ANNOTATION int RunningOnValgrind() { return 0; }
HEDDLE_ANNOTATION double ValgrindSlowdown() { return 1; }
HEDDLE_ANNOTATION const char* ThreadSanitizerQuery(const char*) { return "0"; }
