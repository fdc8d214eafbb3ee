// SPDX-License-Identifier: Apache-2.0
// The runtime's tables, each against the obvious model.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

#include "checkers/lock_order/runtime/address_map.h"
#include "checkers/lock_order/runtime/chain_table.h"
#include "checkers/lock_order/runtime/index_set.h"

namespace heddle::lock_order {
namespace {

TEST(AddressMap, AgreesWithAStandardMapUnderChurn) {
  static AddressMap<RuntimePlatform> map;
  std::map<uint64_t, uint64_t> model;
  std::mt19937_64 random(1);
  for (int step = 0; step < 100'000; ++step) {
    const uint64_t key = 8 * (1 + random() % 5000);
    const uint64_t value = random() % 4 == 0 ? 0 : 1 + random() % 1000;
    ASSERT_TRUE(map.set(key, value));
    model[key] = value;
  }
  for (uint64_t key = 8; key <= 8 * 5001; key += 8) {
    const auto found = model.find(key);
    EXPECT_EQ(map.find(key), found == model.end() ? 0 : found->second);
  }
  EXPECT_EQ(map.find(4), 0U);
}

TEST(AddressMap, ReadersSeeWholeEntriesWhileItGrows) {
  static AddressMap<RuntimePlatform> map;
  constexpr uint64_t kKeys = 20'000;
  std::atomic<uint64_t> written{0};
  std::atomic<bool> wrong{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937_64 random(reader);
      for (uint64_t known = 0; known < kKeys;) {
        known = written.load(std::memory_order_acquire);
        if (known == 0) continue;
        const uint64_t key = 1 + random() % known;
        if (map.find(key) != key * 3) wrong = true;
        const uint64_t later = map.find(known + 1);
        if (later != 0 && later != (known + 1) * 3) wrong = true;
      }
    });
  }
  for (uint64_t key = 1; key <= kKeys; ++key) {
    map.set(key, key * 3);
    written.store(key, std::memory_order_release);
  }
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(wrong);
}

TEST(IndexSet, FindsByContentAndGrows) {
  static IndexSet set;
  std::vector<uint64_t> records(1);
  std::mt19937_64 random(2);
  const auto hash = [&](uint64_t value) { return static_cast<uint32_t>(mix(value) >> 8); };
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t value = random() % 10'000;
    const auto same = [&](uint32_t index) { return records[index] == value; };
    const uint32_t found = set.find(hash(value), same);
    if (found != 0) {
      ASSERT_EQ(records[found], value);
      continue;
    }
    records.push_back(value);
    ASSERT_TRUE(set.insert(hash(value), static_cast<uint32_t>(records.size() - 1),
                           [&](uint32_t index) { return hash(records[index]); }));
  }
  for (uint32_t i = 1; i < records.size(); ++i) {
    EXPECT_EQ(set.find(hash(records[i]), [&](uint32_t x) { return records[x] == records[i]; }), i);
  }
  set.clear();
  EXPECT_EQ(set.bytes(), 0U);
}

TEST(ChainTable, IsExactAndDropsTheDead) {
  static ChainTable table;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, uint32_t> model;
  std::mt19937 random(3);
  const auto dead = [](const ChainEntry& entry) { return entry.node % 2 == 1; };
  EXPECT_EQ(table.find(1, 1, 1), nullptr);
  for (uint32_t i = 1; i < 50'000; ++i) {
    const uint32_t parent = random() % 100;
    const uint32_t node = 1 + random() % 1000;
    const uint32_t check = random() % 3;
    ChainEntry* entry = table.find(parent, node, check);
    if (entry == nullptr) {
      entry = table.insert(parent, node, check, dead);
      ASSERT_NE(entry, nullptr);
      entry->child = i;
      model[{parent, node, check}] = i;
    } else {
      EXPECT_EQ(entry->child, (model[{parent, node, check}]));
    }
  }
  uint64_t missing = 0;
  for (const auto& [key, child] : model) {
    const auto [parent, node, check] = key;
    const ChainEntry* entry = table.find(parent, node, check);
    if (entry == nullptr) {
      EXPECT_EQ(node % 2, 1U) << "only dead ones may go";
      ++missing;
    } else {
      EXPECT_EQ(entry->child, child);
    }
  }
  EXPECT_GT(missing, 0U);
  table.clear();
}

TEST(ChainTable, RowsDoNotPileUp) {
  static ChainTable table;
  const auto dead = [](const ChainEntry&) { return false; };
  constexpr uint32_t kRow = 50'000;
  for (uint32_t i = 1; i <= kRow; ++i) ASSERT_NE(table.insert(i, i + 1, 7, dead), nullptr);
  for (uint32_t i = 1; i <= kRow; ++i) ASSERT_NE(table.insert(1, i, 9, dead), nullptr);
  uint32_t at_once = 0;
  for (uint32_t i = 1; i <= kRow; ++i) at_once += table.peek(i, i + 1, 7) != nullptr ? 1 : 0;
  EXPECT_GT(at_once, kRow / 2) << "most lookups end at the first entry";
  table.clear();
}

TEST(SiteCheck, TellsSitesAndFlagsApart) {
  EXPECT_NE(site_check(0x401000, 0), site_check(0x401005, 0));
  EXPECT_NE(site_check(0x401000, 0), site_check(0x401000, 1));
  EXPECT_NE(site_check(0x401000, 2), site_check(0x401000, 16));
}

}  // namespace
}  // namespace heddle::lock_order
