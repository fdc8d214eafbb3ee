// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/remote_stack.h"

#include <elfutils/libdwfl.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace heddle::lock_order {
namespace {

constexpr std::size_t kMostFrames = 64;

struct End {
  void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
};

int TakeFrame(Dwfl_Frame* frame, void* argument) {
  auto* pcs = static_cast<std::vector<uint64_t>*>(argument);
  Dwarf_Addr pc = 0;
  bool activation = false;
  if (!dwfl_frame_pc(frame, &pc, &activation)) return DWARF_CB_ABORT;
  // An interrupted instruction is no return address; the reader of these takes one off.
  pcs->push_back(activation ? pc + 1 : pc);
  return pcs->size() < kMostFrames ? DWARF_CB_OK : DWARF_CB_ABORT;
}

}  // namespace

std::vector<uint64_t> StackOfThread(uint32_t pid, uint32_t tid) {
  static char* debug_path = nullptr;
  static const Dwfl_Callbacks callbacks = {
      .find_elf = dwfl_linux_proc_find_elf,
      .find_debuginfo = dwfl_standard_find_debuginfo,
      .section_address = nullptr,
      .debuginfo_path = &debug_path,
  };
  const std::unique_ptr<Dwfl, End> dwfl(dwfl_begin(&callbacks));
  std::vector<uint64_t> pcs;
  if (dwfl == nullptr || dwfl_linux_proc_report(dwfl.get(), static_cast<pid_t>(pid)) != 0 ||
      dwfl_report_end(dwfl.get(), nullptr, nullptr) != 0 ||
      dwfl_linux_proc_attach(dwfl.get(), static_cast<pid_t>(pid), false) != 0) {
    return pcs;
  }
  dwfl_getthread_frames(dwfl.get(), static_cast<pid_t>(tid), TakeFrame, &pcs);
  return pcs;
}

}  // namespace heddle::lock_order
