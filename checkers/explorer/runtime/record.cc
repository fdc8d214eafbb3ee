// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/record.h"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "checkers/explorer/runtime/record_counterexample.h"
#include "checkers/explorer/runtime/record_line.h"
#include "checkers/explorer/runtime/scheduler.h"

namespace heddle::explorer {
namespace {

using record::Line;

std::string BuildId(const dl_phdr_info& module) {
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    if (module.dlpi_phdr[i].p_type != PT_NOTE) continue;
    const char* note =
        reinterpret_cast<const char*>(module.dlpi_addr + module.dlpi_phdr[i].p_vaddr);
    const char* const end = note + module.dlpi_phdr[i].p_memsz;
    while (note + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) header;
      memcpy(&header, note, sizeof header);
      const char* const name = note + sizeof header;
      const char* const bytes = name + ((header.n_namesz + 3) & ~3U);
      if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
        std::string id;
        for (unsigned k = 0; k < header.n_descsz; ++k) {
          char digits[4];
          snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(bytes[k]));
          id += digits;
        }
        return id;
      }
      note = bytes + ((header.n_descsz + 3) & ~3U);
    }
  }
  return "";
}

std::string ProgramPath() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  return length <= 0 ? "" : std::string(path, static_cast<std::size_t>(length));
}

int WriteModule(dl_phdr_info* module, std::size_t, void*) {
  std::uintptr_t low = UINTPTR_MAX;
  std::uintptr_t high = 0;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    low = std::min(low, static_cast<std::uintptr_t>(module->dlpi_addr + header.p_vaddr));
    high = std::max(
        high, static_cast<std::uintptr_t>(module->dlpi_addr + header.p_vaddr + header.p_memsz));
  }
  const std::string own = ProgramPath();
  const char* const path = module->dlpi_name[0] == 0 ? own.c_str() : module->dlpi_name;
  Line("module")
      .Text("path", path)
      .Address("bias", module->dlpi_addr)
      .Address("low", low)
      .Address("high", high)
      .Text("build_id", BuildId(*module).c_str())
      .Write();
  return 0;
}

void WriteSites(const Scheduler& scheduler) {
  for (const AtomicSite& site : scheduler.weaken().Sites()) {
    Line line("site");
    line.Address("pc", site.site).Text("operation", NameOf(site.operation));
    line.Text("order", NameOf(site.order));
    if (!strcmp(NameOf(site.operation), "compare_exchange")) {
      line.Text("failure", NameOf(site.failure));
    }
    line.Number("size", static_cast<int>(site.size)).Number("count", site.count).Write();
  }
}

}  // namespace

RecordWriter::RecordWriter(const ExploreOptions& options) {
  if (options.record.empty()) return;
  record::Open(options.record);
  Line("start")
      .Number("version", 1)
      .Text("program", ProgramPath().c_str())
      .Text("model", options.model == Model::kSc ? "sc" : "rc11")
      .Text("mode", ModeOf(options).c_str())
      .Write();
  dl_iterate_phdr(WriteModule, nullptr);
}

RecordWriter::~RecordWriter() { record::Close(); }

void RecordWriter::Finish(const Scheduler& scheduler, const ExploreResult& result) {
  if (!record::IsOpen()) return;
  if (scheduler.fault().verdict != nullptr) WriteCounterexample(scheduler);
  if (scheduler.options().sites) WriteSites(scheduler);
  if (result.cut.loop != 0) Line("cut").Stack("stack", {}, result.cut.loop).Write();
  Line("end")
      .Text("verdict", result.verdict.c_str())
      .Bool("complete", result.complete)
      .Number("executions", result.executions)
      .Number("blocked", result.blocked)
      .Number("seconds", result.seconds)
      .Text("mode", result.mode.c_str())
      .Text("reason", result.cut.why.c_str())
      .Number("threads", result.threads)
      .Number("seed", scheduler.options().seed)
      .Write();
}

void RecordProgress(const Counts& counts, double seconds, double done) {
  Line("progress")
      .Number("complete", counts.complete)
      .Number("blocked", counts.blocked)
      .Number("seconds", seconds)
      .Number("done", done)
      .Write();
}

void RecordWorker(int process) { Line("worker").Number("process", process).Write(); }

void RecordUnseen(const std::string& what, std::uintptr_t behind) {
  Line line("unseen");
  line.Text("what", what.c_str());
  if (behind != 0) line.Stack("stack", {}, behind);
  line.Write();
}

void RecordError(const char* message, ThreadId thread, Site site) {
  Line error("error");
  error.Text("message", message);
  if (thread != kNoThread) error.Number("thread", thread).Stack("stack", {}, site);
  error.Write();
  Line("end")
      .Text("verdict", verdict::kError)
      .Text("reason", message)
      .Bool("complete", false)
      .Write();
}

}  // namespace heddle::explorer
