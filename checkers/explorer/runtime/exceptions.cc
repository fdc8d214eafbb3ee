// SPDX-License-Identifier: Apache-2.0
//
// Exceptions that several threads hold (std::exception_ptr, std::future). libstdc++ counts the
// references to one where nobody sees it, and whoever gives the last one back destroys the
// exception. So that what the others did with it comes before, each return of a reference is an
// operation on a word beside the real count; of exceptions that die without the program's doing it
// is none, and their memory may be freed by anybody. (Itanium C++ ABI: Exception Handling, section
// 2.2; libstdc++'s unwind-cxx.h.)
#include <cxxabi.h>
#include <dlfcn.h>
#include <unwind.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <type_traits>
#include <typeinfo>

#include "checkers/explorer/runtime/operations.h"

namespace heddle::explorer {
namespace {

// As libstdc++ lays it out on x86-64, before the object that is thrown.
struct Header {
  void* type;  // of a dependent exception: the primary one's object
  void (*destructor)(void*);
  void (*unexpected)();
  void (*terminate)();
  Header* next;
  int handlers;  // that have caught it; less than 0: it is thrown again
  int of_the_handler[9];
  _Unwind_Exception unwind;
};

struct alignas(16) CountedHeader {
  int references;
  int unused;
  int returned;  // unused by libstdc++, and 0 at first: how many references have been given back
  Header header;
};
static_assert(sizeof(Header) == 112 && sizeof(CountedHeader) == 128);

struct Globals {
  Header* caught;
  unsigned uncaught;
};

constexpr std::uint64_t kPrimary = 0x474e5543432b2b00;  // "GNUCC++"
constexpr std::uint64_t kDependent = kPrimary + 1;

CountedHeader* Of(void* object) { return static_cast<CountedHeader*>(object) - 1; }

// Nothing of the program runs when it is destroyed: nobody can tell by whom it was.
bool DiesUnseen(const CountedHeader& exception) {
  if (exception.header.destructor == nullptr) return true;
  const char* const name = static_cast<const std::type_info*>(exception.header.type)->name();
  const bool simple = name[1] == 0 || name[0] == 'P';
  const bool of_library = strncmp(name, "St", 2) == 0 || strncmp(name, "NSt", 3) == 0;
  const bool holds_others = strchr(name, 'I') != nullptr || strstr(name, "nested") != nullptr;
  return simple || (of_library && !holds_others);
}

void Return(CountedHeader* exception, Site site) {
  Fiber& fiber = *state().current;
  if (DiesUnseen(*exception)) {
    fiber.frees_unordered = true;
    return;
  }
  // The handler's end, which is to come in this thread, stands for this one too.
  if (fiber.rethrown == exception) return;
  Call("std::exception_ptr", site).Modify(&exception->returned, Rmw::kAdd, 1, Order::kAcqRel);
}

// The exception that the handler which ends here gives back, if others may hold it; null: none.
CountedHeader* GivenBack() {
  const auto* const globals = reinterpret_cast<const Globals*>(abi::__cxa_get_globals());
  Header* const caught = globals->caught;
  if (caught == nullptr || caught->handlers != 1) return nullptr;
  if (caught->unwind.exception_class == kDependent) return Of(caught->type);
  if (caught->unwind.exception_class != kPrimary) return nullptr;
  CountedHeader* const own = Of(caught + 1);
  const bool shared = own->references > 1 || own->returned != 0;
  return shared || DiesUnseen(*own) ? own : nullptr;
}

using std::__exception_ptr::exception_ptr;

// The C++ library's own.
void (*g_release)(exception_ptr*);
void (*g_end_catch)();
void (*g_rethrow)(exception_ptr*);

// Nothing is looked up while a program is explored: that would be within one of its loops.
[[gnu::constructor]] void FindAll() {
  const auto find = [](auto& real, const char* name) {
    real = reinterpret_cast<std::remove_reference_t<decltype(real)>>(dlsym(RTLD_NEXT, name));
  };
  find(g_release, "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
  find(g_end_catch, "__cxa_end_catch");
  find(g_rethrow, "_ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE");
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

// All weak, for programs that have the C++ library's own linked in.

__attribute__((weak)) void std::__exception_ptr::exception_ptr::_M_release() noexcept {
  if (state().trial) EndTrial();
  const bool counts = Exploring() && _M_exception_object != nullptr;
  if (counts) Return(Of(_M_exception_object), HEDDLE_CALLER);
  g_release(this);
  if (counts) state().current->frees_unordered = false;
}

extern "C" {

// std::rethrow_exception(), which is given its argument by address.
[[noreturn]] __attribute__((visibility("default"), weak)) void heddle_explorer_rethrow(
    exception_ptr* thrown) __asm__("_ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE");
void heddle_explorer_rethrow(exception_ptr* thrown) {
  if (state().trial) EndTrial();
  void* const object = *reinterpret_cast<void* const*>(thrown);
  if (Exploring() && object != nullptr) state().current->rethrown = Of(object);
  g_rethrow(thrown);
  __builtin_unreachable();
}

__attribute__((visibility("default"), weak)) void __cxa_end_catch() {
  if (state().trial) EndTrial();
  CountedHeader* const exception = Exploring() ? GivenBack() : nullptr;
  if (exception == nullptr) return g_end_catch();
  Fiber& fiber = *state().current;
  if (fiber.rethrown == exception) fiber.rethrown = nullptr;
  Return(exception, HEDDLE_CALLER);
  g_end_catch();
  fiber.frees_unordered = false;
}

}  // extern "C"
