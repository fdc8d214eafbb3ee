// SPDX-License-Identifier: Apache-2.0
//
// Processes increment a counter in a file under a file lock and are killed with SIGKILL at random
// moments, again and again. Whatever the moment, the lock must go on to the next process, and in
// the end the counter must equal the sum of the workers' journals.
//
// A kill in the middle of an increment must not look like a failure of the lock. So an increment
// is:
//   1. write the intent: whose increment, to which value, and how long the journal is
//   2. write the counter    3. append a byte to the worker's journal    4. clear the intent
// and the next owner finishes or drops what it finds begun. It can find something only after a
// kill: more recoveries than kills means two owners at once.
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/file_lock/file_lock.h"
#include "primitives/file_lock/file_lock_testing.h"
#include "primitives/file_lock/lock_file.h"

namespace heddle {
namespace {

using file_lock_testing::Channel;
using file_lock_testing::Child;
using file_lock_testing::TempDir;

constexpr int kWorkers = 3;
constexpr int kKills = 80;

std::uint32_t Seed() {
  const char* text = std::getenv("HEDDLE_SEED");
  return text != nullptr ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : 1;
}

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

  void Increment(int worker) {
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

  void Recover() {
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

// A worker counts until it is killed, and tells so once for each increment; the pipe may be full.
template <class MakeLock>
std::unique_ptr<Child> StartWorker(const TempDir& dir, int worker, MakeLock make_lock) {
  auto child = std::make_unique<Child>([&dir, worker, make_lock](Channel parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Ledger ledger(dir);
    auto lock = make_lock(dir / "lock");
    for (;;) {
      if (!lock->lock().ok()) return 1;
      ledger.Increment(worker);
      if (!lock->unlock().ok()) return 2;
      parent.try_tell('+');
    }
  });
  return child;
}

template <class MakeLock>
void KillAndCount(MakeLock make_lock) {
  const std::uint32_t seed = Seed();
  SCOPED_TRACE("HEDDLE_SEED=" + std::to_string(seed));
  std::minstd_rand random(seed);
  const auto pick = [&random](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };

  const TempDir dir;
  std::vector<std::unique_ptr<Child>> workers;
  for (int i = 0; i < kWorkers; ++i) workers.push_back(StartWorker(dir, i, make_lock));
  for (int kill = 0; kill < kKills; ++kill) {
    const int victim = pick(kWorkers);
    std::unique_ptr<Child>& child = workers[static_cast<std::size_t>(victim)];
    for (int wanted = 1 + pick(4); wanted > 0; --wanted) {
      ASSERT_TRUE(child->channel().ready(std::chrono::seconds(30)))
          << "worker " << victim << " does not get the lock after kill " << kill;
      ASSERT_EQ(child->channel().hear(), '+');
    }
    for (int spin = pick(20000); spin > 0; --spin) StdPlatform::pause();
    ASSERT_EQ(child->kill(), 128 + SIGKILL) << "the worker ended by itself";
    child = StartWorker(dir, victim, make_lock);
  }
  for (const auto& child : workers) ASSERT_EQ(child->kill(), 128 + SIGKILL);
  workers.clear();

  auto lock = make_lock(dir / "lock");
  ASSERT_TRUE(lock->try_lock().ok()) << "all owners are dead";
  Ledger ledger(dir);
  ledger.Recover();
  EXPECT_GE(ledger.Value(), kKills);
  EXPECT_EQ(ledger.Value(), ledger.Journaled());
  EXPECT_LE(ledger.Recoveries(), kKills + kWorkers);
  EXPECT_GT(ledger.Recoveries(), 0) << "no kill hit an owner: the test shows nothing";
  testing::Test::RecordProperty("increments", std::to_string(ledger.Value()));
  testing::Test::RecordProperty("recoveries", std::to_string(ledger.Recoveries()));
}

TEST(FileLockCrashTest, Ofd) {
  KillAndCount([](const std::string& path) { return std::make_unique<FileLock<>>(path); });
}

TEST(FileLockCrashTest, Flock) {
  KillAndCount([](const std::string& path) {
    return std::make_unique<FileLock<StdPlatform, FileLockBackend::kFlock>>(path);
  });
}

// The file goes with each unlock: the lock is always another inode.
TEST(FileLockCrashTest, OfdWithRemoval) {
  struct Removing : FileLock<> {
    using FileLock<>::FileLock;
    FileLockStatus unlock() { return unlock_and_remove(); }
  };
  KillAndCount([](const std::string& path) { return std::make_unique<Removing>(path); });
}

TEST(FileLockCrashTest, LockFile) {
  KillAndCount([](const std::string& path) {
    return std::make_unique<LockFile<>>(path, LockFileOptions{.sync = false});
  });
}

}  // namespace
}  // namespace heddle
