// SPDX-License-Identifier: Apache-2.0
//
// Where a watched call of a library comes by (library_calls.cc), with its number on the stack below
// the address that it returns to: all that it may pass arguments in is as before when it goes on.

  .section heddle_runtime, "ax", @progbits
  .globl heddle_explorer_library_call
  .hidden heddle_explorer_library_call
  .type heddle_explorer_library_call, @function
  .p2align 4
heddle_explorer_library_call:
  .cfi_startproc
  .cfi_adjust_cfa_offset 8
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbp, 0
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  pushq %rax
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %rcx
  pushq %r8
  pushq %r9
  pushq %r10
  subq $136, %rsp
  andq $-16, %rsp
  movdqa %xmm0, (%rsp)
  movdqa %xmm1, 16(%rsp)
  movdqa %xmm2, 32(%rsp)
  movdqa %xmm3, 48(%rsp)
  movdqa %xmm4, 64(%rsp)
  movdqa %xmm5, 80(%rsp)
  movdqa %xmm6, 96(%rsp)
  movdqa %xmm7, 112(%rsp)
  movq %rdi, %rdx
  movq 8(%rbp), %rdi
  movq 16(%rbp), %rsi
  call heddle_explorer_library_called
  movq %rax, %r11
  movdqa (%rsp), %xmm0
  movdqa 16(%rsp), %xmm1
  movdqa 32(%rsp), %xmm2
  movdqa 48(%rsp), %xmm3
  movdqa 64(%rsp), %xmm4
  movdqa 80(%rsp), %xmm5
  movdqa 96(%rsp), %xmm6
  movdqa 112(%rsp), %xmm7
  leaq -64(%rbp), %rsp
  popq %r10
  popq %r9
  popq %r8
  popq %rcx
  popq %rdx
  popq %rsi
  popq %rdi
  popq %rax
  popq %rbp
  .cfi_def_cfa %rsp, 16
  addq $8, %rsp
  .cfi_adjust_cfa_offset -8
  jmp *%r11
  .cfi_endproc
  .size heddle_explorer_library_call, .-heddle_explorer_library_call

  .section .note.GNU-stack, "", @progbits
