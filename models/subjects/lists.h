// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_LISTS_H_
#define HEDDLE_MODELS_SUBJECTS_LISTS_H_

#include <array>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/registers.h"
#include "primitives/list/coarse_list.h"
#include "primitives/list/hand_over_hand_list.h"

namespace heddle {

template <class P, class List>
struct ListSubject {
  using Spec = linearizability::SetSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "insert", .function = Spec::kAdd, .arguments = {generate::Among(1, 4)}},
      {.name = "remove", .function = Spec::kRemove, .arguments = {generate::Among(1, 4)}},
      {.name = "contains", .function = Spec::kContains, .arguments = {generate::Among(1, 4)}},
  });

  List list;

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    const int value = static_cast<int>(call.argument);
    if (call.function == Spec::kAdd) return list.insert(value) ? 1 : 0;
    if (call.function == Spec::kRemove) return list.remove(value) ? 1 : 0;
    return list.contains(value) ? 1 : 0;
  }
};

template <class P>
using CoarseListSubject = ListSubject<P, CoarseList<int, P, typename P::Mutex>>;
template <class P>
using HandOverHandListSubject = ListSubject<P, HandOverHandList<int, P, typename P::Mutex>>;

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_LISTS_H_
