// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/shared_lock.h"

#include <fcntl.h>

namespace heddle::lock_order {
namespace {

// Reads a number in `base` from `at` on, and moves past it and the character that ends it.
uint64_t number(const char*& at, unsigned base) {
  uint64_t value = 0;
  for (;; ++at) {
    unsigned digit = 0;
    if (*at >= '0' && *at <= '9') {
      digit = static_cast<unsigned>(*at - '0');
    } else if (base == 16 && *at >= 'a' && *at <= 'f') {
      digit = static_cast<unsigned>(*at - 'a') + 10;
    } else {
      break;
    }
    value = value * base + digit;
  }
  if (*at != 0) ++at;
  return value;
}

// A line of /proc/self/maps: "begin-end rwxs offset major:minor inode path".
bool identity_in(const char* line, uint64_t address, uint64_t* identity) {
  const uint64_t begin = number(line, 16);
  const uint64_t end = number(line, 16);
  if (address < begin || address >= end) return false;
  *identity = 0;
  for (int i = 0; i < 4; ++i) {
    if (line[i] == 0) return true;
  }
  const bool shared = line[3] == 's';
  line += 5;
  const uint64_t offset = number(line, 16);
  const uint64_t major = number(line, 16);
  const uint64_t minor = number(line, 16);
  const uint64_t inode = number(line, 10);
  if (!shared || inode == 0) return true;
  *identity = mix(mix(mix((major << 32) | minor) ^ inode) ^ (offset + (address - begin))) | 1;
  return true;
}

}  // namespace

uint64_t mapping_identity(uint64_t address) {
  const long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  constexpr size_t kLine = 100;  // the numbers; a path may be cut off
  char line[kLine + 1];
  size_t size = 0;
  uint64_t identity = 0;
  bool found = false;
  char buffer[4096];
  long bytes = 0;
  while (!found && (bytes = syscall(SYS_read, fd, buffer, sizeof(buffer))) > 0) {
    for (long i = 0; i < bytes && !found; ++i) {
      if (buffer[i] != '\n') {
        if (size < kLine) line[size++] = buffer[i];
        continue;
      }
      line[size] = 0;
      size = 0;
      found = identity_in(line, address, &identity);
    }
  }
  syscall(SYS_close, fd);
  return identity;
}

uint32_t shared_node(ThreadState& t, const void* lock, LockKind kind, Call call) {
  const auto key = reinterpret_cast<uint64_t>(lock);
  const uint32_t known = g_recorder.known_node(key);
  if (known != 0 && t.record != nullptr) return known;
  const uint32_t node = g_recorder.address_node(t, key, kind, call);
  const SlowPath slow(t);
  if (node != 0 && slow.entered()) g_recorder.share(node, mapping_identity(key));
  return node;
}

}  // namespace heddle::lock_order
