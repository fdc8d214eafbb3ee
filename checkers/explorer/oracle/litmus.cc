// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/litmus.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle::explorer::oracle {
namespace {

std::string Times(int count, absl::string_view text) {
  std::string out;
  for (int i = 0; i < count; ++i) absl::StrAppend(&out, text);
  return out;
}

std::uint64_t Factorial(int n) {
  return n < 2 ? 1 : static_cast<std::uint64_t>(n) * Factorial(n - 1);
}

void AddTwoThreads(std::vector<Litmus>& all) {
  all.push_back({"SB",
                 "thread\n store x 1 rlx\n r0 = load y rlx\n"
                 "thread\n store y 1 rlx\n r0 = load x rlx\n",
                 4, 3, 4});
  all.push_back({"SB+fences",
                 "thread\n store x 1 rlx\n fence sc\n r0 = load y rlx\n"
                 "thread\n store y 1 rlx\n fence sc\n r0 = load x rlx\n",
                 3, 3, 3});
  all.push_back({"SB+fence+sc",
                 "thread\n store x 1 rlx\n fence sc\n r0 = load y rlx\n"
                 "thread\n store y 1 sc\n r0 = load x sc\n",
                 3, 3, 3});
  all.push_back({"MP",
                 "thread\n store x 1 rlx\n store y 1 rlx\n"
                 "thread\n r0 = load y rlx\n r1 = load x rlx\n",
                 4, 3, 4});
  all.push_back({"MP+rel+acq",
                 "thread\n store x 1 rlx\n store y 1 rel\n"
                 "thread\n r0 = load y acq\n r1 = load x rlx\n",
                 3, 3, 3});
  all.push_back({"MP depth 3",
                 "thread\n store x 1 rlx\n store x 2 rlx\n store x 3 rlx\n store y 1 rlx\n"
                 "thread\n r0 = load y rlx\n r1 = load x rlx\n",
                 8, 5, 8});
  all.push_back({"LB",
                 "thread\n r0 = load x rlx\n store y 1 rlx\n"
                 "thread\n r0 = load y rlx\n store x 1 rlx\n",
                 3, 3, 3});
  all.push_back({"2+2W",
                 "thread\n store x 1 rlx\n store y 2 rlx\n"
                 "thread\n store y 1 rlx\n store x 2 rlx\n",
                 4, 3, 4});
  all.push_back({"2+2W+fences",
                 "thread\n store x 1 rlx\n fence sc\n store y 2 rlx\n"
                 "thread\n store y 1 rlx\n fence sc\n store x 2 rlx\n",
                 3, 3, 3});
  all.push_back({"S",
                 "thread\n store x 2 rlx\n store y 1 rlx\n"
                 "thread\n r0 = load y rlx\n store x 1 rlx\n",
                 4, 3, 4});
  all.push_back({"CoRR",
                 "thread\n store x 1 rlx\n store x 2 rlx\n"
                 "thread\n r0 = load x rlx\n r1 = load x rlx\n",
                 6, 6, 6});
  all.push_back({"release sequence",
                 "thread\n store x 1 rlx\n store y 1 rel\n store y 2 rlx\n"
                 "thread\n r0 = load y acq\n r1 = load x rlx\n",
                 5, 4, 4});
}

void AddMoreThreads(std::vector<Litmus>& all) {
  const absl::string_view writers = "thread\n store x 1 rlx\nthread\n store y 1 rlx\n";
  all.push_back({"IRIW",
                 absl::StrCat(writers,
                              "thread\n r0 = load x rlx\n r1 = load y rlx\n"
                              "thread\n r0 = load y rlx\n r1 = load x rlx\n"),
                 16, 15, 16});
  all.push_back({"IRIW+fences",
                 absl::StrCat(writers,
                              "thread\n r0 = load x rlx\n fence sc\n r1 = load y rlx\n"
                              "thread\n r0 = load y rlx\n fence sc\n r1 = load x rlx\n"),
                 15, 15, 15});
  all.push_back({"IRIW+sc",
                 "thread\n store x 1 sc\nthread\n store y 1 sc\n"
                 "thread\n r0 = load x sc\n r1 = load y sc\n"
                 "thread\n r0 = load y sc\n r1 = load x sc\n",
                 15, 15, 15});
  all.push_back({"CoRR2",
                 "thread\n store x 1 rlx\nthread\n store x 2 rlx\n"
                 "thread\n r0 = load x rlx\n r1 = load x rlx\n"
                 "thread\n r0 = load x rlx\n r1 = load x rlx\n",
                 72, 72, 72});
  all.push_back({"WRC",
                 "thread\n store x 1 rlx\n"
                 "thread\n r0 = load x rlx\n store y 1 rlx\n"
                 "thread\n r0 = load y rlx\n r1 = load x rlx\n",
                 8, 7, 8});
  // With po instead of po\loc in scb, as GenMC has it, these would be 22.
  all.push_back({"Z6.U",
                 "thread\n store x 1 sc\n store y 1 rel\n"
                 "thread\n r0 = add y 1 sc\n r1 = load y rlx\n"
                 "thread\n store y 3 sc\n r0 = load x sc\n",
                 24, 18, 24});
}

void AddCounters(std::vector<Litmus>& all) {
  for (int n = 2; n <= 6; ++n) {
    const std::uint64_t count = Factorial(n);
    all.push_back({absl::StrCat("fetch_add ", n), Times(n, "thread\n r0 = add x 1 rlx\n"), count,
                   count, count, n <= 4});
  }
  for (int n = 2; n <= 5; ++n) {
    const std::uint64_t count = Factorial(n);
    all.push_back({absl::StrCat("ticket lock ", n),
                   Times(n,
                         "thread\n r0 = add next 1 rlx\n r1 = load owner acq until == r0\n"
                         " store owner r0+1 rel\n"),
                   count, count, count, n <= 3});
    all.push_back({absl::StrCat("mutex ", n), Times(n, "thread\n lock m\n unlock m\n"), count,
                   count, count, n <= 3});
    all.push_back({absl::StrCat("mutex with a counter ", n),
                   Times(n, "thread\n lock m\n r0 = load x rlx\n store x r0+1 rlx\n unlock m\n"),
                   count, count, count, n <= 3});
    all.push_back({absl::StrCat("exchange lock ", n),
                   Times(n, "thread\n r0 = xchg x 1 acq until == 0\n store x 0 rel\n"), count,
                   count, count, n <= 3});
  }
}

// One producer and one consumer, two slots, `count` elements.
std::string Ring(int count) {
  std::string producer = "thread\n";
  std::string consumer = "thread\n";
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&producer,
                    " r0 = load tail rlx\n r1 = load head acq until != r0-2\n store tail ", i + 1,
                    " rel\n");
    absl::StrAppend(&consumer, " r0 = load head rlx\n r1 = load tail acq until != r0\n store head ",
                    i + 1, " rel\n");
  }
  return producer + consumer;
}

void AddKernels(std::vector<Litmus>& all) {
  std::uint64_t power = 1;
  for (int n = 1; n <= 4; ++n, power *= 3) {
    all.push_back({absl::StrCat("ring buffer ", n), Ring(n), power, power, power, n <= 2});
  }
  for (int n = 2; n <= 4; ++n) {
    const std::uint64_t orders = Factorial(n);
    all.push_back({absl::StrCat("barrier ", n),
                   Times(n, absl::StrCat("thread\n r0 = add arrived 1 ar\n if r0 == ", n - 1,
                                         "\n store go 1 rel\n else\n"
                                         " r1 = load go acq until == 1\n end\n")),
                   orders, orders, orders, n <= 3});
    // Who is k-th to get in may have seen the lock free after each of the k-1 before, or at first.
    const std::uint64_t seen = orders * orders;
    all.push_back({absl::StrCat("test and test and set ", n),
                   Times(n,
                         "thread\n turn\n r0 = load l rlx until == 0\n r1 = xchg l 1 acq\n"
                         " spin r1 == 0\n store l 0 rel\n"),
                   seen, seen, seen, n <= 3, true});
  }
}

}  // namespace

std::vector<Litmus> AllLitmus() {
  std::vector<Litmus> all;
  AddTwoThreads(all);
  AddMoreThreads(all);
  AddCounters(all);
  AddKernels(all);
  return all;
}

}  // namespace heddle::explorer::oracle
