// SPDX-License-Identifier: Apache-2.0
//
// Processes increment a counter in a file under a file lock and are killed, stopped and interrupted
// at random moments, again and again, while their clock jumps. Whatever the moment, the lock must
// go on to the next process, and in the end the counter must equal the sum of the workers'
// journals.
//
// A kill in the middle of an increment must not look like a failure of the lock. So an increment
// is:
//   1. write the intent: whose increment, to which value, and how long the journal is
//   2. write the counter    3. append a byte to the worker's journal    4. clear the intent
// and the next owner finishes or drops what it finds begun. It can find something only after a
// kill: more recoveries than kills means two owners at once.
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "primitives/file_lock/file_lock.h"
#include "primitives/file_lock/file_lock_testing.h"
#include "primitives/file_lock/lock_file.h"
#include "stress/faulty_files.h"
#include "stress/faulty_steps.h"
#include "stress/process_faults.h"

namespace heddle {
namespace {

using file_lock_testing::TempDir;
using stress::FaultyPlatform;
using stress::JumpingClock;
using stress::Mob;

constexpr int kWorkers = 3;
constexpr std::chrono::milliseconds kPatience(2);
constexpr int kIncrements = 300;

// The counter, its intent, and the journals; to be touched by the lock's owner only. Every failure
// of the file system ends the process: nothing here is expected to fail.
class Ledger {
 public:
  explicit Ledger(const TempDir& dir) : record_(Open(dir / "counter")) {
    for (int i = 0; i < kWorkers; ++i) {
      journals_[static_cast<std::size_t>(i)] = Open(dir / ("journal" + std::to_string(i)));
    }
  }
  ~Ledger() {
    ::close(record_);
    for (const int fd : journals_) ::close(fd);
  }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void Increment(int worker) const {
    Recover();
    const std::int64_t value = Get(kValue);
    Set(kIntendedValue, value + 1);
    Set(kJournalLength, Length(worker));
    Set(kIntent, worker + 1);
    ::sched_yield();  // the time in which another owner would do harm
    Set(kValue, value + 1);
    Append(worker);
    Set(kIntent, 0);
  }

  void Recover() const {
    const std::int64_t intent = Get(kIntent);
    if (intent == 0) return;
    const int worker = static_cast<int>(intent) - 1;
    if (Get(kValue) == Get(kIntendedValue) && Length(worker) == Get(kJournalLength)) Append(worker);
    Set(kRecoveries, Get(kRecoveries) + 1);
    Set(kIntent, 0);
  }

  std::int64_t Value() const { return Get(kValue); }
  std::int64_t Recoveries() const { return Get(kRecoveries); }
  std::int64_t Journaled() const {
    std::int64_t sum = 0;
    for (int worker = 0; worker < kWorkers; ++worker) sum += Length(worker);
    return sum;
  }
  bool AllHaveWorked() const {
    for (int worker = 0; worker < kWorkers; ++worker) {
      if (Length(worker) == 0) return false;
    }
    return true;
  }

 private:
  enum Field : std::uint8_t { kValue, kIntent, kIntendedValue, kJournalLength, kRecoveries };

  static int Open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) std::abort();
    return fd;
  }
  std::int64_t Get(Field field) const {
    std::int64_t value = 0;
    if (::pread(record_, &value, sizeof value, 8 * field) < 0) std::abort();
    return value;  // 0 beyond the end
  }
  void Set(Field field, std::int64_t value) const {
    if (::pwrite(record_, &value, sizeof value, 8 * field) != sizeof value) std::abort();
  }
  int Journal(int worker) const { return journals_[static_cast<std::size_t>(worker)]; }
  std::int64_t Length(int worker) const {
    struct stat status{};
    if (::fstat(Journal(worker), &status) != 0) std::abort();
    return status.st_size;
  }
  void Append(int worker) const {
    if (::pwrite(Journal(worker), "+", 1, Length(worker)) != 1) std::abort();
  }

  int record_;
  std::array<int, kWorkers> journals_{};
};

// With a deadline now and then, which may have passed at once where the clock has jumped.
template <class Lock>
bool Acquire(Lock& lock, int turn) {
  for (;; ++turn) {
    const FileLockStatus status =
        turn % 2 == 0 ? lock.lock()
                      : lock.try_lock_until(std::chrono::steady_clock::now() + kPatience);
    if (status.ok()) return true;
    if (status.error() != EINTR && !status.timed_out()) return false;
  }
}

class FileLockCrashTest : public stress::ProcessFaultTest {
 protected:
  template <class MakeLock>
  void HarassAndCount(MakeLock make_lock) {
    JumpingClock::jump = std::chrono::minutes(1);
    const TempDir dir;
    Mob mob(kWorkers, [&](int worker) {
      const Ledger ledger(dir);
      auto lock = make_lock(dir / "lock");
      for (int turn = 0;; ++turn) {
        if (!Acquire(*lock, turn)) return 1;
        ledger.Increment(worker);
        if (!lock->unlock().ok()) return 2;
      }
    });
    {
      const Ledger ledger(dir);
      mob.Run([&ledger] {
        return ledger.Value() > kIncrements && ledger.Recoveries() > 0 && ledger.AllHaveWorked();
      });
    }
    auto lock = make_lock(dir / "lock");
    ASSERT_TRUE(lock->try_lock().ok()) << "all owners are dead";
    const Ledger ledger(dir);
    ledger.Recover();
    EXPECT_GT(ledger.Value(), kIncrements);
    EXPECT_TRUE(ledger.AllHaveWorked());
    EXPECT_EQ(ledger.Value(), ledger.Journaled());
    EXPECT_LE(ledger.Recoveries(), mob.killed());
    EXPECT_GT(ledger.Recoveries(), 0) << "no kill hit an owner: the test shows nothing";
    RecordProperty("increments", std::to_string(ledger.Value()));
    RecordProperty("recoveries", std::to_string(ledger.Recoveries()));
    RecordProperty("killed", std::to_string(mob.killed()));
  }
};

TEST_F(FileLockCrashTest, Ofd) {
  HarassAndCount(
      [](const std::string& path) { return std::make_unique<FileLock<FaultyPlatform>>(path); });
}

TEST_F(FileLockCrashTest, Flock) {
  HarassAndCount([](const std::string& path) {
    return std::make_unique<FileLock<FaultyPlatform, FileLockBackend::kFlock>>(path);
  });
}

// The file goes with each unlock: the lock is always another inode.
TEST_F(FileLockCrashTest, OfdWithRemoval) {
  struct Removing : FileLock<FaultyPlatform> {
    using FileLock::FileLock;
    FileLockStatus unlock() { return unlock_and_remove(); }
  };
  HarassAndCount([](const std::string& path) { return std::make_unique<Removing>(path); });
}

TEST_F(FileLockCrashTest, LockFile) {
  HarassAndCount([](const std::string& path) {
    return std::make_unique<LockFile<FaultyPlatform>>(path, LockFileOptions{.sync = false});
  });
}

}  // namespace
}  // namespace heddle
