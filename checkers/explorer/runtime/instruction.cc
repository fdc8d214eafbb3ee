// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/instruction.h"

namespace heddle::explorer {
namespace {

// What follows an opcode: one letter each, in rows of 16.
//   . nothing   m ModRM   b 1 byte   w 2 bytes   z 4 bytes, or 2 behind a 66 prefix
//   B ModRM and 1 byte   Z ModRM and z   e 3 bytes   v z, or 8 bytes with REX.W   a an address
//   r 4 bytes   T ModRM, and 1 byte if its reg field is 0 or 1   U the same with z   ? not an
//   instruction
constexpr char kOneByte[] =
    "mmmmbz??mmmmbz??"   // 00
    "mmmmbz??mmmmbz??"   // 10
    "mmmmbz??mmmmbz??"   // 20
    "mmmmbz??mmmmbz??"   // 30
    "????????????????"   // 40: REX
    "................"   // 50
    "???m????zZbB...."   // 60
    "bbbbbbbbbbbbbbbb"   // 70
    "BZ?Bmmmmmmmmmmmm"   // 80
    "..........?....."   // 90
    "aaaa....bz......"   // a0
    "bbbbbbbbvvvvvvvv"   // b0
    "BBw.??BZe.w..b?."   // c0
    "mmmm???.mmmmmmmm"   // d0
    "bbbbbbbbrr?b...."   // e0
    "?.??..TU......mm";  // f0

constexpr char kTwoBytes[] =
    "mmmm?.....?.?m.B"   // 00
    "mmmmmmmmmmmmmmmm"   // 10
    "mmmm????mmmmmmmm"   // 20
    "........????????"   // 30: 38 and 3a lead to further tables
    "mmmmmmmmmmmmmmmm"   // 40
    "mmmmmmmmmmmmmmmm"   // 50
    "mmmmmmmmmmmmmmmm"   // 60
    "BBBBmmm.mmmmmmmm"   // 70
    "rrrrrrrrrrrrrrrr"   // 80
    "mmmmmmmmmmmmmmmm"   // 90
    "...mBm??...mBmmm"   // a0
    "mmmmmmmmmmBmmmmm"   // b0
    "mmBmBBBm........"   // c0
    "mmmmmmmmmmmmmmmm"   // d0
    "mmmmmmmmmmmmmmmm"   // e0
    "mmmmmmmmmmmmmmmm";  // f0
static_assert(sizeof kOneByte == 257 && sizeof kTwoBytes == 257);

class Decoder {
 public:
  Decoder(const unsigned char* code, std::size_t size)
      : code_(code), size_(size < 15 ? size : 15) {}

  Instruction Run() {
    Prefixes();
    const unsigned char opcode = Next();
    char what;
    if (opcode == 0x0f) {
      what = AfterEscape();
    } else if (opcode == 0xc5 || opcode == 0xc4 || opcode == 0x62) {
      what = Vector(opcode);
    } else {
      what = kOneByte[opcode];
      opcode_ = opcode;
    }
    if (!Operands(what) || bad_ || at_ > size_) return {};
    return {.length = at_, .kind = Kind()};
  }

 private:
  unsigned char Peek() const { return at_ < size_ ? code_[at_] : 0; }
  unsigned char Next() {
    if (at_ >= size_) bad_ = true;
    const unsigned char byte = Peek();
    ++at_;
    return byte;
  }

  void Prefixes() {
    while (TakePrefix(Peek())) ++at_;
    if ((Peek() & 0xf0) == 0x40) wide_ = (Next() & 8) != 0;
  }

  bool TakePrefix(unsigned char byte) {
    switch (byte) {
      case 0x66:
        short_operand_ = true;
        return true;
      case 0x67:
        short_address_ = true;
        return true;
      case 0xf0:
        locked_ = true;
        return true;
      case 0xf2:  // repeats
      case 0xf3:
      case 0x2e:  // branches and segments
      case 0x36:
      case 0x3e:
      case 0x26:
      case 0x64:
      case 0x65:
        return true;
      default:
        return false;
    }
  }

  char AfterEscape() {
    const unsigned char second = Next();
    if (second == 0x38) {
      Next();
      return 'm';
    }
    if (second == 0x3a) {
      Next();
      return 'B';
    }
    escaped_ = true;
    opcode_ = second;
    return kTwoBytes[second];
  }

  char Vector(unsigned char first) {
    int map = 1;
    if (first == 0xc5) {
      Next();
    } else {
      map = Next() & (first == 0xc4 ? 0x1f : 7);
      Next();
      if (first == 0x62) Next();
    }
    const unsigned char opcode = Next();
    if (map == 3) return 'B';
    if (map != 1) return 'm';
    const char what = kTwoBytes[opcode];
    if (opcode == 0x77) return '.';
    return what == 'B' ? 'B' : 'm';
  }

  void ModRm() {
    modrm_ = Next();
    has_modrm_ = true;
    const int mode = modrm_ >> 6;
    const int rm = modrm_ & 7;
    if (mode == 3) return;
    int base = rm;
    if (rm == 4) base = Next() & 7;
    if (mode == 1) {
      at_ += 1;
    } else if (mode == 2 || (mode == 0 && base == 5)) {
      at_ += 4;
    }
  }

  bool Operands(char what) {
    const std::size_t operand = short_operand_ ? 2 : 4;
    const auto reg = [&] { return modrm_ >> 3 & 7; };
    switch (what) {
      case '.':
        return true;
      case 'm':
        ModRm();
        return true;
      case 'b':
        at_ += 1;
        return true;
      case 'w':
        at_ += 2;
        return true;
      case 'e':
        at_ += 3;
        return true;
      case 'r':
        at_ += 4;
        return true;
      case 'z':
        at_ += operand;
        return true;
      case 'v':
        at_ += wide_ ? 8 : operand;
        return true;
      case 'a':
        at_ += short_address_ ? 4 : 8;
        return true;
      case 'B':
        ModRm();
        at_ += 1;
        return true;
      case 'Z':
        ModRm();
        at_ += operand;
        return true;
      case 'T':
        ModRm();
        if (reg() < 2) at_ += 1;
        return true;
      case 'U':
        ModRm();
        if (reg() < 2) at_ += operand;
        return true;
      default:
        return false;
    }
  }

  InstructionKind Kind() const {
    if (locked_) return InstructionKind::kLocked;
    if (escaped_) {
      // With a prefix it is none.
      if (code_[0] == 0x0f && opcode_ == 0xae && modrm_ >> 3 == 0x1e)
        return InstructionKind::kFence;
      return opcode_ == 0x05 || opcode_ == 0x34 ? InstructionKind::kSystemCall
                                                : InstructionKind::kOther;
    }
    const bool memory = has_modrm_ && modrm_ >> 6 != 3;
    if ((opcode_ == 0x86 || opcode_ == 0x87) && memory) return InstructionKind::kExchange;
    return opcode_ == 0xcd ? InstructionKind::kSystemCall : InstructionKind::kOther;
  }

  const unsigned char* code_;
  std::size_t size_;
  std::size_t at_ = 0;
  bool bad_ = false;
  bool short_operand_ = false;
  bool short_address_ = false;
  bool locked_ = false;
  bool wide_ = false;
  bool escaped_ = false;
  bool has_modrm_ = false;
  unsigned char modrm_ = 0;
  unsigned char opcode_ = 0;
};

}  // namespace

Instruction Decode(const unsigned char* code, std::size_t size) {
  return Decoder(code, size).Run();
}

}  // namespace heddle::explorer
