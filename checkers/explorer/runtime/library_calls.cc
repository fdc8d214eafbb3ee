// SPDX-License-Identifier: Apache-2.0
//
// A module calls functions of others through slots that the dynamic linker fills in (System V ABI,
// AMD64 supplement, section 5.2). Each slot of such a function is led through a piece of code here,
// which goes on to the function but for threads that are in a loop.
#include "checkers/explorer/runtime/library_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/modules.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/own_code.h"

extern "C" {
// In library_calls.S.
__attribute__((visibility("hidden"))) void heddle_explorer_library_call();
}

namespace heddle::explorer {
namespace {

// What a call leaves behind.
enum class Traces {
  kNone,      // it only reads what it is given, or its own calls are modelled
  kBalanced,  // is taken back, or is nothing that the program looks at: output
  kSome,
};

struct LibraryCall {
  const void* real;
  bool balanced;
};
// Never changes once the program is explored.
std::vector<LibraryCall>* g_calls = nullptr;
std::array<const void*, 3> g_output_streams;

bool StartsWithAny(std::string_view name, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

// `words` has a space before and behind each.
bool IsOneOf(std::string_view name, std::string_view words) {
  for (std::size_t at = words.find(name, 1); at != std::string_view::npos;
       at = words.find(name, at + 1)) {
    if (words[at - 1] == ' ' && words[at + name.size()] == ' ') return true;
  }
  return false;
}

constexpr std::string_view kReaders =
    " __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc __errno_location __longjmp_chk "
    "__sched_cpucount __sigsetjmp __tls_get_addr _longjmp _setjmp abs atof atoi atol atoll bsearch "
    "getenv getpid gettid isalnum isalpha isatty isdigit islower isprint ispunct isspace isupper "
    "isxdigit labs llabs longjmp memchr memmem memrchr rawmemchr sched_getcpu setjmp siglongjmp "
    "strcasestr strchrnul strcoll strcspn strerror strpbrk strspn strtod strtof strtol strtold "
    "strtoll strtoul strtoull sysconf tolower toupper wcscmp wcslen wmemchr wmemcmp ";
constexpr std::string_view kOutput =
    " __fprintf_chk __printf_chk __vfprintf_chk __vprintf_chk dprintf fflush fprintf fputc "
    "fputc_unlocked fputs_unlocked fwrite_unlocked perror printf putc putc_unlocked putchar "
    "putchar_unlocked syslog vfprintf vprintf ";

Traces TracesOfC(std::string_view name) {
  if (IsOneOf(name, kReaders) || name.starts_with("pthread_")) return Traces::kNone;
  return IsOneOf(name, kOutput) ? Traces::kBalanced : Traces::kSome;
}

Traces TracesOfCxx(std::string_view name) {
  // std::chrono's clocks, threads, condition variables and the like call what is modelled.
  if (StartsWithAny(
          name, {"_ZNSt6chrono", "_ZNSt6thread", "_ZNSt11this_thread", "_ZNSt18condition_variable",
                 "_ZNSt28__atomic_futex_unsigned_base", "_ZNSt13__future_base",
                 "_ZNKSt13__future_base", "_ZNSt7promise", "_ZSt18_Rb_tree_increment",
                 "_ZSt18_Rb_tree_decrement", "_ZNKSt9type_info", "_ZSt11_Hash_bytes",
                 "_ZSt15future_category", "_ZNSt3_V2", "_ZNKSt3_V2", "_ZNSt8ios_base4Init"}) ||
      name == "__dynamic_cast") {
    return Traces::kNone;
  }
  // References are given back; what is thrown is caught.
  if (StartsWithAny(
          name, {"__cxa_", "__gxx_", "_ZNSt15__exception_ptr", "_ZSt17current_exception",
                 "_ZSt18uncaught_exception", "_ZNSt6locale", "_ZNKSt6locale", "_ZSt9terminate"}) ||
      name.find("__throw_") != std::string_view::npos) {
    return Traces::kBalanced;
  }
  return Traces::kSome;
}

using JudgeName = Traces(std::string_view name);

// The code of a library, and what is known of its functions.
struct Library {
  std::uintptr_t low;
  std::uintptr_t high;
  JudgeName* judge;
};

int AddLibrary(dl_phdr_info* module, std::size_t, void* data) {
  std::string_view name = module->dlpi_name;
  name.remove_prefix(name.rfind('/') + 1);
  JudgeName* judge = nullptr;
  if (name.starts_with("libc.so")) judge = TracesOfC;
  if (StartsWithAny(name, {"libstdc++.so", "libc++.so"})) judge = TracesOfCxx;
  for (int i = 0; judge != nullptr && i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    const std::uintptr_t low = module->dlpi_addr + header.p_vaddr;
    static_cast<std::vector<Library>*>(data)->push_back({low, low + header.p_memsz, judge});
  }
  return 0;
}

// Loads &trial, and goes on at once where neither that nor `watching`, which is next to it, is set.
constexpr std::array<unsigned char, 48> kPiece = {
    0x49, 0xbb, 0,    0,    0, 0, 0, 0, 0, 0,  // movabs $trial, %r11
    0x66, 0x41, 0x83, 0x3b, 0,                 // cmpw $0, (%r11)
    0x75, 0x0d,                                // jne 1f
    0x49, 0xbb, 0,    0,    0, 0, 0, 0, 0, 0,  // movabs $function, %r11
    0x41, 0xff, 0xe3,                          // jmp *%r11
    0x68, 0,    0,    0,    0,                 // 1: push $index
    0x49, 0xbb, 0,    0,    0, 0, 0, 0, 0, 0,  // movabs $heddle_explorer_library_call, %r11
    0x41, 0xff, 0xe3,                          // jmp *%r11
};
constexpr std::size_t kStateAt = 2;
constexpr std::size_t kFunctionAt = 19;
constexpr std::size_t kIndexAt = 31;
constexpr std::size_t kStubAt = 37;
static_assert(offsetof(State, watching) == offsetof(State, trial) + 1);

struct Slot {
  const void** place;
  const void* function;
  Traces traces;
};

struct Slots {
  std::vector<Library> libraries;
  std::vector<Slot> found;
};

// The slots of a module's calls that are to be watched.
int AddSlots(dl_phdr_info* module, std::size_t, void* data) {
  auto& slots = *static_cast<Slots*>(data);
  if (!IsProgramModule(module->dlpi_name)) return 0;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_DYNAMIC) continue;
    dynamic = reinterpret_cast<const ElfW(Dyn)*>(module->dlpi_addr + header.p_vaddr);
  }
  const ElfW(Rela)* relocations = nullptr;
  std::size_t bytes = 0;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    const ElfW(Addr) address = dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_JMPREL) relocations = reinterpret_cast<const ElfW(Rela)*>(address);
    if (dynamic->d_tag == DT_PLTRELSZ) bytes = dynamic->d_un.d_val;
    if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(address);
    if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(address);
  }
  if (relocations == nullptr || symbols == nullptr || names == nullptr) return 0;
  for (std::size_t i = 0; i < bytes / sizeof *relocations; ++i) {
    const ElfW(Rela) & relocation = relocations[i];
    if (ELF64_R_TYPE(relocation.r_info) != R_X86_64_JUMP_SLOT) continue;
    const char* const name = names + symbols[ELF64_R_SYM(relocation.r_info)].st_name;
    auto** const place = reinterpret_cast<const void**>(module->dlpi_addr + relocation.r_offset);
    // All are filled in when the program starts: the runtime is linked with -z now.
    const auto function = reinterpret_cast<std::uintptr_t>(*place);
    for (const Library& library : slots.libraries) {
      if (function < library.low || function >= library.high) continue;
      const Traces traces = library.judge(name);
      if (traces != Traces::kNone) slots.found.push_back({place, *place, traces});
    }
  }
  return 0;
}

template <typename T>
void Put(unsigned char* code, std::size_t at, T value) {
  memcpy(code + at, &value, sizeof value);
}

void Fill(const Slot& slot, const void* piece) {
  const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(slot.place) & -kPage;
  auto* const start =
      reinterpret_cast<char*>(slot.place) - (reinterpret_cast<std::uintptr_t>(slot.place) - page);
  if (mprotect(start, kPage, PROT_READ | PROT_WRITE) != 0) {
    Fatal("cannot watch calls of libraries: %s", strerror(errno));
  }
  *slot.place = piece;
}

bool IsOutput(const void* stream) {
  return stream != nullptr && std::find(g_output_streams.begin(), g_output_streams.end(), stream) !=
                                  g_output_streams.end();
}

}  // namespace

// What the program's thread is to go on with.
extern "C" __attribute__((visibility("hidden"))) const void* heddle_explorer_library_called(
    std::size_t index, Site caller, const void* first_argument) {
  const LibraryCall& call = (*g_calls)[index];
  if (!Exploring() || IsOwnCode(caller)) return call.real;
  if (state().trial) EndTrial();
  if (!call.balanced && !IsOutput(first_argument)) CountEffect();
  return call.real;
}

void WatchLibraryCalls() {
  if (g_calls != nullptr) return;
  Slots all;
  dl_iterate_phdr(AddLibrary, &all.libraries);
  dl_iterate_phdr(AddSlots, &all);
  const std::vector<Slot>& slots = all.found;
  g_calls = new std::vector<LibraryCall>;
  g_output_streams = {dlsym(RTLD_DEFAULT, "_ZSt4cout"), dlsym(RTLD_DEFAULT, "_ZSt4cerr"),
                      dlsym(RTLD_DEFAULT, "_ZSt4clog")};
  if (slots.empty()) return;
  const std::size_t size = slots.size() * kPiece.size();
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) Fatal("out of memory for calls of libraries");
  auto* code = static_cast<unsigned char*>(memory);
  for (const Slot& slot : slots) {
    memcpy(code, kPiece.data(), kPiece.size());
    Put(code, kStateAt, &state().trial);
    Put(code, kFunctionAt, slot.function);
    Put(code, kIndexAt, static_cast<std::uint32_t>(g_calls->size()));
    Put(code, kStubAt, &heddle_explorer_library_call);
    g_calls->push_back({.real = slot.function, .balanced = slot.traces == Traces::kBalanced});
    code += kPiece.size();
  }
  if (mprotect(memory, size, PROT_READ | PROT_EXEC) != 0) {
    Fatal("cannot watch calls of libraries: %s", strerror(errno));
  }
  code = static_cast<unsigned char*>(memory);
  for (const Slot& slot : slots) {
    Fill(slot, code);
    code += kPiece.size();
  }
}

}  // namespace heddle::explorer
