// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "checkers/lock_order/runtime/ghosts.h"
#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {
namespace {

constexpr uint32_t kDeepStack = 256;

uint32_t chain_hash(uint32_t parent, uint32_t node, uint64_t site, uint8_t flags) {
  // Locks and chains are numbered in a row, and used so as often as not.
  const uint64_t hash = (node >> 4) * 0x9E3779B97F4A7C15 + (parent >> 4) * 0xC2B2AE3D27D4EB4F +
                        (site + flags) * 0x165667B19E3779F9;
  return (static_cast<uint32_t>(hash >> 32) & ~15U) | ((node + 2 * parent) & 15U);
}

uint32_t stack_hash(const uint64_t* pcs, uint32_t frames) {
  uint64_t hash = frames;
  for (uint32_t i = 0; i < frames; ++i)
    hash = (hash ^ pcs[i]) * 0x9E3779B97F4A7C15, hash ^= hash >> 29;
  return static_cast<uint32_t>(hash >> 16);
}

bool rwlock_kind(uint8_t kind) {
  return (kind >= kRwPreferReader && kind <= kRwPreferWriterNonrecursive) || kind == kAnnotatedRw ||
         (kind >= kFlock && kind <= kOfdFileLock);
}

}  // namespace

uint32_t Recorder::find_chain(uint32_t parent, uint32_t node, uint64_t site, uint8_t flags) {
  return chain_set_.find(chain_hash(parent, node, site, flags), [&](uint32_t index) {
    const Chain& chain = chains_.at(index);
    return chain.parent == parent && chain.node == node && chain.site == site &&
           chain.flags == flags;
  });
}

uint32_t Recorder::add_chain(uint32_t parent, uint32_t node, uint64_t site, uint8_t flags,
                             uint32_t stack) {
  Chain* chain = recording() ? chains_.append() : nullptr;
  if (chain == nullptr) {
    stop();
    return 0;
  }
  refer_to(node);
  chain->parent = parent;
  chain->node = node;
  chain->site = site;
  chain->flags = flags;
  chain->stack = stack;
  const uint32_t index = chains_.publish();
  chain_set_.insert(chain_hash(parent, node, site, flags), index, [&](uint32_t member) {
    const Chain& other = chains_.at(member);
    return chain_hash(other.parent, other.node, other.site, other.flags);
  });
  return index;
}

bool Recorder::gone(const ChainEntry& entry) const {
  return (load_word(node(entry.node).flags) & kNodeDestroyed) != 0;
}

void Recorder::add_visit(ThreadState& t, ChainEntry& entry) {
  if (entry.segment == t.segment) return;
  if (entry.visits >= kVisitsPerChain) {
    store_word(visits_.at(entry.visit).segment_end, t.segment);
    entry.segment = t.segment;
    return;
  }
  Visit* visit = recording() ? visits_.append() : nullptr;
  if (visit == nullptr) {
    stop();
    return;
  }
  visit->chain = entry.child;
  visit->thread = t.id;
  visit->segment = t.segment;
  visit->segment_end = t.segment;
  entry.visit = visits_.publish();
  entry.segment = t.segment;
  ++entry.visits;
}

// How node's acquisition at position `depth` relates to the same lock held below it: not at all, as
// a reader again, as an upgrade; or the chain stays what it is (recursion, self-deadlock).
bool Recorder::same_lock(ThreadState& t, uint32_t depth, uint32_t index, uint8_t* flags) const {
  // Only a thread that deadlocks with itself has an ordinary mutex twice. Who holds thousands of
  // locks does not have them all looked through for that.
  if (depth > kDeepStack && node(index).kind == kMutexNormal) return false;
  for (uint32_t i = 0; i < depth; ++i) {
    const Held& below = held_at(t, i);
    if (below.node != index) continue;
    if (!rwlock_kind(node(index).kind) || (below.flags & kShared) == 0) return true;
    *flags |= (*flags & kShared) != 0 ? kRecursive : kUpgrade;
    return false;
  }
  return false;
}

// The thread's entry for this step. `stack`: where a new chain's stack starts, see partial_stack.
ChainEntry* Recorder::entry_of(ThreadState& t, uint32_t parent, uint32_t depth, const Held& held,
                               const CapturedStack& current) {
  const uint32_t check = site_check(held.site, held.flags);
  ChainEntry* entry = t.chains.find(parent, held.node, check);
  if (entry != nullptr) return entry;
  uint8_t flags = held.flags;
  uint32_t child = parent;
  const bool same = same_lock(t, depth, held.node, &flags);
  if (!same) {
    child = find_chain(parent, held.node, held.site, flags);
    if (child == 0) {
      child = add_chain(parent, held.node, held.site, flags, stack_of(held, current));
      if (child == 0) return nullptr;
    }
  }
  entry = t.chains.insert(parent, held.node, check,
                          [this](const ChainEntry& other) { return gone(other); });
  if (entry == nullptr) {
    stop();
    return nullptr;
  }
  entry->child = child;
  if (same) entry->segment = UINT32_MAX;  // never a visit
  return entry;
}

// Brings the chains of what is held up to date; the innermost one.
uint32_t Recorder::resolve(ThreadState& t, const CapturedStack& current) {
  const uint32_t depth = t.record->depth;
  // Below one that is up to date all are.
  uint32_t first = depth;
  for (; first > 0; --first) {
    const Held& held = held_at(t, first - 1);
    const ChainWord word = word_at(t, first - 1);
    if (held.node != 0 && word.chain != 0 && word.check == site_check(held.site, held.flags)) break;
  }
  uint32_t parent = first == 0 ? 0 : word_at(t, first - 1).chain;
  for (uint32_t i = first; i < depth; ++i) {
    const Held& held = held_at(t, i);
    ChainWord& word = word_at(t, i);
    const uint32_t check = site_check(held.site, held.flags);
    if (held.node == 0) {  // taken away by another thread
      word = {parent, check};
      continue;
    }
    if (word.chain == 0 || word.check != check) {
      const ChainEntry* entry = entry_of(t, parent, i, held, current);
      if (entry == nullptr) return 0;
      word = {entry->child, check};
    }
    parent = word.chain;
  }
  return parent;
}

// A declared order, checked at the first acquisition of its kind.
void Recorder::check_levels(ThreadState& t, uint32_t index, Call call) {
  const Node& wanted = node(index);
  if ((load_word(wanted.flags) & (kNodeHasLevel | kNodeByAddress)) == 0) return;
  for (uint32_t i = t.record->depth; i-- > 0;) {
    const uint32_t below = held_at(t, i).node;
    if (below == 0 || below == index) continue;
    if (!against_order(node(below), wanted)) continue;
    Event event{};
    event.kind = kEventLevel;
    event.node = index;
    event.other_node = below;
    add_event(t, event, &call);
    return;
  }
}

ChainWord Recorder::extend(ThreadState& t, uint32_t index, uint8_t flags, Call call) {
  if (HEDDLE_UNLIKELY(t.held_ghost != nullptr) && step_under_ghost(t, index, flags, call)) {
    return {0, 0};
  }
  const SlowPath slow(t);
  if (!slow.entered() || t.record->depth == 0) return {0, 0};
  const CapturedStack* current = stack_now(t, call);
  if (current == nullptr) return {0, 0};
  ChainWord word{};
  bool first = false;
  {
    const FutexLocker locker(lock_);
    const uint32_t parent = resolve(t, *current);
    if (parent == 0) return {0, 0};
    Held held{};
    held.node = index;
    held.flags = flags;
    held.site = call.site;
    held.stack_pointer = call.stack_pointer;
    ChainEntry* entry = entry_of(t, parent, t.record->depth, held, *current);
    if (entry == nullptr) return {0, 0};
    if (entry->segment != UINT32_MAX) {
      first = entry->visits == 0;
      add_visit(t, *entry);
    }
    word = {entry->child, entry->check};
  }
  if (first) check_levels(t, index, call);
  return word;
}

void Recorder::visit_alone(ThreadState& t, uint32_t index, uint8_t flags, Call call) {
  const ChainEntry* known = t.chains.find(0, index, site_check(call.site, flags));
  if (known != nullptr && known->segment >= t.segment) return;
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const CapturedStack* current = stack_now(t, call);
  if (current == nullptr) return;
  Held held{};
  held.node = index;
  held.flags = flags;
  held.site = call.site;
  held.stack_pointer = call.stack_pointer;
  const FutexLocker locker(lock_);
  ChainEntry* entry = entry_of(t, 0, 0, held, *current);
  if (entry != nullptr) add_visit(t, *entry);
}

uint32_t Recorder::held_chain(ThreadState& t, Call call) {
  if (t.record == nullptr || t.record->depth == 0) return 0;
  const CapturedStack* current = stack_now(t, call);
  if (current == nullptr) return 0;
  const FutexLocker locker(lock_);
  return resolve(t, *current);
}

CapturedStack* Recorder::stack_now(ThreadState& t, Call call) {
  if (t.stacks == nullptr) {
    t.stacks = static_cast<StackCache*>(map_pages(sizeof(StackCache)));
    if (t.stacks == nullptr) return nullptr;
  }
  return &t.stacks->capture(call.site, call.stack_pointer);
}

uint32_t Recorder::capture_stack(ThreadState& t, Call call) {
  CapturedStack* stack = stack_now(t, call);
  if (stack == nullptr) return 0;
  if (stack->stack == 0) {
    const FutexLocker locker(lock_);
    stack->stack = intern_stack(stack->pcs, stack->frames);
  }
  return stack->stack;
}

// The stack of an acquisition, seen from a later (or the same) moment of its thread: its own call
// site, then those frames that were live then and still are.
uint32_t Recorder::stack_of(const Held& held, const CapturedStack& current) {
  if (held.stack_pointer == current.stack_pointer && held.site == current.site) {
    auto& cached = const_cast<CapturedStack&>(current);
    if (cached.stack == 0) cached.stack = intern_stack(cached.pcs, cached.frames);
    return cached.stack;
  }
  uint64_t pcs[kMaxFrames];
  uint32_t frames = 0;
  pcs[frames++] = held.site;
  for (uint32_t i = 0; i < current.frames && frames < kMaxFrames; ++i) {
    if (reinterpret_cast<uint64_t>(current.slots[i]) >= held.stack_pointer) {
      pcs[frames++] = current.pcs[i];
    }
  }
  return intern_stack(pcs, frames);
}

uint32_t Recorder::intern_stack(const uint64_t* pcs, uint32_t frames) {
  const uint32_t hash = stack_hash(pcs, frames);
  const uint32_t found = stack_set_.find(hash, [&](uint32_t index) {
    const Stack& stack = stacks_.at(index);
    return stack.hash == hash && stack.frames == frames &&
           memcmp(&frames_.at(stack.first_frame), pcs, frames * sizeof(Frame)) == 0;
  });
  if (found != 0) return found;
  for (uint32_t i = 0; i < frames; ++i) note_module(pcs[i]);
  Frame* first = nullptr;
  const uint32_t run = recording() ? frames_.append_run(frames, &first) : 0;
  if (run == 0) {
    stop();
    return 0;
  }
  memcpy(first, pcs, frames * sizeof(Frame));
  frames_.publish_run(run, frames);
  Stack* stack = stacks_.append();
  if (stack == nullptr) {
    stop();
    return 0;
  }
  stack->first_frame = run;
  stack->frames = frames;
  stack->hash = hash;
  const uint32_t index = stacks_.publish();
  stack_set_.insert(hash, index, [&](uint32_t member) { return stacks_.at(member).hash; });
  return index;
}

namespace {

void read_build_id(const link_map* map, uint64_t begin, uint64_t end, Module* module) {
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(begin);
  if (end - begin < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return;
  if (header->e_phoff > end - begin || header->e_phentsize != sizeof(ElfW(Phdr))) return;
  if ((end - begin - header->e_phoff) / sizeof(ElfW(Phdr)) < header->e_phnum) return;
  const auto* segments = reinterpret_cast<const ElfW(Phdr)*>(begin + header->e_phoff);
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type != PT_NOTE) continue;
    uint64_t at = map->l_addr + segments[i].p_vaddr;
    const uint64_t limit = at + segments[i].p_memsz;
    if (at < begin || limit > end) continue;
    while (at + sizeof(ElfW(Nhdr)) <= limit) {
      const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
      const uint64_t name = at + sizeof(*note);
      const uint64_t text = name + ((note->n_namesz + 3ULL) & ~3ULL);
      const uint64_t next = text + ((note->n_descsz + 3ULL) & ~3ULL);
      if (next > limit) break;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
          memcmp(reinterpret_cast<const char*>(name), "GNU", 4) == 0) {
        module->build_id_bytes = static_cast<uint8_t>(
            note->n_descsz < sizeof(module->build_id) ? note->n_descsz : sizeof(module->build_id));
        memcpy(module->build_id, reinterpret_cast<const void*>(text), module->build_id_bytes);
        return;
      }
      at = next;
    }
  }
}

}  // namespace

// _dl_find_object takes no lock. The module is in use (it is on the stack), so it stays mapped.
void Recorder::note_module(uint64_t pc) {
  const auto count = static_cast<uint32_t>(modules_.count());
  for (uint32_t i = count; i-- > 1;) {
    const Module& module = modules_.at(i);
    // A later module at the same place replaces an unloaded one; looked at from the newest on.
    if (pc >= module.begin && pc < module.end) {
      dl_find_object found{};
      if (_dl_find_object(reinterpret_cast<void*>(pc), &found) != 0) return;
      if (module.begin == reinterpret_cast<uint64_t>(found.dlfo_map_start) &&
          module.bias == found.dlfo_link_map->l_addr) {
        return;
      }
      break;
    }
  }
  dl_find_object found{};
  if (_dl_find_object(reinterpret_cast<void*>(pc), &found) != 0) return;
  Module* module = recording() ? modules_.append() : nullptr;
  if (module == nullptr) return;
  const link_map* map = found.dlfo_link_map;
  module->begin = reinterpret_cast<uint64_t>(found.dlfo_map_start);
  module->end = reinterpret_cast<uint64_t>(found.dlfo_map_end);
  module->bias = map->l_addr;
  const char* path = map->l_name;
  module->path = intern_string(path != nullptr && *path != 0 ? path : file_.header().program);
  read_build_id(map, module->begin, module->end, module);
  modules_.publish();
}

}  // namespace heddle::lock_order
