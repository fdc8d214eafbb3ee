# SPDX-License-Identifier: Apache-2.0
"""Compiler options of the explorer's own parts that run in an explored program."""

# Under a sanitizer, with the C++ library's checks of ranges.
CHECKS = select({
    "//tools:asan_heap": ["-D_GLIBCXX_ASSERTIONS"],
    "//tools:ubsan_trap": ["-D_GLIBCXX_ASSERTIONS"],
    "//conditions:default": [],
})
