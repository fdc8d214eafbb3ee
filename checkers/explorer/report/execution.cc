// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/execution.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/hints.h"
#include "checkers/explorer/report/naming.h"
#include "checkers/explorer/report/record.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::explorer::report {
namespace {

using lock_order::Printable;

std::string ThreadName(int thread) {
  return thread == kNone ? "nobody" : absl::StrCat("thread ", thread);
}

std::string Order(const RecordedEvent& event) {
  return event.order.empty() || event.order == "plain" ? "" : absl::StrCat(", ", event.order);
}

class Describer {
 public:
  Describer(const Record& record, const std::string& directory)
      : record_(record), namer_(record, directory) {}

  Execution Run() {
    Threads();
    Steps();
    if (record_.finding) Finding(*record_.finding);
    Waits();
    Locals();
    if (record_.error) Error(*record_.error);
    for (const RecordedUnseen& unseen : record_.unseen) {
      result_.remarks.push_back({absl::StrCat(Printable(unseen.what), " is not instrumented"),
                                 namer_.Stack(unseen.stack)});
    }
    if (record_.cut_loop) {
      result_.remarks.push_back({"the loop is this one", namer_.Stack(*record_.cut_loop)});
    }
    for (const RecordedOutput& output : record_.outputs) {
      for (const absl::string_view line : absl::StrSplit(output.text, '\n', absl::SkipEmpty())) {
        result_.output.push_back(Printable(line));
      }
    }
    for (const std::string& note : namer_.notes()) result_.notes.push_back(Printable(note));
    return result_;
  }

 private:
  void Threads() {
    std::vector<int> ids;
    for (const RecordedThread& thread : record_.threads) {
      if (!HasPart(thread.id)) continue;
      std::string about = namer_.Function(thread.function);
      if (about.empty()) about = thread.id == 0 ? "main" : Outermost(thread.id);
      if (!about.empty() && !absl::EndsWith(about, "()")) absl::StrAppend(&about, "()");
      const std::string where = namer_.Innermost(thread.stack).where;
      if (!where.empty()) {
        absl::StrAppend(&about, about.empty() ? "" : ", ", "created at ", where);
      }
      if (thread.state == "not_started") {
        absl::StrAppend(&about, about.empty() ? "" : ", ", "not started");
      }
      result_.threads.push_back({thread.id, ThreadName(thread.id), about});
      ids.push_back(thread.id);
    }
    // Nobody is left out, even where the record is incomplete.
    for (const RecordedEvent& event : record_.events) {
      if (std::find(ids.begin(), ids.end(), event.thread) != ids.end()) continue;
      ids.push_back(event.thread);
      result_.threads.push_back({event.thread, ThreadName(event.thread), ""});
    }
    std::sort(result_.threads.begin(), result_.threads.end(),
              [](const ThreadTitle& a, const ThreadTitle& b) { return a.id < b.id; });
  }

  // Does something, or waits.
  bool HasPart(int thread) const {
    return std::any_of(record_.events.begin(), record_.events.end(),
                       [&](const RecordedEvent& event) {
                         return event.thread == thread && event.kind != "finish";
                       }) ||
           std::any_of(record_.waits.begin(), record_.waits.end(),
                       [&](const RecordedWait& wait) { return wait.thread == thread; });
  }

  // The program's function that the thread's calls start with.
  std::string Outermost(int thread) {
    for (const RecordedEvent& event : record_.events) {
      if (event.thread != thread) continue;
      const std::vector<Place> stack = namer_.Stack(event.stack);
      for (auto place = stack.rbegin(); place != stack.rend(); ++place) {
        if (place->line > 0) return place->function;
      }
    }
    return "";
  }

  void Steps() {
    for (const RecordedEvent& event : record_.events) {
      if (Step* update = UpdateOf(event); update != nullptr) {
        update->write = event.id;
        update->co = event.co;
        update->hb = event.hb;
        update->index = event.index;
        continue;
      }
      if (Hidden(event)) continue;
      if (event.kind == "create" && record_.finding && !HasPart(event.peer)) {
        ++idle_;
        continue;
      }
      Step step;
      step.number = static_cast<int>(result_.steps.size()) + 1;
      step.event = event.id;
      step.thread = event.thread;
      step.what = What(event);
      step.place = namer_.Innermost(event.stack);
      step.location = event.location;
      step.co = event.co;
      step.hb = event.hb;
      step.index = event.index;
      result_.steps.push_back(step);
    }
    // A read may stand before what it reads only in an incomplete record; numbers exist by now.
    for (Step& step : result_.steps) {
      const RecordedEvent* event = record_.Event(step.event);
      if (event == nullptr || !event->reads_from) continue;
      if (const Step* from = result_.StepOf(*event->reads_from); from != nullptr) {
        step.reads_from = from->number;
      } else {
        step.reads_initial = *event->reads_from == kNone;
      }
    }
  }

  // What a reader would only skip: waits that ended, ends of threads, and how the runtime's own
  // wait queues are locked.
  bool Hidden(const RecordedEvent& event) {
    if (event.kind == "finish") return true;
    if (event.kind == "park") {
      return std::any_of(record_.events.begin(), record_.events.end(),
                         [&](const RecordedEvent& other) {
                           return other.thread == event.thread && other.index > event.index;
                         });
    }
    const RecordedLocation* location = record_.Location(event.location);
    if (location == nullptr || !namer_.IsRuntimes(location->address)) return false;
    return std::any_of(record_.events.begin(), record_.events.end(),
                       [&](const RecordedEvent& other) {
                         return other.location == event.location && other.kind == "update";
                       });
  }

  // The step that an update's write belongs to.
  Step* UpdateOf(const RecordedEvent& event) {
    if (event.kind != "write") return nullptr;
    for (auto step = result_.steps.rbegin(); step != result_.steps.rend(); ++step) {
      if (step->thread != event.thread) continue;
      const RecordedEvent* before = record_.Event(step->event);
      const bool updates = before != nullptr && before->kind == "update" && before->written &&
                           before->location == event.location && before->index + 1 == event.index;
      return updates ? &*step : nullptr;
    }
    return nullptr;
  }

  std::string Verdict() const {
    return record_.finding ? Printable(record_.finding->verdict) : "error";
  }

  std::string Value(const RecordedEvent& event) {
    return event.value ? namer_.Value(*event.value, event.size) : "?";
  }

  std::string What(const RecordedEvent& event) {
    const std::string place = namer_.Location(event.location);
    const std::string name = Printable(event.name);
    const std::string by = name.empty() ? "" : absl::StrCat(name, " ");
    if (event.kind == "read") {
      return absl::StrCat(name.empty() ? "load " : by, place, " -> ", Value(event), Order(event));
    }
    if (event.kind == "plain_read") {
      return absl::StrCat("read ", place, event.value ? " -> " : "",
                          event.value ? Value(event) : "");
    }
    if (event.kind == "write") {
      return absl::StrCat(name.empty() ? "store " : by, place, " = ", Value(event), Order(event));
    }
    if (event.kind == "plain_write") {
      return absl::StrCat("write ", place, event.value ? " = " : "",
                          event.value ? Value(event) : "");
    }
    if (event.kind == "update") {
      std::string text = absl::StrCat(name.empty() ? "update " : by, place, ": ", Value(event));
      if (event.written) {
        absl::StrAppend(&text, " -> ", namer_.Value(*event.written, event.size));
      } else {
        absl::StrAppend(&text, ", fails");
      }
      return absl::StrCat(text, Order(event));
    }
    if (event.kind == "fence") return absl::StrCat("fence", Order(event));
    if (event.kind == "create") return absl::StrCat("create ", ThreadName(event.peer));
    if (event.kind == "join") return absl::StrCat("join ", ThreadName(event.peer));
    if (event.kind == "finish") return "end of the thread";
    if (event.kind == "choose") return absl::StrCat("choose ", Value(event));
    if (event.kind == "park") return absl::StrCat("waits for ", WaitedFor(event, place));
    if (event.kind == "error") return absl::StrReplaceAll(Verdict(), {{"_", " "}});
    if (event.kind == "block") return "goes no further here";
    const RecordedLocation* location = record_.Location(event.location);
    if (event.kind == "free" && location != nullptr && location->block == kNone) {
      return absl::StrCat("end of ", place);
    }
    if (event.kind == "alloc" || event.kind == "free") {
      return absl::StrCat(name.empty() ? event.kind : name, " ", place);
    }
    return absl::StrCat(name.empty() ? Printable(event.kind) : name, place.empty() ? "" : " ",
                        place, event.value ? " -> " : "", event.value ? Value(event) : "");
  }

  // Where a place says nothing to a reader, what the thread waits for in the end.
  std::string WaitedFor(const RecordedEvent& event, const std::string& place) {
    const RecordedLocation* location = record_.Location(event.location);
    if (location != nullptr && !namer_.IsRuntimes(location->address)) return place;
    for (const RecordedWait& wait : record_.waits) {
      if (wait.thread != event.thread) continue;
      if (wait.what == "join") return absl::StrCat(ThreadName(wait.owner), " to end");
      if (wait.what != "await") return absl::StrCat("the ", Printable(wait.what));
      if (wait.address != 0 && !namer_.IsRuntimes(wait.address)) {
        return namer_.Address(wait.address);
      }
    }
    return place.empty() ? "something that nobody does" : place;
  }

  void Mark(int event) {
    for (Step& step : result_.steps) {
      step.culprit |= event != kNone && (step.event == event || step.write == event);
    }
  }

  // The runtime knows addresses, and no names.
  std::string Named(const std::string& text) {
    std::string named;
    std::size_t at = 0;
    for (std::size_t from = 0; (from = text.find("0x", at)) != std::string::npos;) {
      const std::size_t end =
          std::min(text.find_first_not_of("0123456789abcdef", from + 2), text.size());
      absl::StrAppend(&named, text.substr(at, from - at));
      std::uint64_t address = 0;
      const std::string number = text.substr(from, end - from);
      const bool is_number = absl::SimpleHexAtoi(number, &address);
      absl::StrAppend(&named, is_number ? namer_.Address(address) : number);
      at = end;
    }
    return named + text.substr(at);
  }

  // `free_is_told`: by the finding's accesses.
  void Block(const RecordedBlock& block, bool free_is_told) {
    result_.remarks.push_back({absl::StrCat("block ", block.id, ": ", block.size,
                                            " bytes, allocated by ", ThreadName(block.thread)),
                               namer_.Stack(block.stack)});
    if (!free_is_told && (block.freed_by != kNone || !block.free_stack.empty())) {
      result_.remarks.push_back(
          {absl::StrCat("block ", block.id, ": freed by ", ThreadName(block.freed_by)),
           namer_.Stack(block.free_stack)});
    }
  }

  void Finding(const RecordedFinding& finding) {
    result_.verdict = Printable(finding.verdict);
    result_.headline =
        absl::StrCat(absl::StrReplaceAll(result_.verdict, {{"_", " "}}),
                     finding.message.empty() ? "" : ": ", Printable(finding.message));
    result_.headline = Named(result_.headline);
    result_.left_out = finding.left_out + idle_;
    Mark(finding.event);
    if (!finding.stack.empty() && finding.accesses.empty()) {
      result_.remarks.push_back(
          {absl::StrCat("found in ", ThreadName(finding.thread)), namer_.Stack(finding.stack)});
    }
    for (const RecordedAccess& access : finding.accesses) {
      Mark(access.event);
      const std::string what =
          access.size == 0
              ? record_.BlockAt(access.address) == nullptr ? "end of" : "free of"
              : absl::StrCat(access.atomic ? "atomic " : "", access.write ? "write" : "read",
                             " of ", access.size, access.size == 1 ? " byte" : " bytes", " at");
      std::string text = absl::StrCat(what, " ", namer_.Address(access.address), " by ",
                                      ThreadName(access.thread));
      if (const Step* step = result_.StepOf(access.event); step != nullptr) {
        absl::StrAppend(&text, " (#", step->number, ")");
      }
      result_.remarks.push_back({text, namer_.Stack(access.stack)});
    }
    const RecordedBlock* block = record_.Block(finding.block);
    for (const RecordedAccess& access : finding.accesses) {
      if (block == nullptr) block = record_.BlockAt(access.address);
    }
    const bool free_is_told =
        std::any_of(finding.accesses.begin(), finding.accesses.end(),
                    [](const RecordedAccess& access) { return access.size == 0; });
    if (block != nullptr) Block(*block, free_is_told);
  }

  void Waits() {
    for (const RecordedWait& wait : record_.waits) {
      std::string text = absl::StrCat(ThreadName(wait.thread), " waits ");
      const std::string address =
          namer_.IsRuntimes(wait.address) ? "" : absl::StrCat(" ", namer_.Address(wait.address));
      if (wait.what == "join") {
        absl::StrAppend(&text, "for ", ThreadName(wait.owner), " to end");
      } else if (wait.what == "await") {
        absl::StrAppend(&text, "for another value of", address);
        if (wait.value) absl::StrAppend(&text, ", which is ", namer_.Value(*wait.value, 0));
      } else {
        absl::StrAppend(&text, "for the ", Printable(wait.what), address);
        if (wait.owner != kNone) absl::StrAppend(&text, ", held by ", ThreadName(wait.owner));
      }
      result_.remarks.push_back({text, namer_.Stack(wait.stack)});
    }
    if (const std::string hint = Hint(record_, namer_); !hint.empty()) {
      result_.remarks.push_back({hint, {}});
    }
    const std::vector<int> cycle = Cycle();
    if (!cycle.empty()) {
      std::string text = absl::StrCat(ThreadName(cycle.front()), " waits for itself");
      if (cycle.size() > 1) {
        text = "they wait for each other: ";
        for (const int thread : cycle) absl::StrAppend(&text, ThreadName(thread), " -> ");
        absl::StrAppend(&text, ThreadName(cycle.front()));
      }
      result_.remarks.push_back({text, {}});
    }
    for (const RecordedLock& lock : record_.held) {
      result_.remarks.push_back(
          {absl::StrCat(ThreadName(lock.thread), " holds the ", Printable(lock.what), " ",
                        namer_.Address(lock.address), ", taken"),
           namer_.Stack(lock.stack)});
    }
  }

  // Whose the variables on stacks are that the report names.
  void Locals() {
    std::vector<Remark> remarks;
    const std::vector<Namer::Local>& locals = namer_.Locals();
    for (const Namer::Local& local : locals) {
      std::string text = absl::StrCat("on the stack of ", ThreadName(local.thread));
      if (!local.function.empty()) absl::StrAppend(&text, ", in ", local.function);
      absl::StrAppend(&text, ": ");
      const auto same = std::find_if(remarks.begin(), remarks.end(), [&](const Remark& remark) {
        return absl::StartsWith(remark.text, text);
      });
      if (same == remarks.end()) {
        remarks.push_back({absl::StrCat(text, local.name), {}});
      } else {
        absl::StrAppend(&same->text, ", ", local.name);
      }
    }
    result_.remarks.insert(result_.remarks.end(), remarks.begin(), remarks.end());
  }

  // Threads each of which waits for the next, and the last for the first.
  std::vector<int> Cycle() const {
    for (const RecordedWait& start : record_.waits) {
      std::vector<int> path;
      int thread = start.thread;
      while (thread != kNone && std::find(path.begin(), path.end(), thread) == path.end()) {
        path.push_back(thread);
        const auto wait =
            std::find_if(record_.waits.begin(), record_.waits.end(),
                         [thread](const RecordedWait& one) { return one.thread == thread; });
        thread = wait == record_.waits.end() ? kNone : wait->owner;
      }
      if (thread == start.thread) return path;
    }
    return {};
  }

  void Error(const RecordedError& error) {
    if (result_.headline.empty())
      result_.headline = absl::StrCat("error: ", Printable(error.message));
    if (error.thread == kNone && error.stack.empty()) return;
    result_.remarks.push_back(
        {absl::StrCat("in ", ThreadName(error.thread)), namer_.Stack(error.stack)});
  }

  const Record& record_;
  Namer namer_;
  Execution result_;
  int idle_ = 0;  // creations of threads that have no part in it
};

}  // namespace

const Step* Execution::StepOf(int event) const {
  for (const Step& step : steps) {
    if (event != kNone && (step.event == event || step.write == event)) return &step;
  }
  return nullptr;
}

std::string LeftOut(const Execution& execution) {
  return absl::StrCat(execution.left_out, execution.left_out == 1 ? " step" : " steps",
                      " of the execution left out: not needed for this");
}

Execution Describe(const Record& record, const std::string& directory) {
  return Describer(record, directory).Run();
}

}  // namespace heddle::explorer::report
