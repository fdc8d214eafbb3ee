# SPDX-License-Identifier: Apache-2.0
"""variant_test: an existing test, built again under a sanitizer; and variant_binary.

The transition is on the attribute, not on the rule: test logs of a rule that transitions itself are
missing from bazel-testlogs.
"""

_COMMON = ["-U_FORTIFY_SOURCE", "-fno-omit-frame-pointer"]

# Compiler options and linker options of each variant.
_VARIANTS = {
    "asan": (["-fsanitize=address"], ["-fsanitize=address"]),
    # For what takes the place of malloc, switches stacks and puts variables back: without the
    # program's variables, and ASan as a library of its own, whose variables nobody puts back. Ours
    # allocates for others by ASan's malloc then.
    "asan_heap": (
        ["-fsanitize=address", "-mllvm", "-asan-globals=0"] +
        ["-D__libc_%s=__interceptor_%s" % (f, f) for f in ["malloc", "calloc", "realloc", "memalign", "free"]],
        ["-fsanitize=address", "-shared-libasan", "-Wl,-rpath,/usr/lib/llvm-22/lib/clang/22/lib/linux"],
    ),
    "fuzz": (["-fsanitize=fuzzer-no-link,address"], ["-fsanitize=address"]),
    # With the checks that NDEBUG leaves out.
    "checked": (["-UNDEBUG"], []),
    "tsan": (["-fsanitize=thread"], ["-fsanitize=thread"]),
    # What is found ends the program by SIGILL: nothing of UBSan's is linked.
    "ubsan_trap": (["-fsanitize=undefined,float-divide-by-zero", "-fsanitize-trap=all"], []),
    "ubsan": (
        ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"],
        ["-fsanitize=undefined", "-fsanitize-link-c++-runtime"],
    ),
}

# Which variant is built, for a select(): //tools:asan_heap and the like.
def _variant_setting_impl(ctx):
    return [DefaultInfo()]

variant_setting = rule(
    implementation = _variant_setting_impl,
    build_setting = config.string(flag = True),
)

_ENVIRONMENT = {
    "asan": {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1"},
    "fuzz": {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1"},
    "tsan": {"TSAN_OPTIONS": "second_deadlock_stack=1:history_size=4"},
    "ubsan": {"UBSAN_OPTIONS": "print_stacktrace=1"},
}

_COPT = "//command_line_option:copt"
_LINKOPT = "//command_line_option:linkopt"
_SETTING = str(Label("//tools:variant"))

def _transition_impl(settings, attr):
    copts, linkopts = _VARIANTS[attr.variant]
    return {
        _COPT: settings[_COPT] + _COMMON + copts,
        _LINKOPT: settings[_LINKOPT] + linkopts,
        _SETTING: attr.variant,
    }

_variant_transition = transition(
    implementation = _transition_impl,
    inputs = [_COPT, _LINKOPT],
    outputs = [_COPT, _LINKOPT, _SETTING],
)

def _variant_test_impl(ctx):
    inner = ctx.attr.test[0][DefaultInfo]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = executable,
        target_file = inner.files_to_run.executable,
        is_executable = True,
    )
    environment = dict(_ENVIRONMENT[ctx.attr.variant])
    environment.update(ctx.attr.env)
    return [
        DefaultInfo(executable = executable, runfiles = inner.default_runfiles),
        testing.TestEnvironment(environment),
    ]

_variant_test = rule(
    implementation = _variant_test_impl,
    attrs = {
        "env": attr.string_dict(),
        "test": attr.label(cfg = _variant_transition, mandatory = True),
        "variant": attr.string(mandatory = True, values = sorted(_VARIANTS)),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    test = True,
)

def _variant_binary_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = executable,
        target_file = ctx.attr.binary[0][DefaultInfo].files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(executable = executable, runfiles = ctx.runfiles([executable]))]

variant_binary = rule(
    implementation = _variant_binary_impl,
    doc = "A cc_binary that needs no data, built as a variant.",
    attrs = {
        "binary": attr.label(cfg = _variant_transition, mandatory = True),
        "variant": attr.string(mandatory = True, values = sorted(_VARIANTS)),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)

def variant_test(name, test, variant, env = {}, tags = [], **kwargs):
    """Runs `test` built with a sanitizer.

    Args:
      name: name of the new test; by convention the tested target's name plus "." plus the variant.
      test: a cc_test or cc_binary. Its own args, size and shard_count are not taken over.
      variant: "tsan", "asan", "ubsan" or "fuzz" (coverage and asan).
      env: environment of the test, added to the variant's default options.
      tags: as for any test; the variant is added.
      **kwargs: any attribute common to tests.
    """
    _variant_test(
        name = name,
        test = test,
        variant = variant,
        env = env,
        tags = tags + [variant],
        **kwargs
    )
