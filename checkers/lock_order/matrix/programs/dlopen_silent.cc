// SPDX-License-Identifier: Apache-2.0
//
// Code of a library loaded with dlopen() takes its mutexes in one order.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

namespace {

using Function = void();

void* Load() {
  // Beside this program.
  std::string path(4096, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  path.replace(path.rfind('/') + 1, std::string::npos, "libmatrix_plugin.so");
  return dlopen(path.c_str(), RTLD_NOW);
}

void Call(void* plugin, const char* name) { reinterpret_cast<Function*>(dlsym(plugin, name))(); }

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

}  // namespace

int main() {
  void* plugin = Load();
  if (plugin == nullptr) return 1;
  std::thread first([&] {
    Call(plugin, "Forward");
    turn = 2;
  });
  std::thread second([&] {
    AwaitTurn(2);
    Call(plugin, "Forward");
  });
  first.join();
  second.join();
  dlclose(plugin);
}
