// SPDX-License-Identifier: Apache-2.0
//
// Text without stdio: a bounded buffer that is appended to and written to a descriptor.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TEXT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TEXT_H_

#include <string.h>

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

template <size_t kBytes>
class Text {
 public:
  Text() { buffer_[0] = 0; }

  Text& operator<<(const char* text) {
    while (*text != 0 && size_ + 1 < kBytes) buffer_[size_++] = *text++;
    buffer_[size_] = 0;
    return *this;
  }
  Text& operator<<(char character) {
    const char text[2] = {character, 0};
    return *this << text;
  }
  Text& operator<<(uint64_t number) {
    char digits[21];
    char* at = digits + sizeof(digits);
    *--at = 0;
    do {
      *--at = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << static_cast<const char*>(at);
  }

  const char* c_str() const { return buffer_; }
  size_t size() const { return size_; }
  bool full() const { return size_ + 1 >= kBytes; }
  void write_to(int fd) const {
    const KeepErrno keep;
    (void)!::write(fd, buffer_, size_);
  }

 private:
  char buffer_[kBytes];
  size_t size_ = 0;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_TEXT_H_
