// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/weaken.h"

#include <link.h>
#include <string.h>

#include <algorithm>
#include <cstdlib>

#include "checkers/explorer/runtime/fatal.h"

// The entry points of fiber.S, as addresses.
#define ENTRIES(X, bits)                                   \
  X(bits, load, kLoad)                                     \
  X(bits, store, kStore)                                   \
  X(bits, exchange, kExchange)                             \
  X(bits, fetch_add, kFetchAdd)                            \
  X(bits, fetch_sub, kFetchSub)                            \
  X(bits, fetch_and, kFetchAnd)                            \
  X(bits, fetch_or, kFetchOr)                              \
  X(bits, fetch_xor, kFetchXor)                            \
  X(bits, fetch_nand, kFetchNand)                          \
  X(bits, compare_exchange_val, kCompareExchangeValue)     \
  X(bits, compare_exchange_strong, kCompareExchangeStrong) \
  X(bits, compare_exchange_weak, kCompareExchangeWeak)
#define ALL_ENTRIES(X) ENTRIES(X, 8) ENTRIES(X, 16) ENTRIES(X, 32) ENTRIES(X, 64) ENTRIES(X, 128)

#define DECLARE(bits, name, operation) extern char __tsan_atomic##bits##_##name;
extern "C" {
ALL_ENTRIES(DECLARE)
extern char __tsan_atomic_thread_fence;
}
#undef DECLARE

namespace heddle::explorer {
namespace {

constexpr std::size_t kFirstEntries = 256;
constexpr char kOption[] = "orders=";

struct Entrance {
  const char* address;
  AtomicOperation operation;
};

#define ENTRANCE(bits, name, operation) {&__tsan_atomic##bits##_##name, AtomicOperation::operation},
constexpr Entrance kEntrances[] = {
    ALL_ENTRIES(ENTRANCE){&__tsan_atomic_thread_fence, AtomicOperation::kFence}};
#undef ENTRANCE

struct Code {
  std::uintptr_t bias = 0;
  std::uintptr_t low = UINTPTR_MAX;
  std::uintptr_t high = 0;
};

// The executable's: dl_iterate_phdr() tells it first.
int TakeCode(dl_phdr_info* module, std::size_t, void* argument) {
  auto& code = *static_cast<Code*>(argument);
  code.bias = module->dlpi_addr;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    code.low = std::min(code.low, static_cast<std::uintptr_t>(code.bias + header.p_vaddr));
    code.high = std::max(code.high,
                         static_cast<std::uintptr_t>(code.bias + header.p_vaddr + header.p_memsz));
  }
  return 1;
}

std::uintptr_t Relative(const unsigned char* after) {
  std::int32_t offset;
  memcpy(&offset, after - sizeof offset, sizeof offset);
  return reinterpret_cast<std::uintptr_t>(after) + static_cast<std::intptr_t>(offset);
}

std::uintptr_t Loaded(std::uintptr_t address) {
  std::uintptr_t value;
  memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

// What the call that returns to `site` calls; 0: not known.
std::uintptr_t Callee(Site site) {
  constexpr unsigned char kCall = 0xe8;
  constexpr unsigned char kGroup = 0xff;
  constexpr unsigned char kCallThrough = 0x15;
  constexpr unsigned char kJumpThrough = 0x25;
  const auto* const after = reinterpret_cast<const unsigned char*>(site);
  if (after[-6] == kGroup && after[-5] == kCallThrough) return Loaded(Relative(after));
  if (after[-5] != kCall) return 0;
  const std::uintptr_t callee = Relative(after);
  const auto* stub = reinterpret_cast<const unsigned char*>(callee);
  constexpr unsigned char kEndBranch[] = {0xf3, 0x0f, 0x1e, 0xfa};
  if (memcmp(stub, kEndBranch, sizeof kEndBranch) == 0) stub += sizeof kEndBranch;
  if (stub[0] == kGroup && stub[1] == kJumpThrough) return Loaded(Relative(stub + 6));
  return callee;
}

bool MayHave(AtomicOperation operation, Order order) {
  const bool acquires = order == Order::kAcquire || order == Order::kAcqRel;
  const bool releases = order == Order::kRelease || order == Order::kAcqRel;
  if (operation == AtomicOperation::kLoad) return !releases;
  if (operation == AtomicOperation::kStore) return !acquires;
  return true;
}

bool IsCompareExchange(AtomicOperation operation) {
  return operation == AtomicOperation::kCompareExchangeValue ||
         operation == AtomicOperation::kCompareExchangeStrong ||
         operation == AtomicOperation::kCompareExchangeWeak;
}

bool TakeOrder(std::string_view text, Order& order) {
  for (const Order candidate :
       {Order::kRelaxed, Order::kAcquire, Order::kRelease, Order::kAcqRel, Order::kSeqCst}) {
    if (text != NameOf(candidate)) continue;
    order = candidate;
    return true;
  }
  order = Order::kRelaxed;
  return text == "none";
}

std::size_t Hash(Site site, std::size_t size) {
  return (site * 0x9e3779b97f4a7c15U >> 32) & (size - 1);
}

}  // namespace

const char* NameOf(Order order) {
  static constexpr const char* kNames[] = {"plain",   "relaxed", "acquire",
                                           "release", "acq_rel", "seq_cst"};
  return kNames[static_cast<int>(order)];
}

const char* NameOf(AtomicOperation operation) {
  static constexpr const char* kNames[] = {"",
                                           "load",
                                           "store",
                                           "exchange",
                                           "fetch_add",
                                           "fetch_sub",
                                           "fetch_and",
                                           "fetch_or",
                                           "fetch_xor",
                                           "fetch_nand",
                                           "compare_exchange",
                                           "compare_exchange",
                                           "compare_exchange",
                                           "fence"};
  return kNames[static_cast<int>(operation)];
}

bool IsWeaker(Order order, Order than) {
  switch (than) {
    case Order::kSeqCst:
      return order != Order::kSeqCst;
    case Order::kAcqRel:
      return order != Order::kSeqCst && order != Order::kAcqRel;
    case Order::kAcquire:
    case Order::kRelease:
      return order == Order::kRelaxed;
    default:
      return false;
  }
}

Weaken::Weaken(std::string_view orders, bool list) : on_(list), entries_(kFirstEntries) {
  if (!orders.empty()) Parse(orders);
}

void Weaken::TakeFrom(std::string_view& path) {
  if (!path.starts_with('=')) return;
  const std::size_t end = path.find(';');
  if (end == std::string_view::npos) return;
  Parse(path.substr(1, end - 1));
  path.remove_prefix(end + 1);
}

std::string Weaken::ToPath() const { return orders_.empty() ? "" : "=" + orders_ + ";"; }

void Weaken::Parse(std::string_view orders) {
  on_ = true;
  wanted_.clear();
  orders_ = orders;
  for (;;) {
    const std::size_t comma = orders.find(',');
    ParseOne(orders.substr(0, comma));
    if (comma == std::string_view::npos) return;
    orders.remove_prefix(comma + 1);
  }
}

void Weaken::ParseOne(std::string_view text) {
  const std::string one(text);
  const std::size_t equals = text.find('=');
  const std::size_t slash = text.find('/');
  char* end = nullptr;
  const std::uintptr_t offset = strtoul(one.c_str(), &end, 16);
  Wanted wanted{};
  wanted.has_failure = slash != std::string_view::npos;
  if (equals == std::string_view::npos || equals == 0 || one[0] == '-' ||
      end != one.c_str() + equals ||
      !TakeOrder(text.substr(equals + 1, slash - equals - 1), wanted.order) ||
      (wanted.has_failure && !TakeOrder(text.substr(slash + 1), wanted.failure))) {
    Fatal("%s: '%s' is no SITE=ORDER", kOption, one.c_str());
  }
  Code code;
  dl_iterate_phdr(TakeCode, &code);
  wanted.site = code.bias + offset;
  constexpr std::uintptr_t kLongestCall = 7;
  std::uintptr_t callee = 0;
  if (wanted.site >= code.low + kLongestCall && wanted.site <= code.high) {
    callee = Callee(wanted.site);
  }
  const auto* const entrance =
      std::find_if(std::begin(kEntrances), std::end(kEntrances), [&](const Entrance& known) {
        return reinterpret_cast<std::uintptr_t>(known.address) == callee;
      });
  if (entrance == std::end(kEntrances)) {
    Fatal("%s: no atomic operation returns to %#lx", kOption, static_cast<unsigned long>(offset));
  }
  const AtomicOperation operation = entrance->operation;
  const bool fence = operation == AtomicOperation::kFence;
  const bool failure = wanted.has_failure;
  if (!MayHave(operation, wanted.order) || (text.ends_with("=none") && !fence) ||
      failure != IsCompareExchange(operation) ||
      (failure && !MayHave(AtomicOperation::kLoad, wanted.failure))) {
    Fatal("%s: '%s': a %s has no such order", kOption, one.c_str(), NameOf(operation));
  }
  wanted_.push_back(wanted);
}

Weaken::Entry& Weaken::At(const AtomicSite& site) {
  for (std::size_t i = Hash(site.site, entries_.size());; i = (i + 1) & (entries_.size() - 1)) {
    Entry& entry = entries_[i];
    if (entry.met.site == 0) return entry;
    if (entry.met.site == site.site && entry.met.order == site.order &&
        entry.met.failure == site.failure) {
      return entry;
    }
  }
}

Weaken::Entry& Weaken::Enter(const AtomicSite& site) {
  if (used_ * 2 >= entries_.size()) {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& known : old) {
      if (known.met.site != 0) At(known.met) = known;
    }
  }
  ++used_;
  Entry& entry = At(site);
  entry.met = site;
  for (const Wanted& wanted : wanted_) {
    if (wanted.site != site.site) continue;
    const bool failure = wanted.has_failure;
    const bool weaker = IsWeaker(wanted.order, site.order);
    const bool weaker_failure = failure && IsWeaker(wanted.failure, site.failure);
    if ((!weaker && wanted.order != site.order) ||
        (failure && !weaker_failure && wanted.failure != site.failure) ||
        (!weaker && !weaker_failure)) {
      const bool of_failure = weaker || (failure && wanted.order == site.order);
      Fatal("%s: %s is not weaker than %s, the order of this %s%s", kOption,
            NameOf(of_failure ? wanted.failure : wanted.order),
            NameOf(of_failure ? site.failure : site.order), NameOf(site.operation),
            of_failure ? " where it fails" : "");
    }
    entry.weaker = true;
    entry.order = wanted.order;
    entry.failure = failure ? wanted.failure : site.failure;
  }
  return entry;
}

void Weaken::Meet(AtomicOperation atomic, Operation& operation) {
  const bool compares = IsCompareExchange(atomic);
  AtomicSite site;
  site.site = operation.access.site;
  site.operation = atomic;
  site.size = atomic == AtomicOperation::kFence ? std::uint8_t{0} : operation.access.size;
  site.order = operation.access.order;
  site.failure = compares ? operation.update.failure : Order::kRelaxed;
  Entry* entry = &At(site);
  if (entry->met.site == 0) entry = &Enter(site);
  ++entry->met.count;
  if (!entry->weaker) return;
  operation.access.order = entry->order;
  if (compares) operation.update.failure = entry->failure;
}

std::vector<AtomicSite> Weaken::Sites() const {
  std::vector<AtomicSite> sites;
  for (const Entry& entry : entries_) {
    if (entry.met.site != 0) sites.push_back(entry.met);
  }
  return sites;
}

}  // namespace heddle::explorer
