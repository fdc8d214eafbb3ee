// SPDX-License-Identifier: Apache-2.0
//
// Functions by which the kernel and the C library read and write the program's memory: nothing else
// tells of that. And where the kernel writes, it would fail at pages of global variables that are
// protected (globals.h).
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>

#include "checkers/explorer/runtime/globals.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

// The kernel may write to all of it.
void GiveToKernel(const char* name, const void* buffer, std::size_t size, Site site) {
  if (!Exploring() || size == 0) return;
  Call(name, site).Writes(buffer, size);
  state().globals->UnprotectRange(reinterpret_cast<std::uintptr_t>(buffer), size);
}

void Tell(const char* name, const void* buffer, std::size_t size, Site site) {
  if (Exploring() && size != 0) Call(name, site).Reads(buffer, size);
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE ssize_t read(int file, void* buffer, std::size_t size) {
  GiveToKernel("read", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(read)(file, buffer, size);
}

HEDDLE_INTERPOSE ssize_t pread(int file, void* buffer, std::size_t size, off_t offset) {
  GiveToKernel("pread", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(pread)(file, buffer, size, offset);
}

HEDDLE_INTERPOSE ssize_t readv(int file, const iovec* parts, int count) {
  for (int i = 0; i < count; ++i) {
    GiveToKernel("readv", parts[i].iov_base, parts[i].iov_len, HEDDLE_CALLER);
  }
  return HEDDLE_REAL(readv)(file, parts, count);
}

HEDDLE_INTERPOSE ssize_t recv(int socket, void* buffer, std::size_t size, int flags) {
  GiveToKernel("recv", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(recv)(socket, buffer, size, flags);
}

HEDDLE_INTERPOSE std::size_t fread(void* buffer, std::size_t size, std::size_t count,
                                   FILE* stream) {
  std::size_t bytes;
  if (!__builtin_mul_overflow(size, count, &bytes)) {
    GiveToKernel("fread", buffer, bytes, HEDDLE_CALLER);
  }
  return HEDDLE_REAL(fread)(buffer, size, count, stream);
}

HEDDLE_INTERPOSE char* getcwd(char* buffer, std::size_t size) noexcept {
  if (buffer != nullptr) GiveToKernel("getcwd", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(getcwd)(buffer, size);
}

HEDDLE_INTERPOSE ssize_t readlink(const char* path, char* buffer, std::size_t size) noexcept {
  GiveToKernel("readlink", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(readlink)(path, buffer, size);
}

HEDDLE_INTERPOSE int stat(const char* path, struct stat* found) noexcept {
  GiveToKernel("stat", found, sizeof *found, HEDDLE_CALLER);
  return HEDDLE_REAL(stat)(path, found);
}

HEDDLE_INTERPOSE int lstat(const char* path, struct stat* found) noexcept {
  GiveToKernel("lstat", found, sizeof *found, HEDDLE_CALLER);
  return HEDDLE_REAL(lstat)(path, found);
}

HEDDLE_INTERPOSE int fstat(int file, struct stat* found) noexcept {
  GiveToKernel("fstat", found, sizeof *found, HEDDLE_CALLER);
  return HEDDLE_REAL(fstat)(file, found);
}

// What it has read is up to the zero at its end.
HEDDLE_INTERPOSE char* fgets(char* buffer, int size, FILE* stream) {
  if (size > 0) GiveToKernel("fgets", buffer, static_cast<std::size_t>(size), HEDDLE_CALLER);
  return HEDDLE_REAL(fgets)(buffer, size, stream);
}

HEDDLE_INTERPOSE ssize_t write(int file, const void* buffer, std::size_t size) {
  Tell("write", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(write)(file, buffer, size);
}

HEDDLE_INTERPOSE ssize_t pwrite(int file, const void* buffer, std::size_t size, off_t offset) {
  Tell("pwrite", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(pwrite)(file, buffer, size, offset);
}

HEDDLE_INTERPOSE ssize_t writev(int file, const iovec* parts, int count) {
  for (int i = 0; i < count; ++i) {
    Tell("writev", parts[i].iov_base, parts[i].iov_len, HEDDLE_CALLER);
  }
  return HEDDLE_REAL(writev)(file, parts, count);
}

HEDDLE_INTERPOSE ssize_t send(int socket, const void* buffer, std::size_t size, int flags) {
  Tell("send", buffer, size, HEDDLE_CALLER);
  return HEDDLE_REAL(send)(socket, buffer, size, flags);
}

HEDDLE_INTERPOSE std::size_t fwrite(const void* buffer, std::size_t size, std::size_t count,
                                    FILE* stream) {
  std::size_t bytes;
  if (!__builtin_mul_overflow(size, count, &bytes)) Tell("fwrite", buffer, bytes, HEDDLE_CALLER);
  return HEDDLE_REAL(fwrite)(buffer, size, count, stream);
}

HEDDLE_INTERPOSE int fputs(const char* text, FILE* stream) {
  Tell("fputs", text, strlen(text) + 1, HEDDLE_CALLER);
  return HEDDLE_REAL(fputs)(text, stream);
}

// What printf() becomes where it only prints a line.
HEDDLE_INTERPOSE int puts(const char* text) {
  Tell("puts", text, strlen(text) + 1, HEDDLE_CALLER);
  return HEDDLE_REAL(puts)(text);
}
