// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "checkers/linearizability/fast.h"
#include "checkers/linearizability/items.h"

namespace heddle::linearizability {
namespace {

// The greatest element of a range, with single elements replaced. 0 is "none".
class MaxTree {
 public:
  explicit MaxTree(std::size_t size) : leaves_(std::bit_ceil(std::max<std::size_t>(size, 1))) {
    tree_.assign(2 * leaves_, 0);
  }
  void Set(std::size_t i, std::uint64_t value) {
    for (tree_[i += leaves_] = value; i > 1; i /= 2) {
      tree_[i / 2] = std::max(tree_[i], tree_[i ^ 1]);
    }
  }
  std::uint64_t Max(std::size_t begin, std::size_t end) const {
    std::uint64_t max = 0;
    for (begin += leaves_, end += leaves_; begin < end; begin /= 2, end /= 2) {
      if (begin % 2 != 0) max = std::max(max, tree_[begin++]);
      if (end % 2 != 0) max = std::max(max, tree_[--end]);
    }
    return max;
  }
  // Some element of the range that is at least `bound`, which Max() is, too.
  std::size_t Find(std::size_t begin, std::size_t end, std::uint64_t bound) const {
    for (begin += leaves_, end += leaves_; begin < end; begin /= 2, end /= 2) {
      if (begin % 2 != 0) {
        if (tree_[begin] >= bound) return Descend(begin, bound);
        ++begin;
      }
      if (end % 2 != 0) {
        --end;
        if (tree_[end] >= bound) return Descend(end, bound);
      }
    }
    return SIZE_MAX;
  }

 private:
  std::size_t Descend(std::size_t node, std::uint64_t bound) const {
    while (node < leaves_) node = 2 * node + (tree_[2 * node] >= bound ? 0 : 1);
    return node - leaves_;
  }
  std::size_t leaves_;
  std::vector<std::uint64_t> tree_;
};

// How many items cover each cell; ranges are added to. Finds the first cell that none covers.
class CoverTree {
 public:
  explicit CoverTree(std::size_t cells) {
    while (leaves_ < cells) leaves_ *= 2;
    min_.assign(2 * leaves_, 0);
    add_.assign(2 * leaves_, 0);
  }
  void Add(std::size_t begin, std::size_t end, int by) { Add(1, 0, leaves_, begin, end, by); }
  std::size_t FirstBare(std::size_t from) const { return FirstBare(1, 0, leaves_, from, 0); }

 private:
  void Add(std::size_t node, std::size_t lo, std::size_t hi, std::size_t begin, std::size_t end,
           int by) {
    if (end <= lo || hi <= begin) return;
    if (begin <= lo && hi <= end) {
      min_[node] += by;
      add_[node] += by;
      return;
    }
    const std::size_t middle = (lo + hi) / 2;
    Add(2 * node, lo, middle, begin, end, by);
    Add(2 * node + 1, middle, hi, begin, end, by);
    min_[node] = std::min(min_[2 * node], min_[2 * node + 1]) + add_[node];
  }
  std::size_t FirstBare(std::size_t node, std::size_t lo, std::size_t hi, std::size_t from,
                        int above) const {
    if (hi <= from || min_[node] + above > 0) return SIZE_MAX;
    if (hi - lo == 1) return lo;
    const std::size_t middle = (lo + hi) / 2;
    const std::size_t left = FirstBare(2 * node, lo, middle, from, above + add_[node]);
    if (left != SIZE_MAX) return left;
    return FirstBare(2 * node + 1, middle, hi, from, above + add_[node]);
  }
  std::size_t leaves_ = 1;
  std::vector<int> min_;  // of the node's cells, without what is above
  std::vector<int> add_;
};

class Nesting {
 public:
  // Items that are in for certain, in order of the end of their pushes.
  explicit Nesting(std::vector<Item> items)
      : items_(std::move(items)),
        alive_(items_.size() + 1),
        last_call_(items_.size()),
        not_first_(items_.size()),
        last_return_(items_.size()),
        cover_(Cells()) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      alive_[i] = i;
      last_call_.Set(i, items_[i].pop_invoke);
      not_first_.Set(i, ~items_[i].push_invoke);
      cover_.Add(FirstCell(i), LastCell(i) + 1, 1);
    }
    alive_[items_.size()] = items_.size();
  }

  // False: no order; then the items of wrong() have none.
  bool Unravel() {
    Split(0, items_.size());
    while (!parts_.empty()) {
      const auto [begin, end] = parts_.back();
      parts_.pop_back();
      const std::size_t bottom = FindBottom(begin, end);
      if (bottom == SIZE_MAX) {
        for (std::size_t i = NextAlive(begin); i < end; i = NextAlive(i + 1)) {
          wrong_.push_back(items_[i]);
        }
        return false;
      }
      Remove(bottom);
      Split(begin, end);
    }
    return true;
  }
  const std::vector<Item>& wrong() const { return wrong_; }

 private:
  // Cells are the times that matter (even) and those between them (odd).
  std::size_t Cells() {
    for (const Item& item : items_) {
      times_.push_back(item.push_done);
      times_.push_back(item.pop_invoke);
    }
    std::sort(times_.begin(), times_.end());
    times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
    return 2 * times_.size() + 1;
  }
  std::size_t Cell(Time time) const {
    return 2 * static_cast<std::size_t>(std::lower_bound(times_.begin(), times_.end(), time) -
                                        times_.begin());
  }
  std::size_t FirstCell(std::size_t i) const { return Cell(items_[i].push_done) + 1; }
  std::size_t LastCell(std::size_t i) const { return Cell(items_[i].pop_invoke) - 1; }

  std::size_t NextAlive(std::size_t i) {
    std::size_t next = i;
    while (alive_[next] != next) next = alive_[next];
    while (alive_[i] != next) i = std::exchange(alive_[i], next);
    return next;
  }

  // Divides what is left of [begin, end) where nothing is in for certain.
  void Split(std::size_t begin, std::size_t end) {
    for (std::size_t i = NextAlive(begin); i < end; i = NextAlive(i)) {
      const std::size_t bare = cover_.FirstBare(FirstCell(i));
      std::size_t last = i + 1;
      std::size_t past = end;
      while (last < past) {
        const std::size_t middle = (last + past) / 2;
        if (FirstCell(middle) < bare) {
          last = middle + 1;
        } else {
          past = middle;
        }
      }
      parts_.emplace_back(i, last);
      i = last;
    }
  }

  // An item whose push can come before, and whose pop after, all else of [begin, end).
  std::size_t FindBottom(std::size_t begin, std::size_t end) {
    const Time first_return = items_[NextAlive(begin)].push_done;
    // What once could be first still can: first_return only grows.
    while (true) {
      const std::uint64_t least = ~not_first_.Max(begin, end);
      if (least > first_return || least == ~std::uint64_t{0}) break;
      const std::size_t i = not_first_.Find(begin, end, ~least);
      not_first_.Set(i, 0);
      last_return_.Set(i, items_[i].pop_done);
    }
    const Time last_call = last_call_.Max(begin, end);
    if (last_return_.Max(begin, end) < last_call) return SIZE_MAX;
    return last_return_.Find(begin, end, last_call);
  }

  void Remove(std::size_t i) {
    alive_[i] = i + 1;
    last_call_.Set(i, 0);
    not_first_.Set(i, 0);
    last_return_.Set(i, 0);
    cover_.Add(FirstCell(i), LastCell(i) + 1, -1);
  }

  std::vector<Item> items_;
  std::vector<Time> times_;
  std::vector<std::size_t> alive_;  // itself, or a later one
  MaxTree last_call_;               // pop_invoke
  MaxTree not_first_;               // ~push_invoke of those not known to be able to be first
  MaxTree last_return_;             // pop_done of the others
  CoverTree cover_;
  std::vector<std::pair<std::size_t, std::size_t>> parts_;
  std::vector<Item> wrong_;
};

}  // namespace

std::optional<FastVerdict> FastStack(std::span<const Operation> operations) {
  const std::optional<Items> items = CollectItems(operations);
  if (!items) return std::nullopt;
  if (items->wrong) return items->wrong;
  std::optional<FastVerdict> wrong = FindWrongEmpty(operations, *items);
  if (!wrong) {
    std::vector<Item> certain;
    for (const Item& item : items->items) {
      if (item.in_for_certain()) certain.push_back(item);
    }
    std::sort(certain.begin(), certain.end(), [](const Item& a, const Item& b) {
      return std::pair(a.push_done, a.push) < std::pair(b.push_done, b.push);
    });
    Nesting nesting(std::move(certain));
    if (nesting.Unravel()) return FastVerdict{};
    wrong = FastVerdict{.ok = false, .witness = {}};
    for (const Item& item : nesting.wrong()) {
      wrong->witness.push_back(item.push);
      if (item.popped()) wrong->witness.push_back(item.pop);
    }
  }
  if (!items->pending_pops.empty()) return std::nullopt;
  return wrong;
}

}  // namespace heddle::linearizability
