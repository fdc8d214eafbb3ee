// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/record_line.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "checkers/explorer/runtime/fatal.h"

namespace heddle::explorer::record {
namespace {

FILE* g_file;

}  // namespace

void Open(const std::string& path) {
  g_file = fopen(path.c_str(), "we");
  if (g_file == nullptr) Fatal("cannot write %s: %s", path.c_str(), strerror(errno));
}

void Close() {
  if (g_file != nullptr) fclose(g_file);
  g_file = nullptr;
}

bool IsOpen() { return g_file != nullptr; }

std::string Quoted(const char* text) {
  std::string quoted = "\"";
  for (; *text != 0; ++text) {
    const auto c = static_cast<unsigned char>(*text);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += *text;
    } else if (c < 0x20) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", c);
      quoted += escape;
    } else {
      quoted += *text;
    }
  }
  return quoted + '"';
}

std::string Hex(Value value) {
  char digits[40];
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  if (high != 0) {
    snprintf(digits, sizeof digits, "\"0x%" PRIx64 "%016" PRIx64 "\"", high, low);
  } else {
    snprintf(digits, sizeof digits, "\"0x%" PRIx64 "\"", low);
  }
  return digits;
}

std::string StackText(const CallStack& stack, Site site) {
  if (stack.empty()) return "[" + Hex(site) + "]";
  std::string text = "[";
  for (const Site frame : stack) text += (text.size() == 1 ? "" : ",") + Hex(frame);
  return text + "]";
}

void Line::Write() {
  if (g_file == nullptr) return;
  text_ += "}\n";
  if (fwrite(text_.data(), 1, text_.size(), g_file) == text_.size() && fflush(g_file) == 0) return;
  const int error = errno;
  // No more of it, not even of this.
  g_file = nullptr;
  Fatal("cannot write the record: %s", strerror(error));
}

}  // namespace heddle::explorer::record
