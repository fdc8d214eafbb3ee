// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/graph_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "checkers/lock_order/runtime/text.h"

namespace heddle::lock_order {
namespace {

// Address space is free, unless it is limited: then most of it is the host's.
constexpr uint64_t kReservations[] = {1ULL << 40, 1ULL << 36, 1ULL << 32,
                                      1ULL << 28, 1ULL << 26, 1ULL << 24};
constexpr uint64_t kShareOfAddressSpace = 16;

constexpr uint64_t kSmallestBatch = 4;    // chunks
constexpr uint64_t kGreatestBatch = 128;  // 8 MB

// The descriptor is kept out of the range that hosts use: some close 3, 4, 5 by number.
int move_high(int fd) {
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, 800);
  if (high < 0) return fd;
  close(fd);
  return high;
}

// RLIM_INFINITY is the greatest number of all.
uint64_t limit_of(int resource) {
  rlimit limit{};
  return syscall(SYS_prlimit64, 0, resource, nullptr, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

// Room for what is in the file up to `end`. Beyond the process's own limit the attempt would be a
// signal, not an error.
bool allocate(int fd, uint64_t begin, uint64_t end) {
  return end <= limit_of(RLIMIT_FSIZE) &&
         posix_fallocate(fd, static_cast<off_t>(begin), static_cast<off_t>(end - begin)) == 0;
}

uint64_t start_time_of_self() {
  char text[1024];
  const int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t size = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (size <= 0) return 0;
  text[size] = 0;
  const char* at = strrchr(text, ')');
  // Field 2 ends at the last ')'; field 22 is twenty spaces further.
  for (int field = 2; at != nullptr && field < 22; ++field) {
    at = strchr(at + 1, ' ');
  }
  uint64_t value = 0;
  if (at != nullptr) {
    for (++at; *at >= '0' && *at <= '9'; ++at)
      value = value * 10 + static_cast<uint64_t>(*at - '0');
  }
  return value;
}

void describe_self(Header& header) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  header.wall_nanoseconds =
      static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  header.start_time = start_time_of_self();
  gethostname(header.host, sizeof(header.host) - 1);
  (void)!readlink("/proc/self/exe", header.program, sizeof(header.program) - 1);
  constexpr uint32_t kBytes[kTableCount] = {sizeof(Node),  sizeof(Chain),  sizeof(Visit),
                                            sizeof(Frame), sizeof(Stack),  kThreadBytes,
                                            sizeof(Event), sizeof(Module), sizeof(StringPart)};
  for (uint32_t table = 0; table < kTableCount; ++table) {
    header.tables[table].record_bytes = kBytes[table];
  }
}

}  // namespace

bool GraphFile::open_one(const char* path, bool exclusive) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (exclusive ? O_EXCL : 0);
  fd_ = ::open(path, flags, 0600);
  if (fd_ < 0) return false;
  fd_ = move_high(fd_);
  struct stat status{};
  const bool fresh = fstat(fd_, &status) == 0 && S_ISREG(status.st_mode) &&
                     (static_cast<uint64_t>(status.st_size) <= kHeaderBytes);
  if (!fresh || !allocate(fd_, 0, kHeaderBytes)) {
    ::close(fd_);
    return false;
  }
  void* address = MAP_FAILED;
  const uint64_t greatest = limit_of(RLIMIT_AS) / kShareOfAddressSpace;
  for (const uint64_t bytes : kReservations) {
    if (bytes > greatest) continue;
    address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
    if (address != MAP_FAILED) {
      mapped_bytes_ = bytes;
      break;
    }
  }
  if (address == MAP_FAILED) {
    ::close(fd_);
    return false;
  }
  auto* header = static_cast<Header*>(address);
  uint32_t nobody = 0;
  const auto self = static_cast<uint32_t>(getpid());
  if (!__atomic_compare_exchange_n(&header->pid, &nobody, self, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    unmap_pages(address, mapped_bytes_);
    ::close(fd_);
    return false;
  }
  header_ = header;
  return true;
}

bool GraphFile::open(const char* path, uint64_t limit) {
  const auto pid = static_cast<uint64_t>(getpid());
  Text<sizeof(path_)> name;
  name << path;
  bool found = open_one(name.c_str(), false);
  for (uint64_t attempt = 0; !found && attempt < 100; ++attempt) {
    name = Text<sizeof(path_)>();
    name << path << '.' << pid;
    if (attempt != 0) name << '.' << attempt;
    if (name.full()) return false;
    found = open_one(name.c_str(), true);
    if (!found && errno != EEXIST) return false;
  }
  if (!found) return false;
  memcpy(path_, name.c_str(), name.size() + 1);
  describe_self(*header_);
  header_->version = kGraphVersion;
  allocated_chunks_ = 0;
  next_chunk_ = 1;  // chunk 0 would read as "none" in a directory
  limit_chunks_ = mapped_bytes_ / kChunkBytes - 2;
  if (limit != 0 && limit / kChunkBytes < limit_chunks_) limit_chunks_ = limit / kChunkBytes - 1;
  __atomic_store_n(&header_->magic, kGraphMagic, __ATOMIC_RELEASE);
  return true;
}

bool GraphFile::grow(uint64_t chunks) {
  const uint64_t begin = kHeaderBytes + allocated_chunks_ * kChunkBytes;
  const uint64_t bytes = chunks * kChunkBytes;
  if (!allocate(fd_, begin, begin + bytes)) return false;
#if defined(MADV_POPULATE_WRITE)
  // One call instead of a page fault for every page. Old kernels know nothing of it: no harm.
  if (chunks > kSmallestBatch) {
    syscall(SYS_madvise, reinterpret_cast<uint8_t*>(header_) + begin, bytes, MADV_POPULATE_WRITE);
  }
#endif
  allocated_chunks_ += chunks;
  store_word(header_->chunks, allocated_chunks_);
  return true;
}

uint64_t GraphFile::allocate_chunk() {
  if (next_chunk_ >= limit_chunks_) return 0;
  if (next_chunk_ >= allocated_chunks_) {
    uint64_t batch = allocated_chunks_ / 4;
    if (batch < kSmallestBatch) batch = kSmallestBatch;
    if (batch > kGreatestBatch) batch = kGreatestBatch;
    if (batch > limit_chunks_ - allocated_chunks_) batch = limit_chunks_ - allocated_chunks_;
    if (!grow(batch) && !grow(1)) return 0;
  }
  return next_chunk_++;
}

void GraphFile::abandon() {
  unmap_pages(header_, mapped_bytes_);  // munmap itself may be interposed
  // The number may be somebody else's by now (daemons close all descriptors): left open otherwise.
  header_ = nullptr;
  fd_ = -1;
}

}  // namespace heddle::lock_order
