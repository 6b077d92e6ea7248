"""Where programs and libraries of a layer are found when the image runs."""

from pathlib import Path

PROGRAMS = ("usr/local/bin", "usr/bin", "usr/sbin", "usr/games", "usr/lib/jvm/*/bin", "sbin")
"""Behind what the run image has. ``bin`` and ``lib`` of a layer are found without this, before it."""

LIBRARIES = ("usr/lib/{triple}", "lib/{triple}", "usr/lib", "usr/lib/{triple}/*blas*", "usr/lib/{triple}/lapack",
             "usr/lib/{triple}/pulseaudio")  # fmt: skip

OTHERS = {
    "FONTCONFIG_PATH": "etc/fonts",
    "GDK_PIXBUF_MODULEDIR": "usr/lib/{triple}/gdk-pixbuf-2.0/*/loaders",
    "GI_TYPELIB_PATH": "usr/lib/{triple}/girepository-1.0",
    "JAVA_HOME": "usr/lib/jvm/java-*-openjdk-*",
    "GVBINDIR": "usr/lib/{triple}/graphviz",
    "MAGIC": "usr/lib/file/magic.mgc",
    "PERL5LIB": "usr/share/perl5",
    "TESSDATA_PREFIX": "usr/share/tesseract-ocr/*/tessdata",
}
"""Variables by which programs find their own files elsewhere than below ``/``, set where nobody else has set them."""


def launch_environment(layer: Path, shown: str, triple: str) -> "dict[str, str]":
    """Files of ``env.launch``; ``shown`` is the layer's path in the image."""

    def places(patterns: "tuple[str, ...]") -> "list[str]":
        found = (path for text in patterns for path in sorted(layer.glob(text.format(triple=triple))))
        return [f"{shown}/{path.relative_to(layer).as_posix()}" for path in found if path.exists()]

    files = {}
    for name, patterns in (("PATH", PROGRAMS), ("LD_LIBRARY_PATH", LIBRARIES), ("XDG_DATA_DIRS", ("usr/share",))):
        found = places(patterns)
        if found and name == "XDG_DATA_DIRS":
            found = ["/usr/local/share", "/usr/share", *found]
            files["XDG_DATA_DIRS.default"] = ":".join(found)
        elif found:
            files |= {f"{name}.append": ":".join(found), f"{name}.delim": ":"}
    for name, text in OTHERS.items():
        found = places((text,))
        if found:
            files[f"{name}.default"] = found[0]
    return files
