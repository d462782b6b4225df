"""What the tests of deploy/ share."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BINARY = os.environ.get("CONCORD_BINARY", str(ROOT / "build/release/src/concord"))


def documents(path):
    return [one for one in yaml.safe_load_all(path.read_text()) if one is not None]


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, check=False, **more)


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


def refused(settings):
    """What the program says of these settings; "" where it takes them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    answer = run(BINARY, "config", env={**environment, **{name: str(value) for name, value in settings.items()}})
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def known_settings():
    rows = re.findall(r"^\| `([A-Z0-9_<>]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M)
    return set(rows)


def routes():
    return set(re.findall(r'^ {4}"(/[^"]*)": \{', (ROOT / "docs/api/openapi.json").read_text(), re.M))
