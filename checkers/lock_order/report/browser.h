// SPDX-License-Identifier: Apache-2.0
//
// A headless Chromium for tests of pages, spoken to over its debugging pipe (the DevTools protocol,
// messages ended by NUL on file descriptors 3 and 4).
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_BROWSER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_BROWSER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace heddle::lock_order {

// Every failure ends the test program with a message.
class Browser {
 public:
  // `program`: of Chromium. `profile`: an empty directory.
  Browser(const std::string& program, const std::string& profile);
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // Loads the page and waits until it is loaded; forgets what was noted of the one before.
  void Open(const std::string& url);

  // The value of a JavaScript expression, which must not throw.
  nlohmann::json Evaluate(const std::string& expression);

  // Real input, in pixels of the page.
  void Mouse(const std::string& type, double x, double y, double wheel = 0);
  void Click(double x, double y);
  void Key(const std::string& key);

  // Since Open(): exceptions, console errors, violations of the content security policy.
  const std::vector<std::string>& problems() const { return problems_; }
  // Since Open(): addresses that something was to be loaded from.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  nlohmann::json Call(const std::string& method, const nlohmann::json& parameters);
  nlohmann::json Receive();
  void Note(const nlohmann::json& event);

  pid_t child_ = -1;
  int to_ = -1;
  int from_ = -1;
  int next_id_ = 1;
  bool loaded_ = false;
  std::string session_;
  std::string received_;
  std::vector<std::string> problems_;
  std::vector<std::string> requests_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_BROWSER_H_
