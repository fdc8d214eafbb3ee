// SPDX-License-Identifier: Apache-2.0
//
// The harness and main() of every benchmark binary. Beside Google Benchmark's flags there are
//   --pairs      prints "row<TAB>reference" for each comparison, and exits
//   --seconds=X  length of the runs of fixed length
#include "stress/bench/harness.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace heddle::bench {
namespace {

using Clock = std::chrono::steady_clock;

double run_seconds = 0.05;

std::map<std::string, std::vector<std::string>>& References() {
  static auto& references = *new std::map<std::string, std::vector<std::string>>();
  return references;
}

// glibc drops the atomic operations from its locks until the process has had a second thread.
void KeepSecondThread() {
  static const bool started = [] {
    std::thread([] {
      for (;;) pause();
    }).detach();
    return true;
  }();
  static_cast<void>(started);
}

// "row=NAME clock=cpu vs=NAME,NAME": what a reader of the results needs, in the row itself.
std::string Label(const std::string& name, Timing timing) {
  std::string label = "row=" + name + (timing == Timing::kLoop ? " clock=cpu" : " clock=wall");
  const char* separator = " vs=";
  for (const std::string& reference : References()[name]) {
    label += separator + reference;
    separator = ",";
  }
  return label;
}

void Register(const std::string& name, Timing timing, const Row& row) {
  if (References().contains(name)) return;
  References()[name];
  const auto run = [name, timing, body = row.body](benchmark::State& state) {
    KeepSecondThread();
    RunOnProcessor(0);
    body(state);
    state.SetLabel(Label(name, timing));
  };
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), run);
  if (timing == Timing::kFixed) registered->Iterations(1)->UseManualTime();
}

// What this thread has had so far, in nanoseconds.
struct Usage {
  double ran = 0;
  double waited = 0;  // could have run, but somebody else did
};

Usage UsageNow() {
  timespec ran{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
  double unused = 0;
  double waited = 0;
  std::ifstream("/proc/thread-self/schedstat") >> unused >> waited;
  return {.ran = static_cast<double>(ran.tv_sec) * 1e9 + static_cast<double>(ran.tv_nsec),
          .waited = waited};
}

// The two processors that all rows use, or the only one.
const std::vector<int>& Processors() {
  static const std::vector<int> processors = [] {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> found;
    for (int cpu = 0; cpu < CPU_SETSIZE && found.size() < 2; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) found.push_back(cpu);
    }
    if (found.empty()) found.push_back(0);
    return found;
  }();
  return processors;
}

double Nanoseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

// What the participants of a run share, whether they are threads or processes.
struct Course {
  struct alignas(kCacheLine) Lane {
    std::uint64_t operations = 0;
    Usage usage;
  };
  static constexpr int kLanes = 8;

  alignas(kCacheLine) Stop stop{false};
  alignas(kCacheLine) std::atomic<bool> go{false};
  alignas(kCacheLine) std::atomic<int> ready{0};
  Lane lanes[kLanes];

  void Run(int index, const std::function<std::uint64_t(int, const Stop&)>& body) {
    RunOnProcessor(index);
    ready.fetch_add(1);
    while (!go.load()) sched_yield();
    const Usage before = UsageNow();
    lanes[index].operations = body(index, stop);
    const Usage after = UsageNow();
    lanes[index].usage = {.ran = after.ran - before.ran, .waited = after.waited - before.waited};
  }

  // Returns when the time is over and everybody was told; who has not finished yet will, soon.
  double Time(int participants) {
    while (ready.load() != participants) sched_yield();
    const Clock::time_point start = Clock::now();
    go.store(true);
    std::this_thread::sleep_for(std::chrono::duration<double>(run_seconds));
    stop.store(true);
    return Nanoseconds(Clock::now() - start) / 1e9;
  }

  Work Result(int participants, double seconds) const {
    Work work;
    work.seconds = seconds;
    Usage sum;
    for (int i = 0; i < participants; ++i) {
      work.operations.push_back(lanes[i].operations);
      sum.ran += lanes[i].usage.ran;
      sum.waited += lanes[i].usage.waited;
    }
    // The time in which a processor ran none of ours, as far as ours wanted to run. Who waits only
    // for others of ours does not count.
    const double processors =
        std::min(static_cast<double>(Processors().size()), static_cast<double>(participants));
    const double available = seconds * 1e9 * processors;
    work.stolen = std::clamp(std::min(sum.waited, available - sum.ran) / available, 0.0, 1.0);
    return work;
  }
};

}  // namespace

void RegisterPair(const std::string& shape, Timing timing, const Row& ours, const Row& reference) {
  const std::string our_name = shape + "/" + ours.implementation;
  const std::string reference_name = shape + "/ref:" + reference.implementation;
  Register(our_name, timing, ours);
  Register(reference_name, timing, reference);
  References()[our_name].push_back(reference_name);
}

void RunOnProcessor(int index) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(Processors()[static_cast<std::size_t>(index) % Processors().size()], &one);
  sched_setaffinity(0, sizeof one, &one);
}

Work RunThreads(int threads, const std::function<std::uint64_t(int, const Stop&)>& body) {
  Course course;
  std::vector<std::thread> running;
  running.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&course, &body, i] { course.Run(i, body); });
  }
  const double seconds = course.Time(threads);
  for (std::thread& thread : running) thread.join();
  return course.Result(threads, seconds);
}

Work RunProcesses(int processes, const std::function<std::uint64_t(int, const Stop&)>& body) {
  void* memory =
      mmap(nullptr, sizeof(Course), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) Broken("mmap failed");
  auto* course = new (memory) Course;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = fork();
    if (child < 0) Broken("fork failed");
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      course->Run(i, body);
      _exit(0);
    }
    children.push_back(child);
  }
  const double seconds = course->Time(processes);
  for (const pid_t child : children) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) Broken("a child process failed");
  }
  Work work = course->Result(processes, seconds);
  munmap(memory, sizeof(Course));
  return work;
}

void Publish(benchmark::State& state, const Work& work) {
  std::uint64_t sum = 0;
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
  for (const std::uint64_t operations : work.operations) {
    sum += operations;
    least = std::min(least, operations);
    most = std::max(most, operations);
  }
  if (sum == 0) {
    state.SkipWithError("no operation completed");
    return;
  }
  state.SetIterationTime(work.seconds / static_cast<double>(sum));
  if (work.operations.size() > 1) {
    state.counters["fairness"] = static_cast<double>(least) / static_cast<double>(most);
  }
  state.counters["stolen"] = work.stolen;
}

void Broken(const char* what) {
  std::fprintf(stderr, "bench: %s\n", what);
  std::abort();
}

namespace {

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--pairs") {
      for (const auto& [row, references] : References()) {
        for (const std::string& reference : references) {
          std::printf("%s\t%s\n", row.c_str(), reference.c_str());
        }
      }
      return 0;
    }
    char* end = nullptr;
    const char* value =
        argument.starts_with("--seconds=") ? argv[i] + std::strlen("--seconds=") : "";
    run_seconds = std::strtod(value, &end);
    if (end == value || *end != '\0' || !(run_seconds > 0)) {
      std::fprintf(stderr, "bench: bad argument %s\n", argv[i]);
      return 2;
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace heddle::bench

int main(int argc, char** argv) { return heddle::bench::Main(argc, argv); }
