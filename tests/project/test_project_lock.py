"""The lock is complete, exact, universal, and tied to no package index."""

import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


def read_lock() -> list[tuple[Requirement, list[str]]]:
    """Each pinned requirement with its hashes."""
    entries = re.findall(
        r"^([A-Za-z0-9][^\\\n]*?)\s*\\?\n((?:    --hash=\S+(?: \\)?\n)*)", LOCK, flags=re.MULTILINE
    )
    return [(Requirement(pin), re.findall(r"--hash=sha256:[0-9a-f]{64}", hashes)) for pin, hashes in entries]


def list_wanted() -> list[Requirement]:
    """Everything that the lock must answer for: the package, its development tools, its build backend."""
    project = PYPROJECT["project"]
    names = project["dependencies"] + project["optional-dependencies"]["dev"]
    return [Requirement(name) for name in [*names, *PYPROJECT["build-system"]["requires"]]]


def read_pins(system: str, python: str) -> dict[str, str]:
    """Version of each package that this system and Python would get."""
    os_name, platform_system = SYSTEMS[system]
    environment = {
        "sys_platform": system,
        "os_name": os_name,
        "platform_system": platform_system,
        "python_version": python,
        "python_full_version": f"{python}.1",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    return {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin, _ in read_lock()
        if pin.marker is None or pin.marker.evaluate(environment)
    }


def test_every_requirement_is_one_exact_version_with_hashes() -> None:
    entries = read_lock()
    assert len(entries) > len(list_wanted())
    for pin, hashes in entries:
        assert [part.operator for part in pin.specifier] == ["=="], pin
        assert hashes, pin
        assert pin.url is None, pin


def test_no_line_escapes_the_reading_of_the_lock() -> None:
    pins = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) == len(read_lock())


def test_no_address_and_no_option_but_hashes_stands_in_the_lock() -> None:
    assert "://" not in LOCK
    requirements = re.sub(r"#.*", "", LOCK)
    assert set(re.findall(r"(?<!\S)--?[a-z-]+", requirements)) == {"--hash"}


@pytest.mark.parametrize(("system", "python"), [*product(SYSTEMS, ["3.11", "3.12", "3.13"])])
def test_every_system_and_python_gets_all_that_pyproject_asks_for(system: str, python: str) -> None:
    pins = read_pins(system, python)
    # A package without a wheel for some machine is left out there, and its tests say so.
    for wanted in (w for w in list_wanted() if w.marker is None or w.marker.evaluate()):
        version = pins.get(canonicalize_name(wanted.name))
        assert version is not None, wanted
        assert wanted.specifier.contains(version, prereleases=True), f"{wanted}: {version}"


def test_the_lock_was_made_for_all_systems_at_once() -> None:
    assert "colorama" in read_pins("win32", "3.11")
    assert "colorama" not in read_pins("linux", "3.11")
    assert "appnope" in read_pins("darwin", "3.11")


def test_oracles_beyond_the_default_stay_out_and_a_local_spark_is_in() -> None:
    pins = read_pins("linux", "3.11")
    extras = PYPROJECT["project"]["optional-dependencies"]
    tested = {"dev", "spark", "spark-test"}
    left_out = {
        canonicalize_name(Requirement(name).name) for extra in set(extras) - tested for name in extras[extra]
    }
    assert left_out >= {"uv", "econml", "doubleml"}
    assert left_out.isdisjoint(pins)
    assert set(extras["spark"]) <= set(extras["spark-test"]) <= set(extras["dev"])


def test_what_is_installed_lacks_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
