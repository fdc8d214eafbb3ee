// SPDX-License-Identifier: Apache-2.0
//
// Binary relations over up to 64 events, with the operators of the cat language.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_RELATION_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_RELATION_H_

#include <array>
#include <bit>
#include <cstdint>

namespace heddle::explorer::oracle {

inline constexpr int kMaxEvents = 64;

using EventSet = std::uint64_t;

constexpr EventSet Only(int event) { return EventSet{1} << event; }

class Relation {
 public:
  explicit Relation(int size) : size_(size) {}

  // The identity on `set`: [set].
  static Relation Identity(int size, EventSet set) {
    Relation result(size);
    for (int i = 0; i < size; ++i) result.rows_[i] = set & Only(i);
    return result;
  }

  void Add(int from, int to) { rows_[from] |= Only(to); }
  bool Has(int from, int to) const { return (rows_[from] & Only(to)) != 0; }
  EventSet After(int from) const { return rows_[from]; }

  Relation& operator|=(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] |= other.rows_[i];
    return *this;
  }
  Relation& operator&=(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] &= other.rows_[i];
    return *this;
  }
  Relation& operator-=(const Relation& other) {
    for (int i = 0; i < size_; ++i) rows_[i] &= ~other.rows_[i];
    return *this;
  }
  friend Relation operator|(Relation a, const Relation& b) { return a |= b; }
  friend Relation operator&(Relation a, const Relation& b) { return a &= b; }
  friend Relation operator-(Relation a, const Relation& b) { return a -= b; }

  // Composition: a; b.
  friend Relation operator*(const Relation& a, const Relation& b) {
    Relation result(a.size_);
    for (int i = 0; i < a.size_; ++i) {
      for (EventSet rest = a.rows_[i]; rest != 0; rest &= rest - 1) {
        result.rows_[i] |= b.rows_[std::countr_zero(rest)];
      }
    }
    return result;
  }

  Relation Inverse() const {
    Relation result(size_);
    for (int i = 0; i < size_; ++i) {
      for (EventSet rest = rows_[i]; rest != 0; rest &= rest - 1) {
        result.rows_[std::countr_zero(rest)] |= Only(i);
      }
    }
    return result;
  }

  // r+
  Relation Closure() const {
    Relation result = *this;
    for (int k = 0; k < size_; ++k) {
      for (int i = 0; i < size_; ++i) {
        if (result.Has(i, k)) result.rows_[i] |= result.rows_[k];
      }
    }
    return result;
  }

  // r?
  Relation OrEqual() const {
    Relation result = *this;
    for (int i = 0; i < size_; ++i) result.rows_[i] |= Only(i);
    return result;
  }

  // [from]; r; [to]
  Relation Between(EventSet from, EventSet to) const {
    Relation result(size_);
    for (int i = 0; i < size_; ++i) {
      if ((from & Only(i)) != 0) result.rows_[i] = rows_[i] & to;
    }
    return result;
  }

  bool Irreflexive() const {
    for (int i = 0; i < size_; ++i) {
      if (Has(i, i)) return false;
    }
    return true;
  }
  bool Acyclic() const { return Closure().Irreflexive(); }
  bool Empty() const {
    for (int i = 0; i < size_; ++i) {
      if (rows_[i] != 0) return false;
    }
    return true;
  }

 private:
  int size_;
  std::array<EventSet, kMaxEvents> rows_{};
};

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_RELATION_H_
