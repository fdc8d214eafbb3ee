// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/instruction.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

using std::string_view_literals::operator""sv;

Instruction DecodeText(std::string_view bytes) {
  return Decode(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

TEST(Instruction, KnowsLengths) {
  const std::string_view kWhole[] = {
      "\x90"sv,                                      // nop
      "\x48\x89\xe5"sv,                              // mov rbp, rsp
      "\x0f\x1f\x84\x00\x00\x00\x00\x00"sv,          // nop [rax+rax+0]
      "\xe8\x01\x02\x03\x04"sv,                      // call
      "\x66\xb8\x01\x02"sv,                          // mov ax, imm16
      "\xb8\x01\x02\x03\x04"sv,                      // mov eax, imm32
      "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"sv,  // mov rax, imm64
      "\x48\xa1\x01\x02\x03\x04\x05\x06\x07\x08"sv,  // mov rax, [address]
      "\xf6\xc1\x01"sv,                              // test cl, 1
      "\xf6\xd1"sv,                                  // not cl
      "\x48\xf7\xc1\x01\x02\x03\x04"sv,              // test rcx, imm32
      "\x8b\x05\x01\x02\x03\x04"sv,                  // mov eax, [rip+disp32]
      "\x8b\x04\x25\x01\x02\x03\x04"sv,              // mov eax, [disp32]
      "\x8b\x44\x24\x08"sv,                          // mov eax, [rsp+8]
      "\x0f\x84\x01\x02\x03\x04"sv,                  // je
      "\x66\x0f\x70\xc1\x4e"sv,                      // pshufd
      "\x66\x0f\x3a\x0f\xc1\x08"sv,                  // palignr
      "\xc5\xf8\x77"sv,                              // vzeroupper
      "\xc5\xfa\x6f\x04\x24"sv,                      // vmovdqu xmm0, [rsp]
      "\xc4\xe3\x7d\x39\xc1\x01"sv,                  // vextracti128
      "\x62\xf1\x7c\x48\x10\x44\x24\x01"sv,          // vmovups zmm0, [rsp+64]
      "\xc8\x10\x00\x00"sv,                          // enter
  };
  for (const std::string_view bytes : kWhole) {
    const Instruction instruction = DecodeText(bytes);
    EXPECT_EQ(instruction.length, bytes.size()) << testing::PrintToString(std::string(bytes));
    EXPECT_EQ(instruction.kind, InstructionKind::kOther);
    EXPECT_EQ(DecodeText(bytes.substr(0, bytes.size() - 1)).length, 0U) << "cut off";
  }
}

TEST(Instruction, TellsWhatIsAtomic) {
  EXPECT_EQ(DecodeText("\xf0\xff\x05\x01\x02\x03\x04"sv).kind, InstructionKind::kLocked);
  EXPECT_EQ(DecodeText("\xf0\x48\x0f\xc7\x0f"sv).kind, InstructionKind::kLocked);  // cmpxchg16b
  EXPECT_EQ(DecodeText("\x87\x07"sv).kind, InstructionKind::kExchange);       // xchg [rdi], eax
  EXPECT_EQ(DecodeText("\x87\xc8"sv).kind, InstructionKind::kOther);          // xchg eax, ecx
  EXPECT_EQ(DecodeText("\x0f\xae\xf0"sv).kind, InstructionKind::kFence);      // mfence
  EXPECT_EQ(DecodeText("\x0f\xae\xe8"sv).kind, InstructionKind::kOther);      // lfence
  EXPECT_EQ(DecodeText("\x0f\xae\x07"sv).kind, InstructionKind::kOther);      // fxsave [rdi]
  EXPECT_EQ(DecodeText("\x66\x0f\xae\xf0"sv).kind, InstructionKind::kOther);  // tpause eax
  EXPECT_EQ(DecodeText("\x0f\x05"sv).kind, InstructionKind::kSystemCall);
  EXPECT_EQ(DecodeText("\xcd\x80"sv).kind, InstructionKind::kSystemCall);
}

TEST(Instruction, KnowsWhatIsNone) {
  EXPECT_EQ(DecodeText("\x06"sv).length, 0U);
  EXPECT_EQ(DecodeText(""sv).length, 0U);
}

}  // namespace
}  // namespace heddle::explorer
