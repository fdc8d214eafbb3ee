// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/random_loops.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle::explorer::oracle {
namespace {

// Not static: of words that are never written a compiler knows what they hold. What one thread
// keeps is far from what the next one does: of bytes that are next to each other one word is made.
constexpr absl::string_view kBefore =
    "#include <pthread.h>\n"
    "#include <stdatomic.h>\n"
    "#include <stdio.h>\n"
    "\n"
    "atomic_int x, y, z, taken;\n"
    "static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;\n"
    "static int plain, found[3];\n"
    "int kept[3][16];\n";

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::string Write() {
    const int threads = 2 + (Below(3) == 0 ? 1 : 0);
    text_ = std::string(kBefore);
    for (int i = 0; i < threads; ++i) {
      in_memory_ = Below(2) == 0 ? absl::StrCat("kept[", i, "][0]") : "";
      absl::StrAppend(&text_, "\nstatic void* Thread", i,
                      "(void* unused) {\n  int a = 0, b = 0, c = 0;\n  (void)unused;\n");
      const int statements = threads == 2 ? 1 + Below(3) : 1 + Below(2);
      for (int k = 0; k < statements; ++k) Statement();
      // What is not told may be left behind by turns that fail.
      absl::StrAppend(&text_, "  found[", i, "] = 0", Below(2) == 0 ? " + 100 * a" : "",
                      Below(2) == 0 ? " + 10 * b" : "", Below(2) == 0 ? " + c" : "",
                      !in_memory_.empty() ? absl::StrCat(" + 1000 * ", in_memory_) : "",
                      ";\n  (void)a, (void)b, (void)c;\n  return NULL;\n}\n");
    }
    absl::StrAppend(&text_, "\nint main(void) {\n  pthread_t threads[", threads, "];\n");
    for (int i = 0; i < threads; ++i) {
      absl::StrAppend(&text_, "  pthread_create(&threads[", i, "], NULL, Thread", i, ", NULL);\n");
    }
    for (int i = 0; i < threads; ++i) {
      absl::StrAppend(&text_, "  pthread_join(threads[", i, "], NULL);\n");
    }
    absl::StrAppend(&text_,
                    "  printf(\"%d %d %d, %d %d %d, %d\\n\", found[0], found[1], found[2], x, y, "
                    "z, plain);\n  return 0;\n}\n");
    return text_;
  }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool Sometimes() { return Below(3) == 0; }

  std::string Word() { return std::string(1, "xxyz"[Below(4)]); }
  // A variable of the thread.
  std::string Local() {
    if (!in_memory_.empty() && Sometimes()) return in_memory_;
    return std::string(1, "abc"[Below(3)]);
  }
  std::string Number(int from, int to) { return absl::StrCat(from + Below(to - from + 1)); }

  std::string OrderOfLoad() {
    constexpr absl::string_view kOrders[] = {"relaxed", "acquire", "acquire", "seq_cst"};
    return absl::StrCat("memory_order_", kOrders[Below(4)]);
  }
  std::string OrderOfStore() {
    constexpr absl::string_view kOrders[] = {"relaxed", "release", "release", "seq_cst"};
    return absl::StrCat("memory_order_", kOrders[Below(4)]);
  }
  std::string OrderOfUpdate() {
    constexpr absl::string_view kOrders[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};
    return absl::StrCat("memory_order_", kOrders[Below(5)]);
  }
  std::string OrderOfFailure() { return Below(2) == 0 ? "memory_order_relaxed" : OrderOfLoad(); }

  std::string Load(const std::string& word) {
    return absl::StrCat("atomic_load_explicit(&", word, ", ", OrderOfLoad(), ")");
  }
  std::string CompareExchange(const std::string& word, const std::string& expected,
                              const std::string& desired) {
    return absl::StrCat("atomic_compare_exchange_strong_explicit(&", word, ", &", expected, ", ",
                        desired, ", ", OrderOfUpdate(), ", ", OrderOfFailure(), ")");
  }
  std::string Desired(const std::string& expected) {
    switch (Below(4)) {
      case 0:
        return Number(1, 2);
      case 1:
        return absl::StrCat(Local(), " + 1");
      default:
        return absl::StrCat(expected, " + 1");
    }
  }
  std::string Condition(const std::string& local) {
    constexpr absl::string_view kRelations[] = {" == ", " != ", " < "};
    return absl::StrCat(local, kRelations[Below(3)], Number(0, 2));
  }

  void Line(const std::string& line) { absl::StrAppend(&text_, "  ", line, "\n"); }

  // In a loop, where a turn may fail; `seen` is what it reads.
  void InTurn(const std::string& seen, bool may_end = true) {
    if (!in_memory_.empty() && Sometimes()) {
      const std::string change = Sometimes() ? absl::StrCat("++", in_memory_)
                                             : absl::StrCat(in_memory_, " = ", Number(1, 2));
      return Line(absl::StrCat("  if (", Condition(seen), ") ", change, ";"));
    }
    switch (Below(9)) {
      case 0:
        Line(absl::StrCat("  ", Local(), " = ", Load(Word()), ";"));
        break;
      case 1:
        Line(absl::StrCat("  ", Local(), " = 1 + ", Local(), " % 2;"));
        break;
      case 2:
        if (may_end) Line(absl::StrCat("  if (", Condition(Local()), ") break;"));
        break;
      case 3:
        if (Sometimes()) Line(absl::StrCat("  if (", Condition(Local()), ") continue;"));
        break;
      case 4:
        if (Sometimes()) Line(absl::StrCat("  ++", Local(), ";"));
        break;
      case 5:
        if (!Sometimes()) break;
        Line(absl::StrCat("  atomic_store_explicit(&", Word(), ", ", Number(0, 2), ", ",
                          OrderOfStore(), ");"));
        break;
      case 6:
        if (Sometimes()) Line(absl::StrCat("  atomic_thread_fence(", OrderOfUpdate(), ");"));
        break;
      default:
        break;
    }
  }

  // Loads once and lets failures load.
  void CompareLoop() {
    const std::string word = Word();
    const std::string seen = Local();
    Line(absl::StrCat(seen, " = ", Load(word), ";"));
    Line("for (;;) {");
    InTurn(seen);
    Line(absl::StrCat("  if (", CompareExchange(word, seen, Desired(seen)), ") break;"));
    InTurn(seen);
    Line("}");
  }

  // Loads in each turn.
  void LoadLoop() {
    const std::string word = Word();
    const std::string seen = Local();
    Line("for (;;) {");
    Line(absl::StrCat("  ", seen, " = ", Load(word), ";"));
    InTurn(seen);
    if (Below(2) == 0) {
      Line(absl::StrCat("  if (", CompareExchange(word, seen, Desired(seen)), ") break;"));
    } else {
      Line(absl::StrCat("  int expected = ", seen, ";"));
      Line(absl::StrCat("  if (", CompareExchange(word, "expected", Desired(seen)), ") break;"));
    }
    InTurn(seen);
    Line("}");
  }

  void WaitLoop() {
    const std::string seen = Local();
    Line(absl::StrCat("while ((", seen, " = ", Load(Word()), ") ", Sometimes() ? "!=" : "<",
                      " 1) {"));
    InTurn(seen);
    Line("}");
  }

  void TryLoop() {
    Line("while (pthread_mutex_trylock(&m) != 0) {");
    InTurn(Local(), false);
    Line("}");
    if (Below(2) == 0) Line(absl::StrCat(Local(), " = ++plain;"));
    Line("pthread_mutex_unlock(&m);");
  }

  void Locked() {
    Line("pthread_mutex_lock(&m);");
    Line(absl::StrCat(Local(), " = ++plain;"));
    Line("pthread_mutex_unlock(&m);");
  }

  void Flag() {
    Line(absl::StrCat("while (atomic_exchange_explicit(&taken, 1, ", OrderOfUpdate(), ") != 0) {"));
    InTurn(Local(), false);
    Line("}");
    if (Below(2) == 0) Line(absl::StrCat(Local(), " = ++plain;"));
    Line(absl::StrCat("atomic_store_explicit(&taken, 0, ", OrderOfStore(), ");"));
  }

  void Statement() {
    switch (Below(12)) {
      case 0:
      case 1:
      case 2:
        return CompareLoop();
      case 3:
      case 4:
      case 5:
        return LoadLoop();
      case 6:
        return Sometimes() ? WaitLoop() : CompareLoop();
      case 7:
        return Below(2) == 0 ? TryLoop() : Locked();
      case 8:
        return Flag();
      case 9:
        return Line(absl::StrCat("atomic_store_explicit(&", Word(), ", ", Number(0, 2), ", ",
                                 OrderOfStore(), ");"));
      case 10:
        return Line(absl::StrCat(Local(), " = ", Load(Word()), ";"));
      default:
        return Line(absl::StrCat(Local(), " = atomic_fetch_add_explicit(&", Word(), ", 1, ",
                                 OrderOfUpdate(), ");"));
    }
  }

  std::mt19937_64 random_;
  std::string text_;
  std::string in_memory_;  // one of its variables that is in no register; empty: it has none
};

}  // namespace

std::string RandomLoops(std::uint64_t seed) { return Writer(seed).Write(); }

}  // namespace heddle::explorer::oracle
