# SPDX-License-Identifier: Apache-2.0
"""Programs of the matrix, and what they depend on, compiled in other ways."""

load("@rules_cc//cc:defs.bzl", "CcInfo")

_COPT = "//command_line_option:copt"
_LINKOPT = "//command_line_option:linkopt"

def _announcing_impl(settings, attr):
    return {_COPT: settings[_COPT] + ["-D__SANITIZE_THREAD__"]}

_announcing = transition(
    implementation = _announcing_impl,
    inputs = [_COPT],
    outputs = [_COPT],
)

def _announcing_library_impl(ctx):
    library = ctx.attr.library[0]
    return [library[CcInfo], DefaultInfo(files = library[DefaultInfo].files)]

# A library compiled, with all that it depends on, as Abseil wants it to announce its locks.
announcing_library = rule(
    implementation = _announcing_library_impl,
    attrs = {
        "library": attr.label(cfg = _announcing, mandatory = True, providers = [CcInfo]),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _tsan_impl(settings, attr):
    return {
        _COPT: settings[_COPT] + ["-fsanitize=thread"],
        _LINKOPT: settings[_LINKOPT] + ["-fsanitize=thread"],
    }

_tsan = transition(
    implementation = _tsan_impl,
    inputs = [_COPT, _LINKOPT],
    outputs = [_COPT, _LINKOPT],
)

def _tsan_program_impl(ctx):
    program = ctx.attr.program[0][DefaultInfo]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = executable,
        target_file = program.files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(executable = executable, runfiles = program.default_runfiles)]

# A program built with ThreadSanitizer.
tsan_program = rule(
    implementation = _tsan_program_impl,
    attrs = {
        "program": attr.label(cfg = _tsan, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
