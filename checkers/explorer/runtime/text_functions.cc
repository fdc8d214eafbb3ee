// SPDX-License-Identifier: Apache-2.0
//
// Functions of the C library that read and write memory that they are given: it is not
// instrumented, so nothing else tells of that. Gcc's code calls memcpy() and its like by these
// names too. A string is read up to its end, or as far as the result depends on it.
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/own_code.h"
#include "checkers/explorer/runtime/plain.h"

namespace heddle::explorer {
namespace {

// Whether the call is the program's.
bool IsTold(Site site) { return Exploring() && !IsOwnCode(site); }

void Read(const void* from, std::size_t size, Site site) {
  PlainRange(reinterpret_cast<std::uintptr_t>(from), size, false, site);
}

void Write(const void* to, std::size_t size, Site site) {
  PlainRange(reinterpret_cast<std::uintptr_t>(to), size, true, site);
}

// How much of two strings a comparison reads: up to where they differ or end.
template <typename Same>
std::size_t Compared(const char* a, const char* b, std::size_t most, Same same) {
  std::size_t i = 0;
  while (i < most && same(a[i], b[i]) && a[i] != 0) ++i;
  return i < most ? i + 1 : most;
}

bool Equal(char a, char b) { return a == b; }

bool EqualInAnyCase(char a, char b) {
  const auto lower = [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return lower(a) == lower(b);
}

constexpr std::size_t kWhole = SIZE_MAX;

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

// Defines the C library's function of that name, which the C++ library's headers may declare in
// other ways; `real` is the C library's own.
#define TEXT_FUNCTION(result, name, parameters, arguments, ...)                            \
  HEDDLE_INTERPOSE result heddle_explorer_##name parameters noexcept __asm__(#name);       \
  namespace {                                                                              \
  decltype(&heddle_explorer_##name) g_##name;                                              \
  }                                                                                        \
  HEDDLE_INTERPOSE result heddle_explorer_##name parameters noexcept {                     \
    if (g_##name != nullptr && !Exploring()) [[likely]] {                                  \
      return g_##name arguments;                                                           \
    }                                                                                      \
    if (g_##name == nullptr) {                                                             \
      g_##name = reinterpret_cast<decltype(&heddle_explorer_##name)>(RealFunction(#name)); \
    }                                                                                      \
    const auto real = g_##name;                                                            \
    const Site site = HEDDLE_CALLER;                                                       \
    if (!IsTold(site)) return real arguments;                                              \
    __VA_ARGS__                                                                            \
  }

TEXT_FUNCTION(std::size_t, strlen, (const char* text), (text), {
  const std::size_t length = real(text);
  Read(text, length + 1, site);
  return length;
})

TEXT_FUNCTION(std::size_t, strnlen, (const char* text, std::size_t most), (text, most), {
  const std::size_t length = real(text, most);
  Read(text, length < most ? length + 1 : most, site);
  return length;
})

TEXT_FUNCTION(void*, memcpy, (void* to, const void* from, std::size_t size), (to, from, size), {
  Read(from, size, site);
  Write(to, size, site);
  return real(to, from, size);
})

TEXT_FUNCTION(void*, memmove, (void* to, const void* from, std::size_t size), (to, from, size), {
  Read(from, size, site);
  Write(to, size, site);
  return real(to, from, size);
})

TEXT_FUNCTION(void*, mempcpy, (void* to, const void* from, std::size_t size), (to, from, size), {
  Read(from, size, site);
  Write(to, size, site);
  return real(to, from, size);
})

TEXT_FUNCTION(void*, memset, (void* to, int value, std::size_t size), (to, value, size), {
  Write(to, size, site);
  return real(to, value, size);
})

TEXT_FUNCTION(void, bzero, (void* to, std::size_t size), (to, size), {
  Write(to, size, site);
  real(to, size);
})

TEXT_FUNCTION(int, memcmp, (const void* a, const void* b, std::size_t size), (a, b, size), {
  Read(a, size, site);
  Read(b, size, site);
  return real(a, b, size);
})

TEXT_FUNCTION(int, bcmp, (const void* a, const void* b, std::size_t size), (a, b, size), {
  Read(a, size, site);
  Read(b, size, site);
  return real(a, b, size);
})

TEXT_FUNCTION(void*, memchr, (const void* in, int byte, std::size_t size), (in, byte, size), {
  const auto* const found = static_cast<char*>(real(in, byte, size));
  const auto* const from = static_cast<const char*>(in);
  Read(in, found == nullptr ? size : static_cast<std::size_t>(found - from) + 1, site);
  return real(in, byte, size);
})

TEXT_FUNCTION(char*, strcpy, (char* to, const char* from), (to, from), {
  const std::size_t size = __builtin_strlen(from) + 1;
  Read(from, size, site);
  Write(to, size, site);
  return real(to, from);
})

TEXT_FUNCTION(char*, stpcpy, (char* to, const char* from), (to, from), {
  const std::size_t size = __builtin_strlen(from) + 1;
  Read(from, size, site);
  Write(to, size, site);
  return real(to, from);
})

TEXT_FUNCTION(char*, strncpy, (char* to, const char* from, std::size_t size), (to, from, size), {
  Read(from, Compared(from, from, size, Equal), site);
  Write(to, size, site);
  return real(to, from, size);
})

TEXT_FUNCTION(char*, stpncpy, (char* to, const char* from, std::size_t size), (to, from, size), {
  Read(from, Compared(from, from, size, Equal), site);
  Write(to, size, site);
  return real(to, from, size);
})

TEXT_FUNCTION(char*, strcat, (char* to, const char* from), (to, from), {
  const std::size_t length = __builtin_strlen(to);
  const std::size_t size = __builtin_strlen(from) + 1;
  Read(to, length + 1, site);
  Read(from, size, site);
  Write(to + length, size, site);
  return real(to, from);
})

TEXT_FUNCTION(char*, strncat, (char* to, const char* from, std::size_t most), (to, from, most), {
  const std::size_t length = __builtin_strlen(to);
  const std::size_t size = Compared(from, from, most, Equal);
  Read(to, length + 1, site);
  Read(from, size, site);
  // With a zero behind, which `from` need not have.
  Write(to + length, size < most || size == 0 || from[size - 1] == 0 ? size : size + 1, site);
  return real(to, from, most);
})

TEXT_FUNCTION(int, strcmp, (const char* a, const char* b), (a, b), {
  const std::size_t size = Compared(a, b, kWhole, Equal);
  Read(a, size, site);
  Read(b, size, site);
  return real(a, b);
})

TEXT_FUNCTION(int, strncmp, (const char* a, const char* b, std::size_t most), (a, b, most), {
  const std::size_t size = Compared(a, b, most, Equal);
  Read(a, size, site);
  Read(b, size, site);
  return real(a, b, most);
})

TEXT_FUNCTION(int, strcasecmp, (const char* a, const char* b), (a, b), {
  const std::size_t size = Compared(a, b, kWhole, EqualInAnyCase);
  Read(a, size, site);
  Read(b, size, site);
  return real(a, b);
})

TEXT_FUNCTION(int, strncasecmp, (const char* a, const char* b, std::size_t most), (a, b, most), {
  const std::size_t size = Compared(a, b, most, EqualInAnyCase);
  Read(a, size, site);
  Read(b, size, site);
  return real(a, b, most);
})

TEXT_FUNCTION(char*, strchr, (const char* text, int byte), (text, byte), {
  char* const found = real(text, byte);
  const std::size_t all =
      found == nullptr ? __builtin_strlen(text) : static_cast<std::size_t>(found - text);
  Read(text, all + 1, site);
  return found;
})

TEXT_FUNCTION(char*, strrchr, (const char* text, int byte), (text, byte), {
  Read(text, __builtin_strlen(text) + 1, site);
  return real(text, byte);
})

TEXT_FUNCTION(char*, strstr, (const char* text, const char* part), (text, part), {
  Read(text, __builtin_strlen(text) + 1, site);
  Read(part, __builtin_strlen(part) + 1, site);
  return real(text, part);
})

TEXT_FUNCTION(std::size_t, strspn, (const char* text, const char* set), (text, set), {
  Read(text, __builtin_strlen(text) + 1, site);
  Read(set, __builtin_strlen(set) + 1, site);
  return real(text, set);
})

TEXT_FUNCTION(std::size_t, strcspn, (const char* text, const char* set), (text, set), {
  Read(text, __builtin_strlen(text) + 1, site);
  Read(set, __builtin_strlen(set) + 1, site);
  return real(text, set);
})

TEXT_FUNCTION(char*, strpbrk, (const char* text, const char* set), (text, set), {
  Read(text, __builtin_strlen(text) + 1, site);
  Read(set, __builtin_strlen(set) + 1, site);
  return real(text, set);
})

TEXT_FUNCTION(int, atoi, (const char* text), (text), {
  Read(text, __builtin_strlen(text) + 1, site);
  return real(text);
})

TEXT_FUNCTION(int, vsnprintf, (char* to, std::size_t size, const char* format, va_list values),
              (to, size, format, values), {
                const int length = real(to, size, format, values);
                if (length >= 0 && size != 0) {
                  const auto all = static_cast<std::size_t>(length) + 1;
                  Write(to, all < size ? all : size, site);
                }
                return length;
              })

TEXT_FUNCTION(int, vsprintf, (char* to, const char* format, va_list values), (to, format, values), {
  const int length = real(to, format, values);
  if (length >= 0) Write(to, static_cast<std::size_t>(length) + 1, site);
  return length;
})

HEDDLE_INTERPOSE int heddle_explorer_snprintf(char* to, std::size_t size, const char* format,
                                              ...) noexcept __asm__("snprintf");
HEDDLE_INTERPOSE int heddle_explorer_snprintf(char* to, std::size_t size, const char* format,
                                              ...) noexcept {
  va_list values;
  va_start(values, format);
  const int length = __builtin_vsnprintf(to, size, format, values);
  va_end(values);
  const Site site = HEDDLE_CALLER;
  if (length >= 0 && size != 0 && IsTold(site)) {
    const auto all = static_cast<std::size_t>(length) + 1;
    Write(to, all < size ? all : size, site);
  }
  return length;
}

HEDDLE_INTERPOSE int heddle_explorer_sprintf(char* to, const char* format, ...) noexcept
    __asm__("sprintf");
HEDDLE_INTERPOSE int heddle_explorer_sprintf(char* to, const char* format, ...) noexcept {
  va_list values;
  va_start(values, format);
  const int length = __builtin_vsprintf(to, format, values);
  va_end(values);
  const Site site = HEDDLE_CALLER;
  if (length >= 0 && IsTold(site)) Write(to, static_cast<std::size_t>(length) + 1, site);
  return length;
}

// What the C library itself allocates is its own (malloc.cc); these blocks are the program's.

TEXT_FUNCTION(char*, strdup, (const char* text), (text), {
  const std::size_t size = __builtin_strlen(text) + 1;
  Read(text, size, site);
  char* const copy = static_cast<char*>(AllocateFor("strdup", size, site));
  Write(copy, size, site);
  return static_cast<char*>(__builtin_memcpy(copy, text, size));
})

TEXT_FUNCTION(char*, strndup, (const char* text, std::size_t most), (text, most), {
  const std::size_t read = Compared(text, text, most, Equal);
  Read(text, read, site);
  const std::size_t length = read != 0 && text[read - 1] == 0 ? read - 1 : read;
  char* const copy = static_cast<char*>(AllocateFor("strndup", length + 1, site));
  Write(copy, length + 1, site);
  __builtin_memcpy(copy, text, length);
  copy[length] = 0;
  return copy;
})

TEXT_FUNCTION(int, vasprintf, (char** to, const char* format, va_list values), (to, format, values),
              {
                va_list again;
                va_copy(again, values);
                const int length = __builtin_vsnprintf(nullptr, 0, format, again);
                va_end(again);
                if (length < 0) return length;
                const std::size_t size = static_cast<std::size_t>(length) + 1;
                char* const text = static_cast<char*>(AllocateFor("vasprintf", size, site));
                Write(text, size, site);
                Write(to, sizeof *to, site);
                *to = text;
                return __builtin_vsnprintf(text, size, format, values);
              })

// Its comparisons are the program's own code; it moves what it sorts.
TEXT_FUNCTION(void, qsort,
              (void* base, std::size_t count, std::size_t size,
               int (*compare)(const void*, const void*)),
              (base, count, size, compare), {
                Write(base, count * size, site);
                real(base, count, size, compare);
              })

namespace {

template <class Function>
void Find(Function& real, const char* name) {
  if (real == nullptr) real = reinterpret_cast<Function>(RealFunction(name));
}

// Nothing is looked up while a program is explored: that would be within one of its loops.
[[gnu::constructor]] void FindAll() {
#define FIND(name) Find(g_##name, #name)
  FIND(strlen);
  FIND(strnlen);
  FIND(memcpy);
  FIND(memmove);
  FIND(mempcpy);
  FIND(memset);
  FIND(bzero);
  FIND(memcmp);
  FIND(bcmp);
  FIND(memchr);
  FIND(strcpy);
  FIND(stpcpy);
  FIND(strncpy);
  FIND(stpncpy);
  FIND(strcat);
  FIND(strncat);
  FIND(strcmp);
  FIND(strncmp);
  FIND(strcasecmp);
  FIND(strncasecmp);
  FIND(strchr);
  FIND(strrchr);
  FIND(strstr);
  FIND(strspn);
  FIND(strcspn);
  FIND(strpbrk);
  FIND(atoi);
  FIND(vsnprintf);
  FIND(vsprintf);
  FIND(strdup);
  FIND(strndup);
  FIND(vasprintf);
  FIND(qsort);
#undef FIND
}

}  // namespace
