// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/options.h"

#include <string.h>

#include "checkers/lock_order/runtime/text.h"

namespace heddle::lock_order {
namespace {

struct Piece {
  const char* text;
  size_t size;
  bool is(const char* other) const {
    return strlen(other) == size && memcmp(text, other, size) == 0;
  }
};

bool separator(char c) { return c == ':' || c == ' ' || c == '\n' || c == '\t' || c == ','; }

bool read_number(Piece value, uint64_t* out) {
  if (value.size == 0 || value.size > 18) return false;
  uint64_t number = 0;
  for (size_t i = 0; i < value.size; ++i) {
    if (value.text[i] < '0' || value.text[i] > '9') return false;
    number = number * 10 + static_cast<uint64_t>(value.text[i] - '0');
  }
  *out = number;
  return true;
}

bool read_flag(Piece value, bool* out) {
  if (value.is("1") || value.is("true") || value.is("yes")) {
    *out = true;
  } else if (value.is("0") || value.is("false") || value.is("no")) {
    *out = false;
  } else {
    return false;
  }
  return true;
}

bool read_text(Piece value, char (&out)[kPathBytes]) {
  if (value.size >= kPathBytes) return false;
  memcpy(out, value.text, value.size);
  out[value.size] = 0;
  return true;
}

bool set(Piece key, Piece value, Options* options) {
  uint64_t number = 0;
  if (key.is("enabled")) return read_flag(value, &options->enabled);
  if (key.is("graph")) return read_text(value, options->graph);
  if (key.is("watcher")) return read_text(value, options->watcher);
  if (key.is("halt_on_deadlock") || key.is("abort_on_deadlock") || key.is("halt_on_error")) {
    return read_flag(value, &options->halt_on_deadlock);
  }
  if (key.is("blocking_calls")) return read_flag(value, &options->blocking_calls);
  if (key.is("file_locks")) return read_flag(value, &options->file_locks);
  if (key.is("semaphores")) return read_flag(value, &options->semaphores);
  if (key.is("signals")) return read_flag(value, &options->signals);
  if (key.is("exitcode")) {
    if (!read_number(value, &number) || number > 255) return false;
    options->exitcode = static_cast<uint32_t>(number);
  } else if (key.is("exit_wait_ms")) {
    if (!read_number(value, &number) || number > 3'600'000) return false;
    options->exit_wait_ms = static_cast<uint32_t>(number);
  } else if (key.is("limit_mb")) {
    if (!read_number(value, &number) || number > (1ULL << 30)) return false;
    options->limit_mb = number;
  }
  return true;
}

}  // namespace

int parse_options(const char* text, Options* options) {
  int bad = 0;
  while (*text != 0) {
    if (separator(*text)) {
      ++text;
      continue;
    }
    if (text[0] == '-' && text[1] == '-') text += 2;  // as on the tool's command line
    Piece key{text, 0};
    while (*text != 0 && *text != '=' && !separator(*text)) ++text;
    key.size = static_cast<size_t>(text - key.text);
    if (*text != '=') {  // a word alone means 1
      if (!set(key, Piece{"1", 1}, options)) ++bad;
      continue;
    }
    ++text;
    Piece value{text, 0};
    if (*text == '\'' || *text == '"') {
      const char quote = *text++;
      value.text = text;
      while (*text != 0 && *text != quote) ++text;
      value.size = static_cast<size_t>(text - value.text);
      if (*text != 0) ++text;
    } else {
      while (*text != 0 && !separator(*text)) ++text;
      value.size = static_cast<size_t>(text - value.text);
    }
    if (!set(key, value, options)) ++bad;
  }
  return bad;
}

bool expand_path(const char* pattern, uint64_t pid, char* out, size_t size) {
  Text<kPathBytes + 64> path;
  for (const char* at = pattern; *at != 0; ++at) {
    if (at[0] == '%' && at[1] == 'p') {
      path << pid;
      ++at;
    } else if (at[0] == '%' && at[1] == '%') {
      path << '%';
      ++at;
    } else {
      path << *at;
    }
  }
  if (path.full() || path.size() >= size) return false;
  memcpy(out, path.c_str(), path.size() + 1);
  return true;
}

}  // namespace heddle::lock_order
