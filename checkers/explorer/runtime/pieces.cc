// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/pieces.h"

#include <algorithm>

namespace heddle::explorer {
namespace {

// Of two that are equal, the first one in the list comes first.
bool ComesFirst(const Piece* a, const Piece* b) {
  return a->weight != b->weight ? a->weight > b->weight : a < b;
}

}  // namespace

std::size_t Pieces::SetAside(const Piece& from) {
  const std::size_t before = pieces_.size();
  const std::size_t now = search_.Split();
  for (std::size_t i = before; i < now; ++i) {
    pieces_.push_back(
        {.weight = from.weight * search_.PieceWeight(i), .number = from.number, .own = true});
  }
  return now - before;
}

Piece Pieces::Choose(std::size_t index) {
  const Piece chosen = pieces_[index];
  search_.ChoosePiece(index);
  pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(index));
  return chosen;
}

bool Pieces::ChooseLargest(Piece& chosen) {
  std::size_t largest = pieces_.size();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!pieces_[i].own) continue;
    if (largest == pieces_.size() || pieces_[i].weight > pieces_[largest].weight) largest = i;
  }
  if (largest == pieces_.size()) return false;
  chosen = Choose(largest);
  return true;
}

Piece Pieces::ChooseNumber(int number) {
  std::size_t index = 0;
  while (pieces_[index].number != number) ++index;
  return Choose(index);
}

void Pieces::Number() {
  std::vector<Piece*> all;
  for (Piece& piece : pieces_) all.push_back(&piece);
  std::sort(all.begin(), all.end(), ComesFirst);
  int number = 0;
  for (Piece* const piece : all) {
    piece->number = number++;
    piece->own = false;
  }
}

void Pieces::Halve(bool first) {
  std::vector<Piece*> own;
  for (Piece& piece : pieces_) {
    if (piece.own) own.push_back(&piece);
  }
  std::sort(own.begin(), own.end(), ComesFirst);
  for (std::size_t i = first ? 0 : 1; i < own.size(); i += 2) own[i]->own = false;
}

}  // namespace heddle::explorer
