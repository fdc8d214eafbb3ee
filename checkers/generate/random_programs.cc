// SPDX-License-Identifier: Apache-2.0
#include "checkers/generate/random_programs.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "checkers/generate/program.h"

namespace heddle::generate {
namespace {

// Attempts for each program that is wanted, before there are taken to be no more.
constexpr int kAttempts = 200;

const Action& ActionOf(const Call& call, std::span<const Action> actions) {
  return actions[static_cast<std::size_t>(call.action)];
}

// In the order in which they are written.
void ForEachCall(Program& program, const std::function<void(Call&)>& visit) {
  const auto visit_part = [&visit](Part& part) {
    for (std::size_t i = 0; i < part.all().size(); ++i) visit(part.calls[i]);
  };
  visit_part(program.beginning);
  for (std::size_t i = 0; i < program.running().size(); ++i) visit_part(program.threads[i]);
  visit_part(program.end);
}

class Maker {
 public:
  Maker(std::span<const Action> actions, const Limits& limits, std::uint64_t seed)
      : actions_(actions), limits_(limits), random_(seed) {}

  Program Make() {
    Program program;
    const int threads = Below(limits_.threads - 1) + 2;
    for (int& thread : player_) thread = Below(threads);
    AddCalls(Below(limits_.operations + 1), kAnyThread, program.beginning);
    for (int thread = 0; thread < threads; ++thread) {
      Part part;
      AddCalls(Below(limits_.operations) + 1, thread, part);
      if (part.size == 0) continue;
      program.threads[static_cast<std::size_t>(program.thread_count++)] = part;
    }
    AddCalls(Below(limits_.operations + 1), kAnyThread, program.end);
    return program;
  }

 private:
  static constexpr int kAnyThread = -1;

  // Not a distribution of the library's: those differ between libraries.
  int Below(int bound) {
    return static_cast<int>(random_() % static_cast<std::uint64_t>(std::max(bound, 1)));
  }

  void AddCalls(int count, int thread, Part& part) {
    std::vector<std::uint8_t> allowed;
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      const auto role = static_cast<std::size_t>(actions_[i].role);
      if (role == 0 || thread == kAnyThread || player_[role % player_.size()] == thread) {
        allowed.push_back(static_cast<std::uint8_t>(i));
      }
    }
    if (allowed.empty()) return;
    for (int i = 0; i < count; ++i) {
      Call call{.action =
                    allowed[static_cast<std::size_t>(Below(static_cast<int>(allowed.size())))]};
      const Action& action = ActionOf(call, actions_);
      for (std::size_t j = 0; j < action.arity(); ++j) {
        const Argument& argument = action.arguments[j];
        const int values = std::min(argument.most - argument.least + 1, limits_.values);
        call.values[j] =
            static_cast<std::int16_t>(argument.least + (argument.fresh ? 0 : Below(values)));
      }
      part.Add(call);
    }
  }

  std::span<const Action> actions_;
  const Limits limits_;
  std::mt19937_64 random_;
  std::array<int, 8> player_{};  // the thread that plays each role
};

}  // namespace

Program Canonical(Program program, std::span<const Action> actions) {
  const auto number_items = [&](int first) {
    int item = first;
    ForEachCall(program, [&](Call& call) {
      const Action& action = ActionOf(call, actions);
      for (std::size_t i = 0; i < action.arity(); ++i) {
        if (!action.arguments[i].fresh) continue;
        call.values[i] = static_cast<std::int16_t>(first == 0 ? 0 : item++);
      }
    });
  };
  number_items(0);
  std::sort(program.threads.begin(), program.threads.begin() + program.thread_count);
  number_items(1);
  return program;
}

std::vector<Program> RandomPrograms(std::span<const Action> actions, const Limits& limits,
                                    int count, std::uint64_t seed) {
  Maker maker(actions, limits, seed);
  std::set<Program> known;
  std::vector<Program> programs;
  for (std::int64_t i = 0; i < std::int64_t{count} * kAttempts; ++i) {
    if (programs.size() == static_cast<std::size_t>(count)) break;
    const Program program = Canonical(maker.Make(), actions);
    // One thread alone does nothing that a unit test does not.
    if (program.thread_count < 2 || WhyNot(program, actions) != nullptr) continue;
    if (known.insert(program).second) programs.push_back(program);
  }
  std::vector<std::pair<int, std::size_t>> order;  // as made, where the number of calls is the same
  for (std::size_t i = 0; i < programs.size(); ++i) order.emplace_back(programs[i].calls(), i);
  std::sort(order.begin(), order.end());
  std::vector<Program> sorted;
  for (const auto& [calls, index] : order) sorted.push_back(programs[index]);
  return sorted;
}

std::vector<Program> SmallerPrograms(const Program& program, std::span<const Action> actions) {
  std::vector<Program> smaller;
  const auto add = [&](const Program& candidate) {
    const Program settled = Canonical(candidate, actions);
    if (WhyNot(settled, actions) == nullptr) smaller.push_back(settled);
  };
  // Without threads that are empty.
  const auto add_closed = [&](Program candidate) {
    const auto begin = candidate.threads.begin();
    const auto end = std::remove_if(begin, begin + candidate.thread_count,
                                    [](const Part& part) { return part.size == 0; });
    std::fill(end, candidate.threads.end(), Part{});
    candidate.thread_count = static_cast<std::uint8_t>(end - begin);
    add(candidate);
  };
  const std::size_t threads = program.running().size();
  for (std::size_t i = 0; i < threads; ++i) {
    Program candidate = program;
    candidate.threads[i] = Part{};
    add_closed(candidate);
  }
  for (Part Program::* part : {&Program::end, &Program::beginning}) {
    if ((program.*part).size < 2) continue;
    Program candidate = program;
    candidate.*part = Part{};
    add(candidate);
  }
  for (Part Program::* part : {&Program::end, &Program::beginning}) {
    for (std::size_t i = (program.*part).all().size(); i > 0; --i) {
      Program candidate = program;
      (candidate.*part).Remove(i - 1);
      add(candidate);
    }
  }
  for (std::size_t i = 0; i < threads; ++i) {
    for (std::size_t j = program.threads[i].all().size(); j > 0; --j) {
      Program candidate = program;
      candidate.threads[i].Remove(j - 1);
      add_closed(candidate);
    }
  }
  // A meeting less.
  for (std::size_t action = 0; action < actions.size(); ++action) {
    if (actions[action].meets == 0) continue;
    Program candidate = program;
    for (Part& part : candidate.threads) {
      for (std::size_t i = part.all().size(); i > 0; --i) {
        if (part.calls[i - 1].action != action) continue;
        part.Remove(i - 1);
        break;
      }
    }
    if (candidate != program) add_closed(candidate);
  }
  for (std::size_t i = 0; i < threads; ++i) {
    if (program.beginning.full() || program.threads[i].size == 0) continue;
    Program candidate = program;
    candidate.beginning.Add(program.threads[i].calls[0]);
    candidate.threads[i].Remove(0);
    add_closed(candidate);
  }
  // What two threads do, done by one.
  for (std::size_t i = 0; i < threads; ++i) {
    for (std::size_t j = 0; j < threads; ++j) {
      const Part& added = program.threads[j];
      if (i == j || program.threads[i].all().size() + added.all().size() > kMostCalls) continue;
      Program candidate = program;
      for (const Call& call : added.all()) candidate.threads[i].Add(call);
      candidate.threads[j] = Part{};
      add_closed(candidate);
    }
  }
  // Items have the lowest numbers already.
  const auto for_each_value = [&](Program& of, const auto& visit) {
    ForEachCall(of, [&](Call& call) {
      const Action& action = ActionOf(call, actions);
      for (std::size_t i = 0; i < action.arity(); ++i) {
        if (!action.arguments[i].fresh) visit(action.arguments[i], call.values[i]);
      }
    });
  };
  // A value everywhere: calls may have to agree.
  std::set<std::int16_t> values;
  Program lower = program;
  for_each_value(lower, [&](const Argument&, std::int16_t value) { values.insert(value); });
  for (const std::int16_t value : values) {
    for (std::int16_t less = 0; less < value; ++less) {
      Program candidate = program;
      bool takes = true;
      for_each_value(candidate, [&](const Argument& argument, std::int16_t& each) {
        if (each != value) return;
        each = less;
        takes = takes && argument.least <= less;
      });
      if (takes) add(candidate);
    }
  }
  for_each_value(lower, [&](const Argument& argument, std::int16_t& each) {
    const std::int16_t value = each;
    for (each = static_cast<std::int16_t>(argument.least); each < value; ++each) add(lower);
  });
  return smaller;
}

}  // namespace heddle::generate
