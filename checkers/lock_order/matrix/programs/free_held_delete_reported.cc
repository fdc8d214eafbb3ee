// SPDX-License-Identifier: Apache-2.0
//
// An object is deleted by a member function that holds its mutex, and releases it afterwards.
#include <mutex>

namespace {

struct Object {
  std::mutex mutex;
  int references = 1;
};

void Release(Object* object) {
  object->mutex.lock();
  const bool last = --object->references == 0;
  // volatile: or the compiler sees what is wrong, and does as it likes.
  std::mutex* volatile mutex = &object->mutex;
  if (last) delete object;
  mutex->unlock();
}

}  // namespace

int main() { Release(new Object); }
