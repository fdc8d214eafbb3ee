# SPDX-License-Identifier: Apache-2.0
"""static_archive: libraries as two files that any linker takes."""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _archive(ctx, archiver, name, libraries):
    output = ctx.actions.declare_file(name)
    script = ["CREATE " + output.path]
    script += ["ADDLIB " + library.path for library in libraries]
    script += ["SAVE", "END", ""]
    commands = ctx.actions.declare_file(name + ".mri")
    ctx.actions.write(commands, "\n".join(script))
    ctx.actions.run_shell(
        outputs = [output],
        inputs = libraries + [commands],
        arguments = [archiver, commands.path],
        command = "\"$1\" -M <\"$2\"",
        mnemonic = "MergeArchives",
    )
    return output

def _static_archive_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    whole = []
    rest = []
    seen = {}
    for dep in ctx.attr.deps:
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            for library in linker_input.libraries:
                file = library.pic_static_library or library.static_library
                if file == None or file.path in seen:
                    continue
                seen[file.path] = True
                (whole if library.alwayslink else rest).append(file)
    name = "lib" + ctx.label.name
    archives = [
        _archive(ctx, toolchain.ar_executable, name + ".a", whole),
        _archive(ctx, toolchain.ar_executable, name + "_rest.a", rest),
    ]
    return [DefaultInfo(files = depset(archives), runfiles = ctx.runfiles(files = archives))]

static_archive = rule(
    implementation = _static_archive_impl,
    doc = "lib`name`.a holds what must be linked whole (alwayslink), lib`name`_rest.a what it needs.",
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
