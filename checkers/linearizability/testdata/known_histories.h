// SPDX-License-Identifier: Apache-2.0
//
// The histories of this directory and what is known of them. Their names say why they are good or
// bad; `good` and `bad` alone are about linearizability. "Crashed" operations are pending.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_TESTDATA_KNOWN_HISTORIES_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_TESTDATA_KNOWN_HISTORIES_H_

#include <cstddef>

namespace heddle::linearizability {

inline constexpr char kKnownHistoriesDirectory[] = "checkers/linearizability/testdata";

struct KnownHistory {
  const char* file;  // its directory is the name of the specification
  bool ok;
  const char* criterion = "linearizability";  // as --criterion names it
  // Options of the specification; 0: not given.
  int initial = 0;
  std::size_t capacity = 0;
  int most = 0;
};

inline constexpr KnownHistory kKnownHistories[] = {
    {"register/good_crashed_write_is_not_seen.json", true},
    {"register/good_crashed_write_was_seen.edn", true},
    {"register/good_read_during_a_write.json", true},
    {"register/good_same_value_written_again.json", true},
    {"register/bad_crashed_write_comes_and_goes.json", false},
    {"register/bad_new_then_old.json", false},
    {"register/bad_one_write_of_two_is_seen_twice.json", false},
    {"register/bad_stale_read.edn", false},
    {"cas-register/good_chain_called_backwards.json", true},
    {"cas-register/good_crashed_cas_came_between.edn", true},
    {"cas-register/good_crashed_cas_is_left_out.json", true},
    {"cas-register/bad_fails_for_no_reason.json", false},
    {"cas-register/bad_lost_cas.json", false},
    {"cas-register/bad_two_win.edn", false},
    {"counter/good_add_counts_before_it_returns.json", true},
    {"counter/good_crashed_add_counts.edn", true},
    {"counter/good_crashed_add_does_not_count.json", true},
    {"counter/bad_goes_back.json", false},
    {"counter/bad_lost_update.edn", false},
    {.file = "counter/bad_same_number_twice.json", .ok = false, .initial = 7},
    {"queue/good_crashed_pop_took_nothing.json", true},
    {"queue/good_crashed_pop_took_the_oldest.json", true},
    {"queue/good_crashed_push_was_popped.edn", true},
    {.file = "queue/good_full_while_it_is_popped.json", .ok = true, .capacity = 1},
    {"queue/good_overlapping_pushes.json", true},
    {"queue/good_same_value_again.json", true},
    {"queue/bad_duplicate.edn", false},
    {.file = "queue/bad_full_of_one.json", .ok = false, .capacity = 1},
    {"queue/bad_lost.json", false},
    {"queue/bad_out_of_order.json", false},
    {"queue/bad_same_value_out_of_order.json", false},
    {"queue/producer_out_of_its_own_order.json", false},
    {"queue/producer_out_of_its_own_order.json", false, "per-producer-fifo"},
    {"queue/producers_out_of_each_others_order.json", false},
    {"queue/producers_out_of_each_others_order.json", true, "per-producer-fifo"},
    {"queue/quiescent_never_quiet.json", false},
    {"queue/quiescent_never_quiet.json", false, "sequential-consistency"},
    {"queue/quiescent_never_quiet.json", true, "quiescent-consistency"},
    {"queue/quiescent_quiet_between.json", false},
    {"queue/quiescent_quiet_between.json", false, "quiescent-consistency"},
    {"queue/relaxed_second_oldest_first.json", false},
    {"queue/relaxed_second_oldest_first.json", false, "relaxed-fifo=0"},
    {"queue/relaxed_second_oldest_first.json", true, "relaxed-fifo=1"},
    {"queue/relaxed_third_oldest_first.json", false},
    {"queue/relaxed_third_oldest_first.json", false, "relaxed-fifo=1"},
    {"queue/relaxed_third_oldest_first.json", true, "relaxed-fifo=2"},
    {"queue/sequential_empty_after_a_push.json", false},
    {"queue/sequential_empty_after_a_push.json", true, "sequential-consistency"},
    {"queue/sequential_one_consumer_turns_the_order.json", false},
    {"queue/sequential_one_consumer_turns_the_order.json", false, "sequential-consistency"},
    {"stack/good_crashed_pop_took_the_top.json", true},
    {"stack/good_crashed_push_lies_on_top.edn", true},
    {"stack/good_overlapping_push.json", true},
    {"stack/good_same_value_again.json", true},
    {"stack/bad_crossing.edn", false},
    {"stack/bad_duplicate.json", false},
    {"stack/bad_from_below.json", false},
    {"stack/bad_same_value_from_below.json", false},
    {"deque/good_crashed_pop_front.edn", true},
    {"deque/good_crashed_push_is_left_out.json", true},
    {"deque/good_overlapping_ends.json", true},
    {"deque/bad_from_the_wrong_end.json", false},
    {"deque/bad_last_one_taken_at_both_ends.edn", false},
    {"priority-queue/good_crashed_pop_took_the_least.json", true},
    {"priority-queue/good_crashed_push_is_left_out.edn", true},
    {"priority-queue/good_overlapping_push.json", true},
    {"priority-queue/bad_lost.json", false},
    {"priority-queue/bad_not_the_least.json", false},
    {"set/good_add_counts_before_it_returns.json", true},
    {"set/good_crashed_add_took_effect.json", true},
    {"set/good_crashed_remove_is_left_out.json", true},
    {"set/bad_added_twice.edn", false},
    {"set/bad_comes_back.json", false},
    {"set/bad_sizes_do_not_agree.json", false},
    {"map/good_crashed_erase_took_effect.json", true},
    {"map/good_crashed_put_is_left_out.json", true},
    {"map/good_put_during_a_get.json", true},
    {"map/bad_size_is_behind.json", false},
    {"map/bad_stale_get.edn", false},
    {"map/bad_two_inserts_win.json", false},
    {"mutex/good_crashed_lock_holds_it.json", true},
    {"mutex/good_crashed_lock_is_left_out.json", true},
    {"mutex/good_crashed_unlock_let_the_next_in.edn", true},
    {"mutex/good_try_lock_fails_during_unlock.json", true},
    {"mutex/bad_try_lock_fails_though_it_is_free.json", false},
    {"mutex/bad_two_holders.edn", false},
    {"mutex/bad_unlocked_by_another.json", false},
    {"rwlock/good_crashed_reader_left.edn", true},
    {"rwlock/good_crashed_writer_holds_it.json", true},
    {"rwlock/good_readers_together.json", true},
    {"rwlock/bad_reader_is_kept_out_by_a_reader.json", false},
    {"rwlock/bad_writer_beside_a_reader.edn", false},
    {"semaphore/good_crashed_acquire_took_it.json", true},
    {"semaphore/good_crashed_release_counts.edn", true},
    {"semaphore/good_release_during_an_acquire.json", true},
    {.file = "semaphore/bad_more_than_it_holds.json", .ok = false, .most = 1},
    {"semaphore/bad_one_permit_for_two.edn", false},
    {"semaphore/bad_refuses_what_is_there.json", false},
    {"kv/good_crashed_append_is_there.edn", true},
    {"kv/good_crashed_put_is_left_out.json", true},
    {"kv/good_overlapping_appends.json", true},
    {"kv/bad_append_comes_and_goes.json", false},
    {"kv/bad_appends_in_another_order.json", false},
    {"kv/bad_lost_append.edn", false},
    {"kv/sequential_late_view.json", false},
    {"kv/sequential_late_view.json", true, "sequential-consistency"},
    {"kv/sequential_views_do_not_agree.json", false},
    {"kv/sequential_views_do_not_agree.json", false, "sequential-consistency"},
    {"transactions/good_crashed_transaction_is_left_out.json", true},
    {"transactions/good_crashed_transaction_took_effect.edn", true},
    {"transactions/good_seen_before_it_returns.json", true},
    {"transactions/bad_half_seen.edn", false},
    {"transactions/bad_long_fork.json", false},
    {"transactions/bad_write_skew.json", false},
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_TESTDATA_KNOWN_HISTORIES_H_
