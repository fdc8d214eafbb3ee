# SPDX-License-Identifier: Apache-2.0
"""A library compiled, with all that it depends on, as Abseil wants it to announce its locks."""

load("@rules_cc//cc:defs.bzl", "CcInfo")

_COPT = "//command_line_option:copt"

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

announcing_library = rule(
    implementation = _announcing_library_impl,
    attrs = {
        "library": attr.label(cfg = _announcing, mandatory = True, providers = [CcInfo]),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
