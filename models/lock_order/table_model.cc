// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "checkers/lock_order/runtime/table.h"
#include "checkers/scenario/scenario.h"
#include "models/lock_order/seam.h"

namespace heddle {
namespace {

// A graph file of four chunks, three records or numbers in each.
template <class P>
class SmallFile {
 public:
  using Platform = RecorderSeam<P>;
  using Word = typename P::template Atomic<std::uint64_t>;
  struct Record {
    typename P::template Var<int> value{0};
  };
  static constexpr std::uint64_t kChunk = 3;
  static constexpr std::uint64_t kPerDirectory = 3;
  static constexpr std::uint64_t kDirectories = 1;

  Word& count(lock_order::TableId) { return count_; }
  Word& directory(lock_order::TableId, std::uint64_t) { return directory_; }
  Word& number(std::uint64_t chunk, std::uint64_t index) { return numbers_[chunk][index]; }
  template <class, std::uint32_t>
  Record& record(std::uint64_t chunk, std::uint64_t index) {
    return records_[chunk][index];
  }
  std::uint64_t allocate_chunk() { return next_ < kChunks ? next_++ : 0; }

 private:
  static constexpr std::uint64_t kChunks = 4;
  std::uint64_t next_ = 1;
  Word count_{0};
  Word directory_{0};
  Word numbers_[kChunks][kPerDirectory] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  Record records_[kChunks][kChunk];
};

template <class P>
struct WithTable {
  using Record = typename SmallFile<P>::Record;
  SmallFile<P> file;
  lock_order::TableWriter<Record, lock_order::kNodes, 1, SmallFile<P>> table;

  WithTable() { HEDDLE_ASSERT(table.open(&file)); }
  std::uint32_t Add(int value) {
    Record* record = table.append();
    HEDDLE_ASSERT(record != nullptr);
    record->value.set(value);
    return table.publish();
  }
  int At(std::uint64_t index) { return table.at(index).value.get(); }
};

// Whoever reads the count reads whole records, of every chunk.
template <class P>
struct TablePublishes : WithTable<P> {
  static constexpr int kThreads = 2;
  TablePublishes() { this->Add(11); }
  void Thread(int index) {
    if (index == 0) {
      this->Add(12);
      this->Add(13);
    } else {
      const std::uint64_t count = this->table.published();
      HEDDLE_ASSERT(count >= 2);
      for (std::uint64_t i = 1; i < count; ++i) HEDDLE_ASSERT(this->At(i) == 10 + int(i));
    }
  }
  void After() { HEDDLE_ASSERT(this->table.published() == 4); }
};
HEDDLE_SCENARIO("analyzer/table.publishes", TablePublishes);
HEDDLE_MUTANT("analyzer/table.publishes", TablePublishes, "publish_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/table.publishes", TablePublishes, "read_relaxed", Verdict::kRace);

// A run that does not fit into the rest of a chunk begins in the next one; what is left out reads
// as zero, and the count in between tells of the records before.
template <class P>
struct TableRuns : WithTable<P> {
  static constexpr int kThreads = 2;
  void Thread(int index) {
    if (index == 0) {
      this->Add(11);
      typename WithTable<P>::Record* first = nullptr;
      HEDDLE_ASSERT(this->table.append_run(2, &first) == 3);
      first[0].value.set(13);
      first[1].value.set(14);
      this->table.publish_run(3, 2);
    } else {
      const std::uint64_t count = this->table.published();
      for (std::uint64_t i = 1; i < count; ++i) {
        HEDDLE_ASSERT(this->At(i) == (i == 2 ? 0 : 10 + int(i)));
      }
    }
  }
  void After() { HEDDLE_ASSERT(this->table.published() == 5); }
};
HEDDLE_SCENARIO("analyzer/table.runs", TableRuns);
HEDDLE_MUTANT_BEYOND("analyzer/table.runs", TableRuns, "skip_relaxed", Verdict::kRace,
                     {"relacy",
                      "a later store of the same thread continues a release sequence, as in C++11; "
                      "C++20 no longer says so"});
HEDDLE_MUTANT("analyzer/table.runs", TableRuns, "publish_run_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/table.runs", TableRuns, "read_relaxed", Verdict::kRace);

// A thread that was told a record's number by the thread that published it (a lock's tag) needs
// neither the count nor an order on the way to the record.
template <class P>
struct TableTold : WithTable<P> {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> tag{0};
  void Thread(int index) {
    if (index == 0) {
      this->Add(11);
      this->Add(12);
      tag.store(this->Add(13), std::memory_order_release);
    } else if (const std::uint32_t told = tag.load(std::memory_order_acquire)) {
      HEDDLE_ASSERT(told == 3 && this->At(3) == 13);
    }
  }
};
HEDDLE_SCENARIO("analyzer/table.told", TableTold);

}  // namespace
}  // namespace heddle
