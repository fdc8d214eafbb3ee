// SPDX-License-Identifier: Apache-2.0
//
// A search that is divided into numbered pieces. Who divides the same program with the same
// knowledge of its loops gets the same pieces, in each process and on each machine.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_PIECES_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_PIECES_H_

#include <cstddef>
#include <vector>

#include "checkers/explorer/search/search.h"

namespace heddle::explorer {

struct Piece {
  double weight = 0;  // the part of the whole search that it is thought to be
  int number = -1;    // of those that Number() has given one, the one that this was part of
  bool own = false;   // for this process to explore
};

class Pieces {
 public:
  explicit Pieces(Search& search) : search_(search) {}

  std::size_t size() const { return pieces_.size(); }
  bool empty() const { return pieces_.empty(); }
  void Clear() { pieces_.clear(); }

  // Between two executions: sets what is left of the piece that is being explored aside, as own
  // pieces. How many those are.
  std::size_t SetAside(const Piece& from);

  // Makes a piece the one that is explored, and takes it off the list. Of the largest, the first;
  // `own` ones only.
  bool ChooseLargest(Piece& chosen);
  // The one with that number; it must be there.
  Piece ChooseNumber(int number);

  // Gives all pieces their numbers, from 0, the largest first. They are nobody's own then.
  void Number();

  // Leaves every other one of the own pieces, by weight, to somebody else: the first ones, or those
  // between them.
  void Halve(bool first);

 private:
  Piece Choose(std::size_t index);

  Search& search_;
  std::vector<Piece> pieces_;  // as the search counts them
};

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_PIECES_H_
