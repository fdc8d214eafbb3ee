// SPDX-License-Identifier: Apache-2.0
//
// Switches between a program thread's stack and the scheduler's, and the entry points for atomic
// operations: they save the program's registers as its call left them, because the state of a loop
// is compared by them (loops.h). Frame, in state.h, is the layout.

#define STATE heddle_explorer_state
#define FIBER_FRAME 8
#define SCHEDULER_STACK 16
#define kProgram 1

  .text

// The processor predicts a return to where the last call came from. So a switch ends with a jump;
// but where the thread that has just entered goes on, it returns from its call, and the scheduler
// has made no call of its own that it has not returned from: SwitchTo() jumps.

// A call by the program (code in eax, arguments in registers): over to the scheduler.
  .globl heddle_explorer_enter
  .hidden heddle_explorer_enter
  .type heddle_explorer_enter, @function
  .p2align 4
heddle_explorer_enter:
  .cfi_startproc
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbp, 0
  pushq %rbx
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbx, 0
  pushq %r12
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r12, 0
  pushq %r13
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r13, 0
  pushq %r14
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r14, 0
  pushq %r15
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r15, 0
  pushq %r9
  pushq %r8
  pushq %rcx
  pushq %rdx
  pushq %rsi
  pushq %rdi
  movl %eax, %eax
  pushq %rax
  .cfi_adjust_cfa_offset 56
  movq %rsp, STATE+FIBER_FRAME(%rip)
  movq STATE+SCHEDULER_STACK(%rip), %rsp
  .cfi_undefined %rip
  popq %rcx
  jmp *%rcx
  .cfi_endproc
  .size heddle_explorer_enter, .-heddle_explorer_enter

// void heddle_explorer_perform(Operation* operation), on a program thread.
  .globl heddle_explorer_perform
  .hidden heddle_explorer_perform
  .type heddle_explorer_perform, @function
  .p2align 4
heddle_explorer_perform:
  .cfi_startproc
  xorl %eax, %eax
  jmp heddle_explorer_enter
  .cfi_endproc
  .size heddle_explorer_perform, .-heddle_explorer_perform

// Jumped to by SwitchTo() with a Frame* in rdi, and on the scheduler's stack where to come back to:
// over to the thread, until it enters again.
.macro RESUME name
  .globl heddle_explorer_\name
  .hidden heddle_explorer_\name
  .type heddle_explorer_\name, @function
  .p2align 4
heddle_explorer_\name:
  .cfi_startproc
  .cfi_undefined %rip
  movq %rsp, STATE+SCHEDULER_STACK(%rip)
  movq %rdi, %rsp
  movq 8(%rsp), %rax
  movq 16(%rsp), %rdx
  addq $56, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
.endm

RESUME resume
  popq %rcx
  jmp *%rcx
  .cfi_endproc
  .size heddle_explorer_resume, .-heddle_explorer_resume

RESUME resume_again
  ret
  .cfi_endproc
  .size heddle_explorer_resume_again, .-heddle_explorer_resume_again

// void heddle_explorer_trace(Frame* frame, void (*function)()): calls it as if the suspended thread
// had. Its registers are where heddle_explorer_enter has put them.
  .globl heddle_explorer_trace
  .hidden heddle_explorer_trace
  .type heddle_explorer_trace, @function
  .p2align 4
heddle_explorer_trace:
  .cfi_startproc
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, STATE+SCHEDULER_STACK(%rip)
  movq %rdi, %rsp
  movq %rsp, %rbx
  .cfi_def_cfa %rbx, 112
  .cfi_offset %rbp, -16
  .cfi_offset %rbx, -24
  .cfi_offset %r12, -32
  .cfi_offset %r13, -40
  .cfi_offset %r14, -48
  .cfi_offset %r15, -56
  andq $-16, %rsp
  call *%rsi
  .cfi_undefined %rip
  movq STATE+SCHEDULER_STACK(%rip), %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .cfi_endproc
  .size heddle_explorer_trace, .-heddle_explorer_trace

// The first frame of each thread: nothing is below it.
  .globl heddle_explorer_thread_start
  .hidden heddle_explorer_thread_start
  .type heddle_explorer_thread_start, @function
heddle_explorer_thread_start:
  .cfi_startproc
  .cfi_undefined %rip
  xorl %ebp, %ebp
  movq %rax, %rdi
  call heddle_explorer_thread_main
  ud2
  .cfi_endproc
  .size heddle_explorer_thread_start, .-heddle_explorer_thread_start

// Outside of an exploration the real operation; within one, the scheduler's. The byte that is read
// first makes a wild pointer fault here, as the program's own access would.
.macro ENTRY name, operation, bytes
  .globl __tsan_\name
  .type __tsan_\name, @function
  .p2align 4
__tsan_\name:
  .cfi_startproc
  cmpl $kProgram, STATE(%rip)
  jne heddle_explorer_native_\name
  movb (%rdi), %al
  movl $(\operation * 256 + \bytes), %eax
  jmp heddle_explorer_enter
  .cfi_endproc
  .size __tsan_\name, .-__tsan_\name
.endm

// The numbers are those of AtomicOperation in state.h.
.macro ENTRIES bits, bytes
  ENTRY atomic\bits\()_load, 1, \bytes
  ENTRY atomic\bits\()_store, 2, \bytes
  ENTRY atomic\bits\()_exchange, 3, \bytes
  ENTRY atomic\bits\()_fetch_add, 4, \bytes
  ENTRY atomic\bits\()_fetch_sub, 5, \bytes
  ENTRY atomic\bits\()_fetch_and, 6, \bytes
  ENTRY atomic\bits\()_fetch_or, 7, \bytes
  ENTRY atomic\bits\()_fetch_xor, 8, \bytes
  ENTRY atomic\bits\()_fetch_nand, 9, \bytes
  ENTRY atomic\bits\()_compare_exchange_val, 10, \bytes
  ENTRY atomic\bits\()_compare_exchange_strong, 11, \bytes
  ENTRY atomic\bits\()_compare_exchange_weak, 12, \bytes
.endm

ENTRIES 8, 1
ENTRIES 16, 2
ENTRIES 32, 4
ENTRIES 64, 8
ENTRIES 128, 16

  .globl __tsan_atomic_thread_fence
  .type __tsan_atomic_thread_fence, @function
  .p2align 4
__tsan_atomic_thread_fence:
  .cfi_startproc
  cmpl $kProgram, STATE(%rip)
  jne heddle_explorer_native_fence
  movl $(13 * 256), %eax
  jmp heddle_explorer_enter
  .cfi_endproc
  .size __tsan_atomic_thread_fence, .-__tsan_atomic_thread_fence

  .section .note.GNU-stack, "", @progbits
