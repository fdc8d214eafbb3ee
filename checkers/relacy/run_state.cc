// SPDX-License-Identifier: Apache-2.0
#include "checkers/relacy/run_state.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/relacy/relacy_headers.h"
#include "primitives/platform.h"

namespace heddle::relacy {

RunState& State() {
  static RunState state;
  return state;
}

void Heap::Reset() {
  used_ = 0;
  blocks_.clear();
  freed_.clear();
}

void* Heap::Fresh(std::size_t size, const std::type_info& type) {
  const std::size_t rounded = (size + kCacheLine - 1) / kCacheLine * kCacheLine;
  const std::size_t base = reinterpret_cast<std::uintptr_t>(memory_.get()) % kCacheLine;
  const std::size_t offset = used_ + (base == 0 ? 0 : kCacheLine - base);
  if (offset + rounded > kBytes) {
    FailExecution(Verdict::kError, "the scenario allocates more than 1 MiB", Location::current());
  }
  used_ += rounded;
  blocks_.push_back({offset, size, &type, true});
  return memory_.get() + offset;
}

Heap::Block* Heap::Reusable(std::size_t size) {
  for (std::size_t i = freed_.size(); i-- > 0;) {
    Block& block = blocks_[freed_[i]];
    if (block.size == size) return &block;
  }
  return nullptr;
}

void* Heap::Reuse(Block* block, const std::type_info& type) {
  const auto index = static_cast<std::size_t>(block - blocks_.data());
  std::erase(freed_, index);
  block->live = true;
  block->type = &type;
  return memory_.get() + block->offset;
}

Heap::Block* Heap::Find(const void* memory) {
  const auto* byte = static_cast<const std::byte*>(memory);
  for (Block& block : blocks_) {
    if (memory_.get() + block.offset == byte) return &block;
  }
  return nullptr;
}

void Heap::Free(Block* block) {
  block->live = false;
  // Relacy knows a dead object by its missing signature.
  std::memset(memory_.get() + block->offset, 0, block->size);
  freed_.push_back(static_cast<std::size_t>(block - blocks_.data()));
}

void RunState::BeginExecution() {
  threads_running = false;
  last_store = 0;
  parked.clear();
  deadlines.clear();
  heap.Reset();
  failure = Verdict::kPass;
  message.clear();
  if (tracing) trace.Clear();
}

int RunState::Column() const { return threads_running ? ThreadIndex() : Trace::kNoThread; }

void FailExecution(Verdict verdict, std::string_view message, Location where) {
  RunState& state = State();
  state.failure = verdict;
  state.message = message;
  if (state.tracing) {
    state.trace.Add(state.Column(), where,
                    absl::StrCat("FAILS: ", absl::string_view(message.data(), message.size())));
  }
  rl::ctx().fail_test("", rl::test_result_user_assert_failed,
                      rl::debug_info(where.function_name(), where.file_name(), where.line()));
  std::terminate();  // fail_test leaves the fiber for good
}

}  // namespace heddle::relacy
