#!/usr/bin/env python3
"""Holds files and functions to the house's sizes: a header 150 lines, any other source (and a test's header) 500, a
C++ function 70.

What is larger stands in tools/size_exceptions.txt with its exact size: `path lines` or `path:function lines`. An
exception that is larger than needed, or needed no more, is a finding too, so the list only shrinks. No file that is
tracked is larger than 1 MiB, or part of what was installed or built.
"""

import subprocess
import sys
from pathlib import Path

import cpp_text

HEADER, SOURCE, FUNCTION = 150, 500, 70
MAX_TRACKED_BYTES = 1 << 20
MADE_FOLDERS = {"node_modules", "dist", "build"}
SUFFIXES = {".h", ".cpp", ".ts", ".tsx", ".js", ".mjs", ".css", ".py", ".sh", ".cmake"}


def measure(path: str, text: str) -> dict[str, tuple[int, int]]:
    """What in a file has a size: name -> (lines, the most it may have)."""
    sizes = {path: (len(text.splitlines()), HEADER if path.endswith(".h") and not path.endswith("_testing.h") else SOURCE)}
    if path.endswith((".h", ".cpp")):
        for function in cpp_text.functions(text):
            key = f"{path}:{function.name}"
            sizes[key] = max(sizes.get(key, (0, 0)), (function.length, FUNCTION))
    return sizes


def read_exceptions(text: str) -> dict[str, int]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {name: int(size) for name, size in (line.rsplit(None, 1) for line in lines if line)}


def lint(sizes: dict[str, tuple[int, int]], exceptions: dict[str, int]) -> list[str]:
    findings = []
    for name, (lines, most) in sorted(sizes.items()):
        allowed = exceptions.get(name, most)
        if lines > allowed:
            findings.append(f"{name}: {lines} lines, {allowed} at most")
        elif name in exceptions and lines <= most:
            findings.append(f"{name}: {lines} lines are within {most}; remove its exception")
        elif name in exceptions and lines < allowed:
            findings.append(f"{name}: {lines} lines; lower its exception from {allowed}")
    findings += [f"{name}: its exception names nothing that exists" for name in sorted(exceptions.keys() - sizes.keys())]
    return findings


def lint_tracked(sizes_bytes: dict[str, int]) -> list[str]:
    findings = []
    for path, size in sorted(sizes_bytes.items()):
        if MADE_FOLDERS & set(path.split("/")[:-1]):
            findings.append(f"{path}: was installed or built, and is tracked")
        elif size > MAX_TRACKED_BYTES:
            findings.append(f"{path}: {size} bytes, {MAX_TRACKED_BYTES} at most")
    return findings


def list_files(root: Path, *options: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *options], cwd=root, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    sizes: dict[str, tuple[int, int]] = {}
    for path in list_files(root, "-co", "--exclude-standard"):
        file = root / path
        if file.is_file() and (file.suffix in SUFFIXES or path == "dev"):
            sizes.update(measure(path, file.read_text(errors="replace")))
    findings = lint(sizes, read_exceptions((root / "tools/size_exceptions.txt").read_text()))
    findings += lint_tracked({path: (root / path).stat().st_size for path in list_files(root) if (root / path).is_file()})
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
