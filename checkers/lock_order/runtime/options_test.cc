// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/options.h"

#include <gtest/gtest.h>

#include <string>

namespace heddle::lock_order {
namespace {

TEST(Options, EmptyTextKeepsTheDefaults) {
  Options options;
  EXPECT_EQ(parse_options("", &options), 0);
  EXPECT_TRUE(options.enabled);
  EXPECT_EQ(options.exitcode, 66U);
  EXPECT_STREQ(options.graph, "");
}

TEST(Options, SeparatorsQuotesAndLaterSettings) {
  Options options;
  EXPECT_EQ(parse_options("graph='/tmp/a:b c':exitcode=3 exitcode=4\nwatcher=none,blocking_calls=1",
                          &options),
            0);
  EXPECT_STREQ(options.graph, "/tmp/a:b c");
  EXPECT_EQ(options.exitcode, 4U);
  EXPECT_STREQ(options.watcher, "none");
  EXPECT_TRUE(options.blocking_calls);
}

TEST(Options, AWordAloneMeansOne) {
  Options options;
  EXPECT_EQ(parse_options("blocking_calls:--halt_on_deadlock:verbose", &options), 0);
  EXPECT_TRUE(options.blocking_calls);
  EXPECT_TRUE(options.halt_on_deadlock);
}

TEST(Options, OthersKeysAreTheAnalyzers) {
  Options options;
  EXPECT_EQ(parse_options("suppressions=x:log_path=y:verbose:=:graph=z", &options), 0);
  EXPECT_STREQ(options.graph, "z");
}

TEST(Options, BadValuesAreCountedAndLeaveTheOldOnes) {
  Options options;
  const std::string longer(kPathBytes, 'x');
  EXPECT_EQ(parse_options(
                ("exitcode=256:exitcode=-1:exitcode=:blocking_calls=2:limit_mb=1x:graph=" + longer)
                    .c_str(),
                &options),
            6);
  EXPECT_EQ(options.exitcode, 66U);
  EXPECT_FALSE(options.blocking_calls);
  EXPECT_STREQ(options.graph, "");
}

TEST(Options, UnfinishedQuoteEndsWithTheText) {
  Options options;
  EXPECT_EQ(parse_options("graph=\"/tmp/x", &options), 0);
  EXPECT_STREQ(options.graph, "/tmp/x");
}

TEST(Options, ExpandsThePid) {
  char out[32];
  EXPECT_TRUE(expand_path("/tmp/%p.%%p", 17, out, sizeof(out)));
  EXPECT_STREQ(out, "/tmp/17.%p");
  EXPECT_FALSE(expand_path("/a/path/that/is/longer/than/the/buffer", 17, out, sizeof(out)));
}

}  // namespace
}  // namespace heddle::lock_order
