// SPDX-License-Identifier: Apache-2.0
//
// The lines of the record: JSON without a library, and the file that they are written to.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_LINE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_LINE_H_

#include <string>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/runtime/tracer.h"

namespace heddle::explorer::record {

// Lines go there until it is closed; without a file, nowhere.
void Open(const std::string& path);
void Close();
bool IsOpen();

std::string Quoted(const char* text);
std::string Hex(Value value);
std::string StackText(const CallStack& stack, Site site);

// One line, written at once.
class Line {
 public:
  explicit Line(const char* type) { text_ = "{\"type\":" + Quoted(type); }
  Line& Raw(const char* key, const std::string& value) {
    text_ += std::string(",\"") + key + "\":" + value;
    return *this;
  }
  Line& Text(const char* key, const char* value) { return Raw(key, Quoted(value)); }
  Line& Address(const char* key, Value value) { return Raw(key, Hex(value)); }
  // Where the stack is not known, the site alone.
  Line& Stack(const char* key, const CallStack& stack, Site site) {
    return Raw(key, StackText(stack, site));
  }
  template <typename T>
  Line& Number(const char* key, T value) {
    return Raw(key, std::to_string(value));
  }
  Line& Bool(const char* key, bool value) { return Raw(key, value ? "true" : "false"); }
  void Write();

 private:
  std::string text_;
};

}  // namespace heddle::explorer::record

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_LINE_H_
