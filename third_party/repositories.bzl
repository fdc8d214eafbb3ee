# SPDX-License-Identifier: Apache-2.0
"""Everything Heddle builds from, at its canonical source.

A workspace that uses Heddle calls heddle_repositories() after declaring @heddle.

Where these cannot be downloaded, tools/setup/setup.sh puts the same versions, from Debian's
packages, in .deps/ and --override_repository points there.
"""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")

def _archive(name, **kwargs):
    if not native.existing_rule(name):
        http_archive(name = name, **kwargs)

def heddle_repositories():
    """Declares the repositories that are not declared already."""
    _archive(
        name = "com_google_googletest",
        sha256 = "81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2",
        strip_prefix = "googletest-release-1.12.1",
        urls = ["https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz"],
    )
    _archive(
        name = "com_github_google_benchmark",
        sha256 = "6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7",
        strip_prefix = "benchmark-1.7.1",
        urls = ["https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz"],
    )

    # Pinned by tag or commit only: these downloads were not tried, so their checksums are not known.
    _archive(
        name = "com_google_absl",
        strip_prefix = "abseil-cpp-20220623.1",
        urls = ["https://github.com/abseil/abseil-cpp/archive/refs/tags/20220623.1.tar.gz"],
    )
    _archive(
        name = "relacy",
        build_file = Label("//third_party:relacy.BUILD"),
        strip_prefix = "relacy-acc09bbe65a1837a08912774c7fed178547514e6",
        urls = ["https://github.com/dvyukov/relacy/archive/acc09bbe65a1837a08912774c7fed178547514e6.tar.gz"],
    )
    _archive(
        name = "nlohmann_json",
        build_file = Label("//third_party:nlohmann_json.BUILD"),
        strip_prefix = "json-3.11.2",
        urls = ["https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz"],
    )
    _archive(
        name = "rules_cc",
        strip_prefix = "rules_cc-0.0.4",
        urls = ["https://github.com/bazelbuild/rules_cc/releases/download/0.0.4/rules_cc-0.0.4.tar.gz"],
    )
    _archive(
        name = "bazel_skylib",
        urls = ["https://github.com/bazelbuild/bazel-skylib/releases/download/1.3.0/bazel-skylib-1.3.0.tar.gz"],
    )
    _archive(
        name = "platforms",
        urls = ["https://github.com/bazelbuild/platforms/releases/download/0.0.6/platforms-0.0.6.tar.gz"],
    )
