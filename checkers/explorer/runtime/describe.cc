// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/describe.h"

#include <bit>
#include <cstdio>

namespace heddle::explorer {
namespace {

FoundAccess Found(std::uintptr_t address, const ShadowAccess& access) {
  const std::uintptr_t granule = address / Shadow::kGranule * Shadow::kGranule;
  return {.thread = access.thread,
          .address = granule + static_cast<unsigned>(std::countr_zero(access.mask)),
          .site = access.site,
          .size = static_cast<std::uint8_t>(std::popcount(access.mask)),
          .position = static_cast<std::uint16_t>(access.position),
          .write = access.write,
          .atomic = access.atomic};
}

// The end of a variable on the stack.
FoundAccess EndOf(ThreadId owner, int position, std::uintptr_t address) {
  return {.thread = owner,
          .address = address,
          .site = 0,
          .size = 0,
          .position = static_cast<std::uint16_t>(position),
          .write = true,
          .atomic = false};
}

const char* What(const ShadowAccess& access) {
  if (access.atomic) return access.write ? "atomic write" : "atomic read";
  return access.write ? "write" : "read";
}

}  // namespace

void DescribeRace(std::uintptr_t address, const ShadowAccess& now, const ShadowAccess& before,
                  Fault& fault) {
  fault.verdict = verdict::kRace;
  fault.thread = now.thread;
  fault.site = now.site;
  fault.access[0] = Found(address, now);
  fault.access[1] = Found(address, before);
  fault.accesses = 2;
  snprintf(fault.message, sizeof fault.message,
           "%s of %u bytes by thread %d and %s of %u bytes by thread %d, unordered, at %#lx",
           What(now), fault.access[0].size, now.thread, What(before), fault.access[1].size,
           before.thread, static_cast<unsigned long>(fault.access[0].address));
}

void DescribeDeadStack(ThreadId owner, int position, const FoundAccess& access, Fault& fault) {
  fault.verdict = verdict::kUseAfterFree;
  fault.thread = access.thread;
  fault.site = access.site;
  fault.access[0] = access;
  fault.access[1] = EndOf(owner, position, access.address);
  fault.accesses = 2;
  snprintf(fault.message, sizeof fault.message,
           "%s of %u bytes by thread %d on the stack of thread %d, which has returned from there",
           access.write ? "write" : "read", access.size, access.thread, owner);
}

void DescribeLeftStack(ThreadId owner, int position, std::uintptr_t address,
                       const ShadowAccess& access, Fault& fault) {
  fault.verdict = verdict::kUseAfterFree;
  fault.thread = owner;
  fault.access[1] = Found(address, access);
  fault.access[0] = EndOf(owner, position, fault.access[1].address);
  fault.accesses = 2;
  snprintf(fault.message, sizeof fault.message,
           "thread %d returns from the function whose variable thread %d accesses, unordered",
           owner, access.thread);
}

void DescribeBadAccess(Heap& heap, std::uintptr_t address, std::size_t size, bool write,
                       bool atomic, ThreadId thread, Site site, int position, Fault& fault) {
  const Block* const block = heap.Near(address);
  fault.thread = thread;
  fault.site = site;
  fault.access[0] = {.thread = thread,
                     .address = address,
                     .site = site,
                     .size = static_cast<std::uint8_t>(size),
                     .position = static_cast<std::uint16_t>(position),
                     .write = write,
                     .atomic = atomic};
  fault.accesses = 1;
  fault.block = block == nullptr ? 0 : block->address;
  const char* const access = write ? "write" : "read";
  if (block != nullptr && block->freed_by != kNoThread && address >= block->address &&
      address < block->address + block->size) {
    fault.verdict = verdict::kUseAfterFree;
    fault.access[1] = {.thread = block->freed_by,
                       .address = block->address,
                       .site = block->free_site,
                       .size = 0,
                       .position = static_cast<std::uint16_t>(block->free_position),
                       .write = true,
                       .atomic = false};
    fault.accesses = 2;
    snprintf(fault.message, sizeof fault.message,
             "%s of %zu bytes by thread %d, %zu bytes into a block of %zu bytes that thread %d has "
             "freed",
             access, size, thread, address - block->address, block->size, block->freed_by);
    return;
  }
  fault.verdict = verdict::kOutOfBounds;
  if (block == nullptr) {
    snprintf(fault.message, sizeof fault.message,
             "%s of %zu bytes by thread %d outside of every block of the heap", access, size,
             thread);
  } else if (address < block->address) {
    snprintf(fault.message, sizeof fault.message,
             "%s of %zu bytes by thread %d, %zu bytes before a block of %zu bytes", access, size,
             thread, block->address - address, block->size);
  } else {
    snprintf(fault.message, sizeof fault.message,
             "%s of %zu bytes by thread %d at offset %zu of a block of %zu bytes", access, size,
             thread, address - block->address, block->size);
  }
}

}  // namespace heddle::explorer
