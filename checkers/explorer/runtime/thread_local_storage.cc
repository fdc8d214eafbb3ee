// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/thread_local_storage.h"

#include <asm/prctl.h>
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "checkers/explorer/runtime/code_scan.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/modules.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {
namespace {

// Of glibc's thread descriptor, which starts at the thread pointer (nptl/descr.h, tcbhead_t).
constexpr std::size_t kSelf = 0x10;
constexpr std::size_t kStackGuard = 0x28;
constexpr std::size_t kPointerGuard = 0x30;

constexpr unsigned long kFsgsbase = 1UL << 1;  // of AT_HWCAP2

template <typename Function>
Function* Private(const char* name) {
  void* const found = dlsym(RTLD_DEFAULT, name);
  if (found == nullptr) Fatal("this C library has no %s", name);
  return reinterpret_cast<Function*>(found);
}

struct Extent {
  char* thread_pointer;
  std::size_t limit;  // how far below the thread pointer static blocks can be
  std::size_t size = 0;
};

int Widen(dl_phdr_info* module, std::size_t, void* data) {
  auto* extent = static_cast<Extent*>(data);
  auto* block = static_cast<char*>(module->dlpi_tls_data);
  if (block == nullptr || block > extent->thread_pointer) return 0;
  const auto below = static_cast<std::size_t>(extent->thread_pointer - block);
  if (below <= extent->limit) extent->size = std::max(extent->size, below);
  return 0;
}

// Bytes of static thread-local storage in use, below the thread pointer.
std::size_t StaticSize() {
  std::size_t size = 0;
  std::size_t alignment = 0;
  Private<void(std::size_t*, std::size_t*)>("_dl_get_tls_static_info")(&size, &alignment);
  Extent extent{.thread_pointer = static_cast<char*>(ThreadPointer()), .limit = size};
  dl_iterate_phdr(Widen, &extent);
  return extent.size;
}

}  // namespace

bool HasFsgsbase() { return (getauxval(AT_HWCAP2) & kFsgsbase) != 0; }

HEDDLE_UNSCANNED void SetThreadPointerSlowly(void* pointer) {
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(pointer)
               : "rcx", "r11", "memory");
}

OwnThreadPointer::OwnThreadPointer() : former_(ThreadPointer()) {
  const State& shared = state();
  if (former_ != shared.own_thread_pointer) {
    SetThreadPointer(shared.own_thread_pointer, shared.has_fsgsbase);
  }
}

OwnThreadPointer::~OwnThreadPointer() {
  const State& shared = state();
  if (former_ != shared.own_thread_pointer) SetThreadPointer(former_, shared.has_fsgsbase);
}

void ThreadLocalStorage::Allocate() {
  if (pointer_ != nullptr) return;
  auto* const own = static_cast<char*>(ThreadPointer());
  pointer_ = Private<void*(void*)>("_dl_allocate_tls")(nullptr);
  if (pointer_ == nullptr) Fatal("out of memory for thread-local storage");
  auto* const descriptor = static_cast<char*>(pointer_);
  memcpy(descriptor, &pointer_, sizeof pointer_);
  memcpy(descriptor + kSelf, &pointer_, sizeof pointer_);
  memcpy(descriptor + kStackGuard, own + kStackGuard, sizeof(std::uintptr_t));
  memcpy(descriptor + kPointerGuard, own + kPointerGuard, sizeof(std::uintptr_t));
  // isalpha() and its kin read thread-local tables that a thread of libc's own has set up.
  auto* const set_up_ctype = Private<void()>("__ctype_init");
  SetThreadPointer(pointer_, HasFsgsbase());
  set_up_ctype();
  SetThreadPointer(own, HasFsgsbase());
  const std::size_t size = StaticSize();
  low_ = descriptor - size;
  pristine_ = static_cast<char*>(malloc(size + 1));
  if (pristine_ == nullptr) Fatal("out of memory for thread-local storage");
  memcpy(pristine_, low_, size);
}

void ThreadLocalStorage::TakeFrom(const void* thread_pointer) {
  struct Taken {
    const char* from;
    const char* low;  // there
    char* to;
  };
  const auto* const from = static_cast<const char*>(thread_pointer);
  Taken taken{.from = from, .low = from - (high() - low()), .to = pristine_};
  dl_iterate_phdr(
      [](dl_phdr_info* module, std::size_t, void* data) {
        const auto& [from, low, to] = *static_cast<Taken*>(data);
        const auto* const block = static_cast<const char*>(module->dlpi_tls_data);
        // The C library's own are each thread's.
        if (block < low || block >= from || !IsProgramModule(module->dlpi_name)) return 0;
        for (int i = 0; i < module->dlpi_phnum; ++i) {
          if (module->dlpi_phdr[i].p_type != PT_TLS) continue;
          memcpy(to + (block - low), block, module->dlpi_phdr[i].p_memsz);
        }
        return 0;
      },
      &taken);
}

void ThreadLocalStorage::Release() {
  Private<void(void*, bool)>("_dl_deallocate_tls")(pointer_, true);
  free(pristine_);
  pointer_ = nullptr;
}

void ThreadLocalStorage::Reset() {
  memcpy(low_, pristine_, static_cast<std::size_t>(static_cast<char*>(pointer_) - low_));
}

}  // namespace heddle::explorer
