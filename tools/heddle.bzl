# SPDX-License-Identifier: Apache-2.0
"""The macros Heddle's BUILD files, and those of its users, are written with."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//tools:variants.bzl", "variant_test")
load("//tools/lint:lint.bzl", "lint_test")

# Tags of tests that run or build explored programs: the code of a sanitizer that the whole build is
# for would be in those too. The explorer itself is run under ASan and UBSan in
# //checkers/explorer/programs.
EXPLORES = ["no_asan", "no_tsan", "no_ubsan"]

_GTEST = "@com_google_googletest//:gtest_main"

# What the explorer sees of a program is what ThreadSanitizer's instrumentation tells. Its runtime is not
# linked: no such option at the link.
_EXPLORED_COPTS = [
    # Which the compiler does not have together.
    "-fno-sanitize=address",
    "-fsanitize=thread",
    "-mllvm",
    "-tsan-instrument-func-entry-exit=0",
    "-fno-omit-frame-pointer",
    # Tail calls would leave their callers out of the stacks that are shown.
    "-fno-optimize-sibling-calls",
    # Atomic operations of two places stay two: `heddle weaken` tells places apart.
    "-mllvm",
    "-simplifycfg-sink-common=false",
    "-mllvm",
    "-simplifycfg-hoist-common=false",
    "-mllvm",
    "-enable-tail-merge=false",
]

# Engines that get a binary of their own: the library that selects each, and compiler options.
# Fortified longjmp() takes a switch between Relacy's fibers for stack smashing.
_ENGINES = {
    "explore": (Label("//checkers/explorer/engine"), _EXPLORED_COPTS),
    "relacy": (Label("//checkers/relacy:engine"), ["-U_FORTIFY_SOURCE"]),
    "stress": (Label("//stress:engine"), []),
}

# Engines whose tests run on demand only.
_MANUAL_ENGINES = []

# The compiler has no -fsanitize=address beside -fsanitize=thread. The explorer itself is run under ASan in
# //checkers/explorer/programs.
_ENGINE_TAGS = {"explore": ["no_asan"]}

# Engines that are another engine's binary, built differently.
_VARIANT_ENGINES = {"tsan": "stress"}

_SCENARIO_TAG = "heddle-scenario"
_ENGINE_TAG = "engine="

# Lint belongs to the workspace the rules live in: a user's code keeps its own style.
def _in_main_workspace():
    return Label("//:WORKSPACE").workspace_root == "" and native.repository_name() == "@"

# Attributes of a test that its sanitizer variant must repeat.
_TEST_ATTRIBUTES = ["args", "flaky", "local", "shard_count", "size", "timeout", "visibility"]

def _lint(name, kwargs):
    if _in_main_workspace() and "manual" not in kwargs.get("tags", []):
        lint_test(name = name + ".lint", target = ":" + name)

def _variant_kwargs(kwargs):
    return {k: v for k, v in kwargs.items() if k in _TEST_ATTRIBUTES}

def _merged(first, second):
    result = dict(first)
    result.update(second)
    return result

def heddle_cc_library(name, lint = True, **kwargs):
    """A cc_library, checked by lint.

    Args:
      name: as for cc_library.
      lint: False leaves the target out of clang-tidy.
      **kwargs: as for cc_library.
    """
    cc_library(name = name, **kwargs)
    if lint:
        _lint(name, kwargs)

def heddle_cc_binary(name, lint = True, **kwargs):
    """A cc_binary, checked by lint.

    Args:
      name: as for cc_binary.
      lint: False leaves the target out of clang-tidy.
      **kwargs: as for cc_binary.
    """
    cc_binary(name = name, **kwargs)
    if lint:
        _lint(name, kwargs)

def heddle_cc_test(name, deps = [], tsan = True, tsan_env = {}, gtest = True, lint = True, tags = [], **kwargs):
    """A test, and the same test built for ThreadSanitizer as `name`.tsan.

    Args:
      name: as for cc_test.
      deps: as for cc_test.
      tsan: False when the test is meaningless under ThreadSanitizer.
      tsan_env: environment of the .tsan test, e.g. {"TSAN_OPTIONS": "suppressions=..."}.
      gtest: False when the test has its own main() and does not use GoogleTest.
      lint: False leaves the target out of clang-tidy.
      tags: as for cc_test.
      **kwargs: as for cc_test.
    """
    cc_test(
        name = name,
        deps = deps + ([_GTEST] if gtest else []),
        tags = tags,
        **kwargs
    )
    if tsan:
        variant_test(
            name = name + ".tsan",
            test = ":" + name,
            variant = "tsan",
            env = _merged(kwargs.get("env", {}), tsan_env),
            tags = tags,
            **_variant_kwargs(kwargs)
        )
    if lint:
        _lint(name, {"tags": tags})

def heddle_fuzz_test(name, srcs, runs, max_len, seeds = [], data = [], deps = [], size = "small", tags = [], lint = True, **kwargs):
    """A libFuzzer target as a test: a fixed number of inputs from a fixed seed, under ASan.

    Later arguments win: --test_arg=-runs=-1 --test_arg=-max_total_time=600 --test_arg=-seed=0 goes on.

    Args:
      name: name of the test; `name`.target is the program without the sanitizer.
      srcs: files that define LLVMFuzzerTestOneInput().
      runs: number of inputs.
      max_len: of an input, in bytes.
      seeds: files to begin with, of this package.
      data: as for cc_test.
      deps: as for cc_test.
      size: as for cc_test.
      tags: as for cc_test.
      lint: False leaves the target out of clang-tidy.
      **kwargs: as for cc_test.
    """
    target = name + ".target"
    cc_test(
        name = target,
        srcs = srcs,
        data = data + seeds,
        deps = deps,
        linkopts = ["-fsanitize=fuzzer"],
        tags = tags + ["manual"],
        **kwargs
    )
    args = ["-runs=%d" % runs, "-max_len=%d" % max_len, "-seed=1", "-len_control=0", "-timeout=60", "-rss_limit_mb=2560"]
    if seeds:
        args.append("-seed_inputs=" + ",".join([native.package_name() + "/" + seed for seed in seeds]))
    variant_test(
        name = name,
        test = ":" + target,
        variant = "fuzz",
        args = args,
        size = size,
        tags = tags,
    )
    if lint and _in_main_workspace():
        lint_test(name = name + ".lint", target = ":" + target)

def heddle_explored_binary(name, deps = [], copts = [], **kwargs):
    """A program whose main() is explored when it runs. Its own sources are instrumented; its deps are not.

    Args:
      name: as for cc_binary.
      deps: as for cc_binary.
      copts: as for cc_binary.
      **kwargs: as for cc_binary.
    """
    cc_binary(
        name = name,
        # A failed assert() is what is looked for.
        copts = ["-UNDEBUG"] + copts + _EXPLORED_COPTS,
        deps = deps + [Label("//checkers/explorer:runtime")],
        **kwargs
    )

def heddle_explored_test(name, deps = [], copts = [], tags = [], **kwargs):
    """The same as a test: passes where all executions were visited and nothing was found.

    With shard_count, each shard explores its share of the executions.

    Args:
      name: as for cc_test.
      deps: as for cc_test.
      copts: as for cc_test.
      tags: as for cc_test.
      **kwargs: as for cc_test.
    """
    cc_test(
        name = name,
        copts = ["-UNDEBUG"] + copts + _EXPLORED_COPTS,
        linkstatic = True,
        tags = tags + EXPLORES,
        deps = deps + [Label("//checkers/explorer:runtime")],
        **kwargs
    )

def heddle_scenario_test(
        name,
        srcs,
        deps = [],
        copts = [],
        engines = None,
        tags = [],
        lint = True,
        **kwargs):
    """One test per engine from the same scenario sources: `name`.relacy, `name`.explore, `name`.stress, `name`.tsan.

    Args:
      name: the scenarios' common name, e.g. "ticket_lock_model".
      srcs: files with scenarios and mutants. They need no main().
      deps: what the scenarios use.
      copts: as for cc_test.
      engines: the engines to build for; all of them by default.
      tags: as for cc_test.
      lint: False leaves the sources out of clang-tidy.
      **kwargs: as for cc_test; each engine's test gets them.
    """
    if engines == None:
        engines = _ENGINES.keys() + _VARIANT_ENGINES.keys()
    for engine in engines:
        if engine not in _ENGINES and engine not in _VARIANT_ENGINES:
            fail("%s: there is no engine '%s'" % (name, engine))

    # Lint needs one engine's compile line; any will do.
    linted = None
    for engine, (library, engine_copts) in _ENGINES.items():
        wanted = engine in engines
        base_of = [v for v, base in _VARIANT_ENGINES.items() if base == engine and v in engines]
        if not wanted and not base_of:
            continue
        cc_test(
            name = name + "." + engine,
            srcs = srcs,
            deps = deps + [library],
            copts = copts + engine_copts,
            tags = tags + [_SCENARIO_TAG, _ENGINE_TAG + engine] +
                   _ENGINE_TAGS.get(engine, []) +
                   ([] if wanted and engine not in _MANUAL_ENGINES else ["manual"]),
            **kwargs
        )
        linted = name + "." + engine
        for variant in base_of:
            variant_test(
                name = name + "." + variant,
                test = ":" + name + "." + engine,
                variant = variant,
                env = kwargs.get("env", {}),
                tags = tags + [_SCENARIO_TAG, _ENGINE_TAG + variant],
                **_variant_kwargs(kwargs)
            )
    if lint and linted and _in_main_workspace():
        lint_test(name = name + ".lint", target = ":" + linted)

def _engine_of(rule_tags):
    for tag in rule_tags:
        if tag.startswith(_ENGINE_TAG):
            return tag[len(_ENGINE_TAG):]
    return None

SuiteInfo = provider(
    doc = "The scenario binaries of a suite.",
    fields = {"lines": "depset of manifest lines"},
)

def _runfiles_path(ctx, file):
    if file.short_path.startswith("../"):
        return file.short_path[len("../"):]
    return ctx.workspace_name + "/" + file.short_path

def _suite_impl(ctx):
    lines = []
    runfiles = ctx.runfiles()
    for test in ctx.attr.tests:
        info = test[DefaultInfo]
        engine = test.label.name.rpartition(".")[2]
        lines.append("\t".join([engine, str(test.label), _runfiles_path(ctx, info.files_to_run.executable)]))
        runfiles = runfiles.merge(ctx.runfiles([info.files_to_run.executable]))

        # The runfiles of a variant hold the binary that it is a variant of, built differently, at the
        # very path of the plain one: only one of the two could be in the suite's runfiles.
        if engine not in _VARIANT_ENGINES:
            runfiles = runfiles.merge(info.default_runfiles)
    for suite in ctx.attr.suites:
        runfiles = runfiles.merge(suite[DefaultInfo].default_runfiles)

    all_lines = depset(lines, transitive = [s[SuiteInfo].lines for s in ctx.attr.suites])
    manifest = ctx.actions.declare_file(ctx.label.name + ".manifest")
    ctx.actions.write(manifest, "".join([line + "\n" for line in sorted(all_lines.to_list())]))
    return [
        DefaultInfo(
            files = depset([manifest]),
            runfiles = runfiles.merge(ctx.runfiles([manifest])),
        ),
        SuiteInfo(lines = all_lines),
    ]

_heddle_suite = rule(
    implementation = _suite_impl,
    attrs = {
        "suites": attr.label_list(providers = [SuiteInfo]),
        "tests": attr.label_list(),
    },
)

def heddle_suite(name, tests = None, suites = [], **kwargs):
    """The scenario tests of a package, and of other suites, as something a tool can run.

    Builds `name`.manifest, one line per test: engine, label and path within the runfiles, separated by
    tabs. A target with the suite as data has the manifest and all the binaries in its runfiles.

    Args:
      name: name of the suite.
      tests: names of heddle_scenario_test targets of this package; by default all above this call.
      suites: other suites to take in.
      **kwargs: attributes common to all rules.
    """
    found = []
    for rule_name, attributes in native.existing_rules().items():
        rule_tags = attributes.get("tags") or []
        engine = _engine_of(rule_tags) if _SCENARIO_TAG in rule_tags and "manual" not in rule_tags else None
        if engine and (tests == None or rule_name[:-len(engine) - 1] in tests):
            found.append(":" + rule_name)
    for test in tests or []:
        if not [f for f in found if f.startswith(":" + test + ".")]:
            fail("%s: no heddle_scenario_test '%s' above the suite" % (name, test))
    _heddle_suite(
        name = name,
        tests = sorted(found),
        suites = suites,
        testonly = True,
        **kwargs
    )
