// SPDX-License-Identifier: Apache-2.0
//
// Graph files that were tampered with: an input is a list of changes to a good file (a file of its
// own would be a megabyte, nearly all of it zeros). Some changes are made while the file is open.
#include <fcntl.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "checkers/lock_order/fuzz/demand.h"
#include "checkers/lock_order/fuzz/use_graph.h"
#include "checkers/lock_order/graph_format.h"

namespace heddle::lock_order {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kRecordBytes[kTableCount] = {sizeof(Node),  sizeof(Chain),  sizeof(Visit),
                                                sizeof(Frame), sizeof(Stack),  kThreadBytes,
                                                sizeof(Event), sizeof(Module), sizeof(StringPart)};

struct Base {
  std::string bytes;
  uint64_t first_record[kTableCount] = {};  // offset in the file
  uint64_t count[kTableCount] = {};
};

template <typename T>
T At(const std::string& bytes, uint64_t offset) {
  T value{};
  if (offset + sizeof value <= bytes.size())
    bytes.copy(reinterpret_cast<char*>(&value), sizeof value, offset);
  return value;
}

Base Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Base base;
  base.bytes.assign(std::istreambuf_iterator<char>(file), {});
  for (uint32_t t = 0; t < kTableCount; ++t) {
    const uint64_t table = offsetof(Header, tables) + t * sizeof(Table);
    base.count[t] = At<uint64_t>(base.bytes, table + offsetof(Table, count));
    const auto block = At<uint64_t>(base.bytes, table + offsetof(Table, directory));
    const auto chunk = At<uint64_t>(base.bytes, kHeaderBytes + block * kChunkBytes);
    base.first_record[t] = kHeaderBytes + chunk * kChunkBytes;
  }
  return base;
}

// Graphs made here, and recorded ones that lie with the test.
std::vector<Base> Bases() {
  std::string path = absl::StrCat(fs::temp_directory_path().string(), "/heddle_fuzz.XXXXXX");
  const int fd = mkstemp(path.data());
  if (fd < 0) std::abort();
  close(fd);
  std::vector<Base> bases;
  for (const Graph& graph : {RichGraph(), Graph{}}) {
    Demand(WriteGraph(graph, path).ok() ? "" : "cannot write", path.c_str());
    bases.push_back(Load(path));
  }
  unlink(path.c_str());
  std::error_code none;
  std::vector<std::string> recorded;
  for (const auto& entry : fs::directory_iterator("checkers/lock_order/fuzz", none)) {
    if (absl::EndsWith(entry.path().string(), ".graph")) recorded.push_back(entry.path().string());
  }
  std::sort(recorded.begin(), recorded.end());
  for (const std::string& one : recorded) bases.push_back(Load(one));
  return bases;
}

void Change(const Base& base, FuzzedDataProvider& input, int fd) {
  const auto kind = input.ConsumeIntegralInRange<uint32_t>(0, kTableCount + 2);
  uint64_t offset = 0;
  if (kind < kTableCount) {
    const auto last = std::min<uint64_t>(std::max<uint64_t>(base.count[kind], 1) - 1, 255);
    const auto record = input.ConsumeIntegralInRange<uint64_t>(0, last + 1);
    const auto within = input.ConsumeIntegralInRange<uint32_t>(0, kRecordBytes[kind] - 1);
    offset = base.first_record[kind] + record * kRecordBytes[kind] + within;
  } else if (kind == kTableCount) {
    const auto table = input.ConsumeIntegralInRange<uint32_t>(0, kTableCount - 1);
    offset = offsetof(Header, tables) + table * sizeof(Table) +
             input.ConsumeIntegralInRange<uint32_t>(0, 40);
  } else if (kind == kTableCount + 1) {
    offset = input.ConsumeIntegralInRange<uint64_t>(0, base.bytes.size());
  } else {
    const auto size = input.ConsumeIntegralInRange<uint64_t>(0, base.bytes.size());
    if (ftruncate(fd, static_cast<off_t>(size)) != 0) std::abort();
    return;
  }
  const int width = 1 << input.ConsumeIntegralInRange<int>(0, 3);
  const auto value = input.ConsumeIntegral<uint64_t>();
  if (pwrite(fd, &value, width, static_cast<off_t>(offset)) != width) std::abort();
}

void Fuzz(FuzzedDataProvider& input) {
  static const std::vector<Base>& bases = *new std::vector<Base>(Bases());
  const Base& base = bases[input.ConsumeIntegralInRange<std::size_t>(0, bases.size() - 1)];
  static const int fd = memfd_create("graph", MFD_CLOEXEC);
  static const std::string path = absl::StrCat("/proc/self/fd/", fd);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, base.bytes.data(), base.bytes.size(), 0) !=
                                   static_cast<ssize_t>(base.bytes.size())) {
    std::abort();
  }
  const int before = input.ConsumeIntegralInRange<int>(0, 8);
  for (int i = 0; i < before && input.remaining_bytes() > 0; ++i) Change(base, input, fd);
  const auto reader = GraphReader::Open(path);
  if (!reader.ok()) {
    Demand(reader.status().message().empty() ? "no message" : "", "an error");
    return;
  }
  const bool print = input.ConsumeIntegral<uint8_t>() % 16 == 1;
  while (input.remaining_bytes() > 0) {
    Change(base, input, fd);
    (input.ConsumeBool() ? (*reader)->Poll() : (*reader)->Refresh()).IgnoreError();
    Demand(Unsound((*reader)->graph()), "a graph after its file changed");
  }
  UseGraph((*reader)->graph(), print);
}

}  // namespace
}  // namespace heddle::lock_order

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  heddle::lock_order::Fuzz(input);
  return 0;
}
