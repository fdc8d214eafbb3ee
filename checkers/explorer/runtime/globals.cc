// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/globals.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/heap.h"
#include "checkers/explorer/runtime/modules.h"
#include "checkers/explorer/runtime/state.h"

namespace heddle::explorer {
namespace {

char* PageOf(std::uintptr_t address) { return reinterpret_cast<char*>(address & -kPage); }
char* PageBehind(std::uintptr_t address) { return PageOf(address + kPage - 1); }

void AddRegion(std::vector<Globals::Region>& regions, char* low, char* high) {
  if (low < high) regions.push_back({low, high, nullptr});
}

void AddLibrary(Globals& globals, const dl_phdr_info* module) {
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) == 0) continue;
    const auto* const low = reinterpret_cast<const char*>(module->dlpi_addr + header.p_vaddr);
    globals.libraries.emplace_back(low, low + header.p_memsz);
  }
}

int AddModule(dl_phdr_info* module, std::size_t, void* data) {
  auto& globals = *static_cast<Globals*>(data);
  if (!IsProgramModule(module->dlpi_name)) return AddLibrary(globals, module), 0;
  auto& regions = globals.regions;
  char* relro_low = nullptr;
  char* relro_high = nullptr;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_GNU_RELRO) continue;
    relro_low = PageOf(module->dlpi_addr + header.p_vaddr);
    relro_high = PageOf(module->dlpi_addr + header.p_vaddr + header.p_memsz);
  }
  auto* const own = reinterpret_cast<char*>(&heddle_explorer_state);
  char* const own_end = own + sizeof heddle_explorer_state;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) == 0) continue;
    char* low = PageOf(module->dlpi_addr + header.p_vaddr);
    char* const high = PageBehind(module->dlpi_addr + header.p_vaddr + header.p_memsz);
    if (relro_low <= low && low < relro_high) low = std::min(relro_high, high);
    if (low <= own && own < high) {
      AddRegion(regions, low, own);
      AddRegion(regions, own_end, high);
    } else {
      AddRegion(regions, low, high);
    }
  }
  return 0;
}

}  // namespace

void Globals::Take(bool protect) {
  regions.clear();
  dirty.clear();
  libraries.clear();
  dl_iterate_phdr(AddModule, this);
  const MemoryRange early = MemoryFromBeforeMain();
  AddRegion(regions, reinterpret_cast<char*>(early.low), PageBehind(early.high));
  std::size_t pages = 0;
  for (Region& region : regions) {
    const auto size = static_cast<std::size_t>(region.high - region.low);
    pages += size / kPage;
    void* const copy =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) Fatal("out of memory for a copy of the global variables");
    region.snapshot = static_cast<char*>(copy);
  }
  dirty.reserve(pages);
  for (const Region& region : regions) {
    memcpy(region.snapshot, region.low, static_cast<std::size_t>(region.high - region.low));
  }
  for (const Region& region : regions) {
    if (!protect) {
      for (char* page = region.low; page < region.high; page += kPage) {
        dirty.push_back({page, region.snapshot + (page - region.low)});
      }
      continue;
    }
    if (mprotect(region.low, static_cast<std::size_t>(region.high - region.low), PROT_READ) != 0) {
      Fatal("cannot protect the global variables: %s", strerror(errno));
    }
  }
}

void Globals::Restore(bool kept) {
  for (const Page& page : dirty) {
    memcpy(page.page, kept && page.kept != nullptr ? page.kept : page.snapshot, kPage);
  }
}

void Globals::Keep() {
  kept_pages.resize((dirty.size() + 1) * kPage);
  char* copy = PageBehind(reinterpret_cast<std::uintptr_t>(kept_pages.data()));
  for (Page& page : dirty) {
    memcpy(copy, page.page, kPage);
    page.kept = copy;
    copy += kPage;
  }
}

void Globals::Forget() {
  for (Page& page : dirty) page.kept = nullptr;
}

void Globals::Release() {
  Restore();
  for (const Region& region : regions) {
    const auto size = static_cast<std::size_t>(region.high - region.low);
    mprotect(region.low, size, PROT_READ | PROT_WRITE);
    munmap(region.snapshot, size);
  }
  regions.clear();
  dirty.clear();
}

bool Globals::Unprotect(std::uintptr_t address) {
  char* const page = PageOf(address);
  for (const Region& region : regions) {
    if (page < region.low || page >= region.high) continue;
    for (const Page& known : dirty) {
      if (known.page == page) return false;
    }
    if (mprotect(page, kPage, PROT_READ | PROT_WRITE) != 0) return false;
    dirty.push_back({page, region.snapshot + (page - region.low)});
    return true;
  }
  return false;
}

bool Globals::IsLibrarys(const void* object) const {
  const auto* const at = static_cast<const char*>(object);
  return std::any_of(libraries.begin(), libraries.end(), [at](const auto& library) {
    return at >= library.first && at < library.second;
  });
}

void Globals::UnprotectRange(std::uintptr_t address, std::size_t size) {
  for (std::uintptr_t page = address & -kPage; page < address + size; page += kPage) {
    Unprotect(page);
  }
}

}  // namespace heddle::explorer
