// SPDX-License-Identifier: Apache-2.0
//
// What RelacyPlatform is made of, with Relacy itself kept out of sight: Relacy's headers replace
// operator new and define macros named new, free and assert, so only this package's sources include
// them.
//
// All integers and pointers are carried as 64-bit words. Every operation that another thread could
// observe is a scheduling point, as in Relacy.
#ifndef HEDDLE_CHECKERS_RELACY_CELLS_H_
#define HEDDLE_CHECKERS_RELACY_CELLS_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>
#include <typeinfo>

#include "primitives/platform.h"

namespace heddle::relacy {

using Location = std::source_location;

// How values of a cell are printed in a counterexample, and how wide its arithmetic is.
struct ValueKind {
  std::uint8_t bytes = 8;
  bool is_signed = false;
  bool is_pointer = false;
  bool printable = true;
};

template <class T>
constexpr ValueKind KindOf() {
  constexpr bool number = std::is_integral_v<T> || std::is_enum_v<T>;
  return {.bytes = sizeof(T) <= 8 ? sizeof(T) : 8,
          .is_signed = std::is_signed_v<T>,
          .is_pointer = std::is_pointer_v<T>,
          .printable = number || std::is_pointer_v<T>};
}

template <class T>
std::uint64_t ToWord(const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));  // little endian: the unused bytes stay zero
  return word;
}

template <class T>
T FromWord(std::uint64_t word) {
  T value;
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

enum class Rmw : std::uint8_t { kExchange, kAdd, kSub, kAnd, kOr, kXor };

// One atomic location: rl::atomic behind a stable layout.
class AtomicCell {
 public:
  AtomicCell(ValueKind kind, Location where);  // uninitialized
  AtomicCell(ValueKind kind, std::uint64_t value, Location where);
  ~AtomicCell();
  AtomicCell(const AtomicCell&) = delete;
  AtomicCell& operator=(const AtomicCell&) = delete;

  std::uint64_t Load(std::memory_order order, Location where) const;
  void Store(std::uint64_t value, std::memory_order order, Location where);
  std::uint64_t Modify(Rmw operation, std::uint64_t argument, std::memory_order order,
                       Location where);
  bool CompareExchange(std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                       std::memory_order failure, bool weak, Location where);

  // The newest value in modification order, seen by no thread in particular (the kernel's view).
  std::uint64_t Newest() const;

 private:
  alignas(16) unsigned char storage_[192];
};

// Race detection for one plain variable: rl::var behind a stable layout.
class VarCell {
 public:
  VarCell(bool initialized, Location where);
  ~VarCell();
  VarCell(const VarCell&) = delete;
  VarCell& operator=(const VarCell&) = delete;

  void Read(Location where) const;   // before the value is read
  void Write(Location where) const;  // before the value is written
  // For the counterexample only: the value that was read or written.
  void Note(bool write, const char* text, ValueKind kind, std::uint64_t word, Location where) const;
  static bool Tracing();

 private:
  alignas(16) unsigned char storage_[64];
};

// rl::mutex and rl::condition_variable.
class MutexCell {
 public:
  explicit MutexCell(Location where);
  ~MutexCell();
  MutexCell(const MutexCell&) = delete;
  MutexCell& operator=(const MutexCell&) = delete;
  void Lock(Location where);
  bool TryLock(Location where);
  void Unlock(Location where);

 private:
  friend class CondVarCell;
  void* impl_;
};

class CondVarCell {
 public:
  CondVarCell();
  ~CondVarCell();
  CondVarCell(const CondVarCell&) = delete;
  CondVarCell& operator=(const CondVarCell&) = delete;
  ParkResult Wait(MutexCell& mutex, Deadline deadline, Location where);
  void Notify(bool all, Location where);

 private:
  void* impl_;
};

void Fence(std::memory_order order, Location where);
void Yield(Location where);
ParkResult Park(const AtomicCell* cell, std::uint64_t expected, Deadline deadline, Location where);
void Unpark(const AtomicCell* cell, int count, Location where);
int Choose(int count, Location where);
int ThreadIndex();
// The same, but -1 while no thread runs: construction and After() belong to no simulated process.
int ProcessIndex();
// For each of the scenario's threads, how many of its events happen before the calling thread's
// next one. Only while the threads run.
void Past(std::uint32_t* events, int threads);
bool Expired(Deadline deadline, Location where);

// One indivisible step that does something outside Relacy's view, such as a simulated file
// operation.
void Step(const char* what, Location where);

// Memory whose lifetime is checked. Freed memory is handed out again, or not: both are explored.
void* Allocate(std::size_t size, const std::type_info& type);
// Ends the execution with a verdict when `memory` is not live; otherwise call the destructor, then
// Release.
void CheckLive(const void* memory);
void Release(void* memory);

}  // namespace heddle::relacy

#endif  // HEDDLE_CHECKERS_RELACY_CELLS_H_
