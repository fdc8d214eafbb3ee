# SPDX-License-Identifier: Apache-2.0
"""Lint as tests. clang-tidy runs as one cached action per file; the test only reads the reports."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

_SOURCES = ["cc", "cpp"]
_HEADERS = ["h", "hpp"]
_OURS = "(^|/)(primitives|models|checkers|stress|tools)/[^:]*$"

_TidyInfo = provider(
    doc = "clang-tidy's findings in a target.",
    fields = {"reports": "list of files, empty ones where nothing was found"},
)

def _files(attributes, name, extensions):
    return [
        file
        for target in getattr(attributes, name, [])
        for file in target.files.to_list()
        if file.is_source and file.extension in extensions
    ]

def _compile_flags(ctx, contexts):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features + ["module_maps", "layering_check"],
    )
    attributes = ctx.rule.attr
    variables = cc_common.create_compile_variables(
        cc_toolchain = toolchain,
        feature_configuration = features,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts +
                             getattr(attributes, "copts", []),
    )
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )
    result = list(flags)
    for define in getattr(attributes, "defines", []) + getattr(attributes, "local_defines", []):
        result.append("-D" + define)
    for context in contexts:
        result += ["-D" + d for d in context.defines.to_list()]
        for flag, paths in [
            ("-iquote", context.quote_includes),
            ("-isystem", context.system_includes),
            ("-I", context.includes),
        ]:
            for path in paths.to_list():
                result += [flag, path]
    return result

def _tidy_aspect_impl(target, ctx):
    attributes = ctx.rule.attr
    sources = _files(attributes, "srcs", _SOURCES)
    if not sources:
        sources = _files(attributes, "hdrs", _HEADERS)
    if CcInfo in target:
        contexts = [target[CcInfo].compilation_context]
    else:
        contexts = [dep[CcInfo].compilation_context for dep in attributes.deps if CcInfo in dep]
    flags = _compile_flags(ctx, contexts)
    inputs = depset(
        [file for name in ["srcs", "hdrs"] for t in getattr(attributes, name, []) for file in t.files.to_list()] +
        [ctx.file._config],
        transitive = [context.headers for context in contexts],
    )
    reports = []
    for source in sources:
        report = ctx.actions.declare_file("%s.%s.tidy" % (target.label.name, source.short_path.replace("/", "_")))
        arguments = ctx.actions.args()
        arguments.add(report)
        arguments.add(source)
        arguments.add("--config-file=" + ctx.file._config.path)
        arguments.add("--header-filter=" + _OURS)
        arguments.add("--exclude-header-filter=(^|/)external/")
        arguments.add("--")
        if source.extension in _HEADERS:
            arguments.add_all(["-x", "c++"])
            arguments.add("-Wno-pragma-once-outside-header")
        arguments.add_all(flags)
        ctx.actions.run_shell(
            outputs = [report],
            inputs = inputs,
            arguments = [arguments],
            command = """
                report=$1 source=$2; shift 2
                if clang-tidy-22 --quiet "$source" "$@" >"$report" 2>"$report.err"; then
                  : >"$report"
                else
                  [ -s "$report" ] || cat "$report.err" >"$report"
                  echo "clang-tidy: $source has findings" >>"$report"
                fi""",
            mnemonic = "ClangTidy",
            progress_message = "Linting " + source.short_path,
            use_default_shell_env = True,
        )
        reports.append(report)
    return [_TidyInfo(reports = reports)]

_tidy_aspect = aspect(
    implementation = _tidy_aspect_impl,
    attrs = {
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
        "_config": attr.label(default = "//:.clang-tidy", allow_single_file = True),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def _lint_test_impl(ctx):
    reports = ctx.attr.target[_TidyInfo].reports
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, """#!/bin/sh
status=0
for report in %s; do
  [ ! -s "$report" ] || { cat "$report"; status=1; }
done
exit $status
""" % " ".join(["'%s'" % r.short_path for r in reports]), is_executable = True)
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(reports))]

_lint_test = rule(
    implementation = _lint_test_impl,
    attrs = {"target": attr.label(aspects = [_tidy_aspect], mandatory = True)},
    test = True,
)

def lint_test(name, target, tags = [], **kwargs):
    """clang-tidy over the sources of one C++ target, or over its headers if it has only those.

    Args:
      name: by convention the target's name plus ".lint".
      target: a cc_library, cc_binary or cc_test.
      tags: as for any test; "lint" is added.
      **kwargs: any attribute common to tests.
    """
    _lint_test(
        name = name,
        target = target,
        size = "small",
        tags = tags + ["lint"],
        **kwargs
    )

def _tree_test_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = script, target_file = ctx.file.script, is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles([ctx.file.script, ctx.file._workspace]),
    )]

_tree_test = rule(
    implementation = _tree_test_impl,
    attrs = {
        "script": attr.label(allow_single_file = True, mandatory = True),
        "_workspace": attr.label(default = "//:WORKSPACE", allow_single_file = True),
    },
    test = True,
)

def tree_test(name, script, **kwargs):
    """Runs a script with the source tree's root as its argument: every time, and outside the sandbox.

    Args:
      name: name of the test.
      script: a program that gets the path of a file in the root.
      **kwargs: any attribute common to tests.
    """
    _tree_test(
        name = name,
        script = script,
        size = "small",
        tags = ["external", "lint", "local"],
        **kwargs
    )
