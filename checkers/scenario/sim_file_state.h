// SPDX-License-Identifier: Apache-2.0
//
// What simulated files (sim_files.h) keep, and how. Bit 0 of each shared word is the engine's
// (sim_cells.h).
#ifndef HEDDLE_CHECKERS_SCENARIO_SIM_FILE_STATE_H_
#define HEDDLE_CHECKERS_SCENARIO_SIM_FILE_STATE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checkers/scenario/sim_cells.h"
#include "primitives/platform.h"

namespace heddle::sim_files {

inline constexpr int kMaxProcesses = 8;
inline constexpr std::uint64_t kFirstStart = 10;
inline constexpr std::size_t kMaxInodes = 16;
inline constexpr std::size_t kMaxDescriptors = 6;  // of a process
inline constexpr std::size_t kMaxContent = 64;
inline constexpr std::size_t kMaxTexts = 8;  // different ones that a process writes

// A name is 0, or says its inode.
constexpr SimWord Binding(std::size_t inode) { return 2 * SimWord{inode} + 2; }
constexpr std::size_t InodeAt(SimWord binding) { return binding / 2 - 1; }

// An inode's references. It is free when there are none.
inline constexpr SimWord kLink = 2;
inline constexpr SimWord kOpen = SimWord{1} << 16;

// Which inodes are not free.
constexpr SimWord Used(std::size_t inode) { return SimWord{2} << inode; }

// A process, and how often it was respawned.
inline constexpr SimWord kDead = 2;
inline constexpr SimWord kSpawn = 4;

// The locks of one kind on an inode: this bit, and one for each open file description that has one.
inline constexpr SimWord kExclusive = 2;
enum LockKind : std::uint8_t { kFlock, kOfd };
inline constexpr std::array kLockKinds = {kFlock, kOfd};

constexpr SimWord LockBits(LockMode mode, int process, std::size_t fd) {
  if (mode == LockMode::kUnlock) return 0;
  const SimWord description = SimWord{4}
                              << (static_cast<std::size_t>(process) * kMaxDescriptors + fd);
  return mode == LockMode::kExclusive ? description | kExclusive : description;
}

// An inode's content is 0 (empty), or the number of a text: one that was written once, and is never
// changed.
inline constexpr SimWord kNoText = 1;

struct Text {
  std::array<char, kMaxContent> bytes{};
  std::size_t size = 0;

  std::string_view view() const { return {bytes.data(), size}; }
};

class Texts {
 public:
  // kNoText: there is no room.
  SimWord number(std::string_view text, int process, std::size_t& used) {
    if (text.empty()) return 0;
    if (text.size() > kMaxContent) return kNoText;
    auto& own = texts_[static_cast<std::size_t>(process)];
    std::size_t i = 0;
    while (i < used && own[i].view() != text) ++i;
    if (i == kMaxTexts) return kNoText;
    if (i == used) {
      std::copy(text.begin(), text.end(), own[i].bytes.begin());
      own[i].size = text.size();
      ++used;
    }
    return 2 * (static_cast<std::size_t>(process) * kMaxTexts + i) + 2;
  }

  std::string_view view(SimWord number) const {
    if (number == 0) return {};
    const std::size_t i = number / 2 - 1;
    return texts_[i / kMaxTexts][i % kMaxTexts].view();
  }

 private:
  std::array<std::array<Text, kMaxTexts>, kMaxProcesses + 1> texts_;
};

struct Descriptor {
  int inode = -1;  // -1: closed
  bool writable = false;
  std::array<LockMode, 2> locks{LockMode::kUnlock, LockMode::kUnlock};
};

// What a process has for itself.
struct Process {
  bool alive = true;
  bool armed = false;
  bool killed = false;
  bool changed = false;  // anything, since it could have been killed last
  std::uint64_t start = kFirstStart;
  std::size_t texts = 0;
  std::array<Descriptor, kMaxDescriptors> descriptors;
};

template <std::size_t kNames>
struct State {
  std::array<SimWord, kNames> names{};
  std::array<SimWord, kNames> hashes{};  // of the names in the slots; 0: of none
  std::array<SimWord, kMaxInodes> references{};
  std::array<SimWord, kMaxInodes> contents{};
  std::array<std::array<SimWord, kMaxInodes>, kLockKinds.size()> locks{};
  SimWord used = 0;
  std::array<SimWord, kMaxProcesses + 1> lives{};
  std::array<Process, kMaxProcesses + 1> processes;  // the last: set-up and After()
  std::array<const SimWord*, 8> counts{};            // the scenario's
  std::size_t noted = 0;
};

// A count as a word.
constexpr SimWord FromCount(int value) { return static_cast<SimWord>(std::int64_t{value}) * 2; }
constexpr int ToCount(SimWord word) {
  return static_cast<int>(static_cast<std::int64_t>(word) / 2);
}

// Never 0.
constexpr std::uint64_t HashOf(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash | 1;
}

}  // namespace heddle::sim_files

#endif  // HEDDLE_CHECKERS_SCENARIO_SIM_FILE_STATE_H_
