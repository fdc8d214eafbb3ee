// SPDX-License-Identifier: Apache-2.0
//
// The program's global variables, and what its initializers have allocated, as they were when the
// exploration started: each execution starts with them. Pages are write-protected until their first
// write; from then on they are put back.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_GLOBALS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_GLOBALS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace heddle::explorer {

struct Globals {
  // Takes the snapshot and protects; or, for the sake of debuggers, counts all pages as written to.
  void Take(bool protect);
  // Puts everything back: as the snapshot has it, or as the last Keep() has found it.
  void Restore(bool kept = false);
  // Notes what the pages that were written to hold now; forgets it.
  void Keep();
  void Forget();
  // Puts everything back and unprotects.
  void Release();
  // A write to `address` faulted: true when it was a protected page, which is writable now.
  bool Unprotect(std::uintptr_t address);
  // Somebody whose writes do not fault, the kernel, is to write there.
  void UnprotectRange(std::uintptr_t address, std::size_t size);

  // Calls visit(low, high) for each range that this execution may have written to.
  template <typename Visit>
  void ForEachDirtyPage(Visit visit) const;

  struct Region {
    char* low;
    char* high;
    char* snapshot;
  };
  std::vector<Region> regions;
  // Of an object that a library keeps for itself across executions (modules.h).
  bool IsLibrarys(const void* object) const;

  // Page, its place in the snapshot, and what Keep() has found; null: the same. Room is reserved: a
  // fault may come at any time.
  struct Page {
    char* page;
    const char* snapshot;
    const char* kept = nullptr;
  };
  std::vector<Page> dirty;
  std::vector<char> kept_pages;
  std::vector<std::pair<const char*, const char*>> libraries;  // from, and to before
};

template <typename Visit>
void Globals::ForEachDirtyPage(Visit visit) const {
  for (const Page& page : dirty) visit(page.page);
}

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_GLOBALS_H_
