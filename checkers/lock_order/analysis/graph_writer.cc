// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/graph_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle::lock_order {
namespace {

constexpr uint64_t kChunkNumbers = kChunkBytes / sizeof(uint64_t);

class Writer {
 public:
  Writer(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  template <typename Record>
  void Add(Table& table, const std::vector<Record>& records, uint32_t record_bytes) {
    table.count = records.size();
    table.record_bytes = record_bytes;
    const uint64_t per_chunk = kChunkBytes / record_bytes;
    std::vector<char> chunk(kChunkBytes);
    std::vector<uint64_t> numbers;
    for (std::size_t first = 0; first < records.size(); first += per_chunk) {
      std::fill(chunk.begin(), chunk.end(), '\0');
      const std::size_t many = std::min<std::size_t>(per_chunk, records.size() - first);
      for (std::size_t i = 0; i < many; ++i) {
        std::memcpy(&chunk[i * record_bytes], &records[first + i], sizeof(Record));
      }
      numbers.push_back(Append(chunk.data()));
    }
    for (std::size_t first = 0, block = 0; first < numbers.size();
         first += kChunkNumbers, ++block) {
      std::fill(chunk.begin(), chunk.end(), '\0');
      const std::size_t many = std::min<std::size_t>(kChunkNumbers, numbers.size() - first);
      std::memcpy(chunk.data(), &numbers[first], many * sizeof(uint64_t));
      table.directory[block] = Append(chunk.data());
    }
  }

  void WriteAt(uint64_t offset, const void* data, std::size_t bytes) {
    const auto* at = static_cast<const char*>(data);
    while (status_.ok() && bytes > 0) {
      const ssize_t done = pwrite(fd_, at, bytes, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) {
        status_ = absl::ResourceExhaustedError(absl::StrCat(path_, ": ", std::strerror(errno)));
        return;
      }
      at += done;
      offset += static_cast<uint64_t>(done);
      bytes -= static_cast<std::size_t>(done);
    }
  }

  uint64_t chunks() const { return chunks_; }
  const absl::Status& status() const { return status_; }

 private:
  uint64_t Append(const char* chunk) {
    WriteAt(kHeaderBytes + chunks_ * kChunkBytes, chunk, kChunkBytes);
    return chunks_++;
  }

  int fd_;
  std::string path_;
  uint64_t chunks_ = 1;  // number 0 means none
  absl::Status status_;
};

}  // namespace

absl::Status WriteGraph(const Graph& graph, const std::string& path) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    return absl::FailedPreconditionError(absl::StrCat(temporary, ": ", std::strerror(errno)));
  }
  Writer writer(fd, temporary);
  auto header = std::make_unique<Header>();
  header->magic = kGraphMagic;
  header->version = kGraphVersion;
  header->pid = graph.info.pid;
  header->start_time = graph.info.start_time;
  header->wall_nanoseconds = graph.info.wall_nanoseconds;
  graph.info.host.copy(header->host, sizeof header->host - 1);
  graph.info.program.copy(header->program, sizeof header->program - 1);
  header->stopped = graph.info.stopped;
  header->exited = graph.info.exited;
  header->parent_pid = graph.info.parent_pid;
  header->parent_thread = graph.info.parent_thread;
  header->parent_segment = graph.info.parent_segment;
  header->slow_paths = graph.info.slow_paths;
  header->acquisitions = graph.info.acquisitions;
  writer.Add(header->tables[kNodes], graph.nodes, sizeof(Node));
  writer.Add(header->tables[kChains], graph.chains, sizeof(Chain));
  writer.Add(header->tables[kVisits], graph.visits, sizeof(Visit));
  writer.Add(header->tables[kFrames], graph.frames, sizeof(Frame));
  writer.Add(header->tables[kStacks], graph.stacks, sizeof(Stack));
  writer.Add(header->tables[kThreads], graph.threads, kThreadBytes);
  writer.Add(header->tables[kEvents], graph.events, sizeof(Event));
  writer.Add(header->tables[kModules], graph.modules, sizeof(Module));
  writer.Add(header->tables[kStrings], graph.strings, sizeof(StringPart));
  header->chunks = writer.chunks();
  writer.WriteAt(0, header.get(), sizeof *header);
  absl::Status status = writer.status();
  if (close(fd) != 0 && status.ok()) status = absl::UnknownError(std::strerror(errno));
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

uint32_t AddString(Graph& graph, absl::string_view text) {
  const auto index = static_cast<uint32_t>(graph.strings.size());
  do {
    StringPart part{};
    part.bytes = static_cast<uint32_t>(text.size());
    text.copy(part.text, sizeof part.text);
    text.remove_prefix(std::min(text.size(), sizeof part.text));
    graph.strings.push_back(part);
  } while (!text.empty());
  return index;
}

}  // namespace heddle::lock_order
