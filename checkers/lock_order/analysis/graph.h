// SPDX-License-Identifier: Apache-2.0
//
// A lock graph in memory: the tables of graph_format.h as vectors, record 0 of each included.
// Whoever fills one (the reader, the merger, a test) guarantees that every index in it is in range
// and that a chain's parent comes before it.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "checkers/lock_order/graph_format.h"

namespace heddle::lock_order {

struct GraphInfo {
  uint32_t pid = 0;
  uint64_t start_time = 0;
  uint64_t wall_nanoseconds = 0;
  std::string host;
  std::string program;
  uint32_t stopped = 0;
  uint32_t exited = 0;
  uint64_t parent_pid = 0;
  uint32_t parent_thread = 0;
  uint32_t parent_segment = 0;
  uint64_t slow_paths = 0;
  uint64_t acquisitions = 0;
};

// In a graph merged of several runs (info.pid is 0), the tid of every process's main thread: they
// count as one thread.
inline constexpr uint32_t kMainThreadId = 1;

struct Graph {
  GraphInfo info;
  std::vector<Node> nodes{Node{}};
  std::vector<Chain> chains{Chain{}};
  std::vector<Visit> visits{Visit{}};
  std::vector<Frame> frames{Frame{}};
  std::vector<Stack> stacks{Stack{}};
  std::vector<Thread> threads{Thread{}};
  std::vector<Event> events{Event{}};
  std::vector<Module> modules{Module{}};
  std::vector<StringPart> strings{StringPart{}};

  std::string String(uint32_t index) const {
    std::string text;
    for (; index != 0 && index < strings.size(); ++index) {
      const StringPart& part = strings[index];
      text.append(part.text, std::min<std::size_t>(part.bytes, sizeof part.text));
      if (part.bytes <= sizeof part.text) break;
    }
    return text;
  }

  absl::Span<const Frame> StackFrames(uint32_t stack) const {
    const Stack& s = stacks[stack];
    return absl::MakeConstSpan(frames).subspan(s.first_frame, s.frames);
  }

  absl::string_view ThreadName(uint32_t thread) const {
    const char* name = threads[thread].name;
    return {name,
            static_cast<std::size_t>(std::find(name, name + sizeof Thread::name, '\0') - name)};
  }
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_H_
