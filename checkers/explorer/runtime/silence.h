// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_SILENCE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_SILENCE_H_

#include <array>

namespace heddle::explorer {

// As long as it lives, what the program writes to standard output and error goes nowhere: it is
// executed for the explorer's sake, and what it has to say has been or will be said.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  // Ends all there are: the explorer has something to say.
  static void Break();

 private:
  void End();

  static Silence* current;
  Silence* const outer_ = current;
  std::array<int, 3> kept_ = {-1, -1, -1};
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_SILENCE_H_
