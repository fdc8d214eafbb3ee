// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/graph_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace heddle::lock_order {
namespace {

constexpr uint64_t kChunkNumbers = kChunkBytes / sizeof(uint64_t);
constexpr uint64_t kDirectoryEntries = 240;

struct TableFacts {
  const char* name;
  uint32_t record_bytes;
};
constexpr std::array<TableFacts, kTableCount> kTables = {{
    {"nodes", sizeof(Node)},
    {"chains", sizeof(Chain)},
    {"visits", sizeof(Visit)},
    {"frames", sizeof(Frame)},
    {"stacks", sizeof(Stack)},
    {"threads", kThreadBytes},
    {"events", sizeof(Event)},
    {"modules", sizeof(Module)},
    {"strings", sizeof(StringPart)},
}};

// Every table before those that its records name.
constexpr std::array<TableId, kTableCount> kCountOrder = {
    kVisits, kEvents, kThreads, kChains, kNodes, kStacks, kFrames, kModules, kStrings};

std::string FixedString(const char* text, std::size_t bytes) {
  return {text, static_cast<std::size_t>(std::find(text, text + bytes, '\0') - text)};
}

uint64_t PerChunk(uint32_t table) { return kChunkBytes / kTables[table].record_bytes; }

}  // namespace

absl::Status GraphReader::Bad(const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat(path_, ": ", what));
}

absl::StatusOr<std::unique_ptr<GraphReader>> GraphReader::Open(const std::string& path) {
  std::unique_ptr<GraphReader> reader(new GraphReader(path));
  absl::Status status = reader->OpenFile();
  if (status.ok()) status = reader->Poll();
  if (!status.ok()) return status;
  return reader;
}

GraphReader::~GraphReader() {
  if (fd_ >= 0) close(fd_);
}

absl::Status GraphReader::OpenFile() {
  // O_NONBLOCK: the name may be that of a pipe.
  fd_ = open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  writable_ = fd_ >= 0;
  if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) {
    const std::string why = absl::StrCat(path_, ": ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(why) : absl::FailedPreconditionError(why);
  }
  struct stat file{};
  if (fstat(fd_, &file) != 0 || !S_ISREG(file.st_mode)) return Bad("not a regular file");
  if (file.st_size == 0) return absl::UnavailableError(absl::StrCat(path_, ": empty"));

  uint64_t magic = 0;
  uint32_t version = 0;
  if (static_cast<uint64_t>(file.st_size) < sizeof(Header)) {
    return Bad("shorter than a lock graph's header");
  }
  absl::Status status = ReadAt(offsetof(Header, magic), &magic, sizeof magic);
  if (status.ok()) status = ReadAt(offsetof(Header, version), &version, sizeof version);
  if (!status.ok()) return status;
  if (magic == 0) return absl::UnavailableError(absl::StrCat(path_, ": header not written yet"));
  if (magic != kGraphMagic) return Bad("not a lock graph");
  if (version != kGraphVersion) {
    return Bad(absl::StrCat("lock graph of version ", version, "; this tool reads version ",
                            kGraphVersion));
  }
  for (uint32_t table = 0; table < kTableCount; ++table) {
    uint32_t bytes = 0;
    status =
        ReadAt(offsetof(Header, tables) + table * sizeof(Table) + offsetof(Table, record_bytes),
               &bytes, sizeof bytes);
    if (!status.ok()) return status;
    if (bytes != kTables[table].record_bytes) {
      return Bad(absl::StrCat("table ", kTables[table].name, ": records of ", bytes,
                              " bytes instead of ", kTables[table].record_bytes));
    }
  }
  return absl::OkStatus();
}

absl::Status GraphReader::ReadAt(uint64_t offset, void* into, std::size_t bytes) const {
  auto* at = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t got = pread(fd_, at, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Bad(absl::StrCat("read: ", std::strerror(errno)));
    if (got == 0) return Bad(absl::StrCat("truncated at byte ", offset));
    at += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return absl::OkStatus();
}

absl::Status GraphReader::ReadHeader() {
  Header header{};
  if (absl::Status status = ReadAt(0, &header, offsetof(Header, tables)); !status.ok()) {
    return status;
  }
  GraphInfo& info = graph_.info;
  info.pid = header.pid;
  info.start_time = header.start_time;
  info.wall_nanoseconds = header.wall_nanoseconds;
  info.host = FixedString(header.host, sizeof header.host);
  info.program = FixedString(header.program, sizeof header.program);
  info.stopped = header.stopped;
  info.exited = header.exited;
  info.parent_pid = header.parent_pid;
  info.parent_thread = header.parent_thread;
  info.parent_segment = header.parent_segment;
  info.slow_paths = header.slow_paths;
  info.acquisitions = header.acquisitions;
  return absl::OkStatus();
}

absl::Status GraphReader::Claim(uint32_t table, uint64_t chunk) {
  const char* name = kTables[table].name;
  if (chunk == 0) return Bad(absl::StrCat("table ", name, ": a chunk is missing"));
  if (chunk >= file_chunks_) {
    return Bad(absl::StrCat("table ", name, ": chunk ", chunk, " lies beyond the end of the file"));
  }
  if (chunk >= claimed_.size()) claimed_.resize(file_chunks_);
  if (claimed_[chunk])
    return Bad(absl::StrCat("table ", name, ": chunk ", chunk, " is used twice"));
  claimed_[chunk] = true;
  return absl::OkStatus();
}

// Extends chunks_[table] so that `count` records are located.
absl::Status GraphReader::LocateChunks(uint32_t table, uint64_t count) {
  const uint64_t wanted = count / PerChunk(table) + (count % PerChunk(table) != 0 ? 1 : 0);
  if (wanted > file_chunks_) {
    return Bad(absl::StrCat("table ", kTables[table].name, ": ", count,
                            " records are more than the file holds"));
  }
  std::vector<uint64_t>& chunks = chunks_[table];
  std::vector<uint64_t>& directory = directory_[table];
  while (chunks.size() < wanted) {
    const uint64_t block = chunks.size() / kChunkNumbers;
    if (block >= kDirectoryEntries) return Bad("a table's directory is too short");
    if (block == directory.size()) {
      uint64_t number = 0;
      absl::Status status = ReadAt(offsetof(Header, tables) + table * sizeof(Table) +
                                       offsetof(Table, directory) + block * sizeof number,
                                   &number, sizeof number);
      if (status.ok()) status = Claim(table, number);
      if (!status.ok()) return status;
      directory.push_back(number);
    }
    const uint64_t first = chunks.size() % kChunkNumbers;
    const uint64_t end = std::min(first + wanted - chunks.size(), kChunkNumbers);
    std::vector<uint64_t> numbers(end - first);
    absl::Status status =
        ReadAt(kHeaderBytes + directory[block] * kChunkBytes + first * sizeof(uint64_t),
               numbers.data(), numbers.size() * sizeof(uint64_t));
    for (const uint64_t number : numbers) {
      if (status.ok()) status = Claim(table, number);
      if (!status.ok()) return status;
      chunks.push_back(number);
    }
  }
  return absl::OkStatus();
}

template <typename Record>
absl::Status GraphReader::ReadRecords(uint32_t table, uint64_t first, uint64_t end,
                                      std::vector<Record>& into) {
  const uint64_t record_bytes = kTables[table].record_bytes;
  const uint64_t per_chunk = PerChunk(table);
  into.resize(end);
  std::vector<char> raw;
  for (uint64_t i = first; i < end;) {
    const uint64_t many = std::min(per_chunk - i % per_chunk, end - i);
    const uint64_t offset =
        kHeaderBytes + chunks_[table][i / per_chunk] * kChunkBytes + i % per_chunk * record_bytes;
    if (record_bytes == sizeof(Record)) {
      absl::Status status = ReadAt(offset, &into[i], many * record_bytes);
      if (!status.ok()) return status;
    } else {
      raw.resize(many * record_bytes);
      absl::Status status = ReadAt(offset, raw.data(), raw.size());
      if (!status.ok()) return status;
      for (uint64_t k = 0; k < many; ++k) {
        std::memcpy(static_cast<void*>(&into[i + k]), &raw[k * record_bytes], sizeof(Record));
      }
    }
    i += many;
  }
  return absl::OkStatus();
}

// The changing part of a thread's record is a snapshot that may be torn and newer than the counts:
// what does not make sense is dropped.
void GraphReader::Clean(Thread& thread) const {
  if (thread.wanted >= graph_.nodes.size()) thread.wanted = 0;
  uint32_t kept = 0;
  const uint32_t visible = std::min(thread.depth, kHeldInline);
  for (uint32_t i = 0; i < visible; ++i) {
    const Held held = thread.held[i];
    if (held.node != 0 && held.node < graph_.nodes.size()) thread.held[kept++] = held;
  }
  if (kept < visible || thread.depth < kHeldInline) thread.depth = kept;
}

absl::Status GraphReader::CheckNewRecords(const Graph& before) const {
  const Graph& g = graph_;
  const auto bad = [this](const char* what, std::size_t index, const char* why) {
    return Bad(absl::StrCat(what, " ", index, ": ", why));
  };
  for (std::size_t i = before.strings.size(); i < g.strings.size(); ++i) {
    const bool continues = g.strings[i].bytes > sizeof StringPart::text;
    if (continues && i + 1 == g.strings.size()) return bad("string", i, "has no end");
  }
  for (std::size_t i = before.stacks.size(); i < g.stacks.size(); ++i) {
    const Stack& stack = g.stacks[i];
    if (stack.first_frame > g.frames.size() || stack.frames > g.frames.size() - stack.first_frame) {
      return bad("stack", i, "frames out of range");
    }
  }
  for (std::size_t i = before.modules.size(); i < g.modules.size(); ++i) {
    const Module& module = g.modules[i];
    if (module.path >= g.strings.size()) return bad("module", i, "path out of range");
    if (module.begin > module.end) return bad("module", i, "ends before it begins");
    if (module.build_id_bytes > sizeof Module::build_id) return bad("module", i, "bad build id");
  }
  for (std::size_t i = before.nodes.size(); i < g.nodes.size(); ++i) {
    const Node& node = g.nodes[i];
    if (node.kind > kAnnotatedRecursive) return bad("lock", i, "unknown kind");
    if (node.name >= g.strings.size()) return bad("lock", i, "name out of range");
    if (node.first_stack >= g.stacks.size()) return bad("lock", i, "stack out of range");
  }
  for (std::size_t i = before.chains.size(); i < g.chains.size(); ++i) {
    const Chain& chain = g.chains[i];
    if (chain.parent >= i) return bad("chain", i, "its parent does not come before it");
    if (chain.node == 0 || chain.node >= g.nodes.size())
      return bad("chain", i, "lock out of range");
    if (chain.stack >= g.stacks.size()) return bad("chain", i, "stack out of range");
  }
  for (std::size_t i = before.threads.size(); i < g.threads.size(); ++i) {
    const Thread& thread = g.threads[i];
    if (thread.creator >= i) return bad("thread", i, "its creator does not come before it");
    if (thread.creator_chain >= g.chains.size()) return bad("thread", i, "chain out of range");
    if (thread.create_stack >= g.stacks.size()) return bad("thread", i, "stack out of range");
  }
  for (std::size_t i = before.visits.size(); i < g.visits.size(); ++i) {
    const Visit& visit = g.visits[i];
    if (visit.chain == 0 || visit.chain >= g.chains.size())
      return bad("visit", i, "chain out of range");
    if (visit.thread == 0 || visit.thread >= g.threads.size()) {
      return bad("visit", i, "thread out of range");
    }
    if (visit.segment == 0 || visit.segment_end < visit.segment)
      return bad("visit", i, "bad segment");
  }
  for (std::size_t i = before.events.size(); i < g.events.size(); ++i) {
    const Event& event = g.events[i];
    if (event.thread >= g.threads.size() || event.other >= g.threads.size()) {
      return bad("event", i, "thread out of range");
    }
    // A barrier has a number of its own.
    const bool lock = event.kind != kEventBarrier;
    if ((lock && event.node >= g.nodes.size()) || event.other_node >= g.nodes.size()) {
      return bad("event", i, "lock out of range");
    }
    if (event.name >= g.strings.size()) return bad("event", i, "name out of range");
    if (event.stack >= g.stacks.size()) return bad("event", i, "stack out of range");
    if (event.chain >= g.chains.size()) return bad("event", i, "chain out of range");
  }
  return absl::OkStatus();
}

absl::Status GraphReader::Poll() {
  struct stat file{};
  if (fstat(fd_, &file) != 0) return Bad(std::strerror(errno));
  if (absl::Status status = ReadHeader(); !status.ok()) return status;

  std::array<uint64_t, kTableCount> counts{};
  for (const TableId table : kCountOrder) {
    absl::Status status =
        ReadAt(offsetof(Header, tables) + table * sizeof(Table) + offsetof(Table, count),
               &counts[table], sizeof(uint64_t));
    if (!status.ok()) return status;
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  // After the counts: the chunks of what they cover are in the file.
  if (fstat(fd_, &file) != 0) return Bad(std::strerror(errno));
  const auto size = static_cast<uint64_t>(file.st_size);
  file_chunks_ = size > kHeaderBytes ? (size - kHeaderBytes + kChunkBytes - 1) / kChunkBytes : 0;

  Graph before;  // only the tables' sizes are of interest, and what to go back to
  const auto read = [&](TableId table, auto& records, auto& old) {
    const uint64_t have = records.size();
    old.resize(have);
    const uint64_t count = std::max<uint64_t>(counts[table], 1);
    if (count < have) {
      return Bad(absl::StrCat("table ", kTables[table].name, " shrank from ", have, " to ", count));
    }
    if (count > UINT32_MAX) return Bad(absl::StrCat("table ", kTables[table].name, " is too long"));
    if (count == have) return absl::OkStatus();
    absl::Status status = LocateChunks(table, count);
    if (status.ok()) status = ReadRecords(table, have, count, records);
    return status;
  };
  absl::Status status;
  const auto step = [&](TableId table, auto& records, auto& old) {
    if (status.ok()) {
      status = read(table, records, old);
    } else {
      old.resize(records.size());
    }
  };
  step(kStrings, graph_.strings, before.strings);
  step(kModules, graph_.modules, before.modules);
  step(kFrames, graph_.frames, before.frames);
  step(kStacks, graph_.stacks, before.stacks);
  step(kNodes, graph_.nodes, before.nodes);
  step(kChains, graph_.chains, before.chains);
  step(kThreads, graph_.threads, before.threads);
  step(kEvents, graph_.events, before.events);
  step(kVisits, graph_.visits, before.visits);
  // Fields that may change after publication may be newer than the counts too.
  for (std::size_t i = before.chains.size(); status.ok() && i < graph_.chains.size(); ++i) {
    if (graph_.chains[i].stack >= graph_.stacks.size()) graph_.chains[i].stack = 0;
  }
  if (status.ok()) status = CheckNewRecords(before);
  if (status.ok() && before.threads.size() > 1) {
    std::vector<Thread> now;
    status = ReadRecords(kThreads, 0, before.threads.size(), now);
    for (std::size_t i = 1; status.ok() && i < now.size(); ++i) {
      Thread& thread = graph_.threads[i];
      const Thread was = thread;
      thread = now[i];
      thread.creator = was.creator;
      thread.creator_segment = was.creator_segment;
      thread.creator_chain = was.creator_chain;
      thread.create_stack = was.create_stack;
    }
  }
  if (!status.ok()) {
    graph_.strings.resize(before.strings.size());
    graph_.modules.resize(before.modules.size());
    graph_.frames.resize(before.frames.size());
    graph_.stacks.resize(before.stacks.size());
    graph_.nodes.resize(before.nodes.size());
    graph_.chains.resize(before.chains.size());
    graph_.threads.resize(before.threads.size());
    graph_.events.resize(before.events.size());
    graph_.visits.resize(before.visits.size());
  }
  uint64_t slow_paths = 0;
  uint64_t acquisitions = 0;
  for (Thread& thread : graph_.threads) {
    Clean(thread);
    slow_paths += thread.slow_paths;
    acquisitions += thread.sequence;
  }
  // The header's counts are behind those of threads that are alive.
  graph_.info.slow_paths = std::max(graph_.info.slow_paths, slow_paths);
  graph_.info.acquisitions = std::max(graph_.info.acquisitions, acquisitions);
  return status;
}

absl::Status GraphReader::Refresh() {
  if (absl::Status status = Poll(); !status.ok()) return status;
  std::vector<Node> nodes;
  if (graph_.nodes.size() > 1) {
    absl::Status status = ReadRecords(kNodes, 0, graph_.nodes.size(), nodes);
    if (!status.ok()) return status;
  }
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    // A lock that left no trace may have given its record to another one.
    const Node& now = nodes[i];
    if (now.kind > kAnnotatedRecursive || now.name >= graph_.strings.size() ||
        now.first_stack >= graph_.stacks.size()) {
      continue;  // newer than what has been read
    }
    graph_.nodes[i] = now;
  }
  std::vector<Chain> chains;
  if (graph_.chains.size() > 1) {
    absl::Status status = ReadRecords(kChains, 0, graph_.chains.size(), chains);
    if (!status.ok()) return status;
  }
  for (std::size_t i = 1; i < chains.size(); ++i) {
    if (chains[i].stack < graph_.stacks.size()) graph_.chains[i].stack = chains[i].stack;
  }
  std::vector<Visit> visits;
  if (graph_.visits.size() > 1) {
    absl::Status status = ReadRecords(kVisits, 0, graph_.visits.size(), visits);
    if (!status.ok()) return status;
  }
  for (std::size_t i = 1; i < visits.size(); ++i) {
    Visit& visit = graph_.visits[i];
    visit.segment_end = std::max(visit.segment, visits[i].segment_end);
  }
  return absl::OkStatus();
}

void GraphReader::SetWatcher(uint32_t state) {
  if (writable_ && pwrite(fd_, &state, sizeof state, offsetof(Header, watcher)) < 0) {
    writable_ = false;
  }
}

void GraphReader::SetFound(uint32_t count) {
  if (writable_ && pwrite(fd_, &count, sizeof count, offsetof(Header, found)) < 0) {
    writable_ = false;
  }
}

}  // namespace heddle::lock_order
