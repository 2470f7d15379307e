"""What a newcomer meets before anything is installed: the set-up script, on a project of two tiny packages."""

import base64
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = getattr(sys, "_base_executable", sys.executable)

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tinyproject"
requires-python = ">=3.11"
"""

# An editable wheel holds one path file; writing it here keeps the test away from package indexes.
BACKEND = """\
from pathlib import Path
from zipfile import ZipFile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name, info = "tinyproject-1.0-py3-none-any.whl", "tinyproject-1.0.dist-info"
    files = {
        "tinyproject.pth": str(Path.cwd() / "src"),
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: tinyproject\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{file},,\\n" for file in [*files, f"{info}/RECORD"])
    with ZipFile(Path(wheel_directory) / name, "w") as wheel:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(file, text)
    return name
"""


def write_wheel(folder: Path, version: str) -> str:
    """A package `tinydep` of this version; its line for the lock is returned."""
    info = f"tinydep-{version}.dist-info"
    files = {
        "tinydep.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinydep\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{info}/RECORD,,\n"
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{file},sha256={digest},{len(text)}\n"
    path = folder / f"tinydep-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(file, text)
    return f"tinydep=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    (folder / "src" / "tinyproject").mkdir(parents=True)
    (folder / "src" / "tinyproject" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "tools").mkdir()
    (folder / "wheels").mkdir()
    shutil.copy(ROOT / "tools" / "setup.sh", folder / "tools")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (folder / "requirements.lock").write_text(write_wheel(folder / "wheels", "1.0"), encoding="utf-8")
    return folder


def set_up(project: Path, target: str = "setup", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=project,
        env=make_environment(project, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def make_environment(project: Path, **variables: str) -> dict[str, str]:
    """This process's environment without its own make and interpreter; the wheels are the only package source."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PIP_", "VENV"))
    }
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (project / "wheels").as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return {**inherited, "PYTHON": PYTHON, **offline, **variables}


def time_set_up(project: Path) -> float:
    """Seconds of a call that has nothing to do, and says nothing."""
    started = time.perf_counter()
    assert set_up(project).stdout == ""
    return time.perf_counter() - started


def ask_environment(project: Path) -> str:
    """Version of `tinydep` in the environment; the project itself must be importable as well."""
    asked = subprocess.run(
        [project / ".venv" / "bin" / "python", "-c", "import tinydep, tinyproject; print(tinydep.version)"],
        capture_output=True,
        text=True,
    )
    return asked.stdout.strip() or asked.stderr


def write_python(folder: Path, script: str) -> str:
    """A `python3` of our own, first on the PATH that is returned."""
    folder.mkdir()
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def assert_message(done: subprocess.CompletedProcess[str], what: str, found: str, remedy: str) -> None:
    assert done.returncode != 0
    lines = done.stderr.splitlines()
    assert what in lines[0]
    assert re.match(rf"  見つかった値: .*{re.escape(found)}", lines[1])
    assert re.match(rf"  対処: .*{re.escape(remedy)}", lines[2])


@pytest.mark.parametrize("target", ["report", "test"])
@pytest.mark.parametrize("version", ["2.7.18", "3.9.2", "3.10.14"])
def test_an_old_python_is_refused_in_japanese_before_anything_is_made(
    project: Path, target: str, version: str
) -> None:
    path = write_python(project / "old", f"echo {version}")
    done = set_up(project, target, PYTHON="", PATH=path)
    assert_message(
        done, "Python が古すぎます。3.11 以上が必要です。", f"Python {version}", "PYTHON=python3.12"
    )
    assert not (project / ".venv").exists()


def test_a_python_that_does_not_run_is_named(project: Path) -> None:
    done = set_up(project, PYTHON="python3.99")
    assert_message(done, "Python が見つかりません。", "python3.99", "Python 3.11 以上")


def test_a_python_without_ensurepip_is_told_which_package_to_install(project: Path) -> None:
    # Debian's python3 without python3-venv: the module is absent from an interpreter that is otherwise whole.
    absent = project / "absent"
    absent.mkdir()
    (absent / "ensurepip.py").write_text("raise ModuleNotFoundError('ensurepip')\n", encoding="utf-8")
    path = write_python(project / "bare", f"PYTHONPATH='{absent}' exec '{PYTHON}' \"$@\"")
    done = set_up(project, PYTHON="", PATH=path)
    minor = sys.version_info.minor
    assert_message(
        done, "venv がこの Python にありません", f"Python 3.{minor}", f"apt install python3.{minor}-venv"
    )
    assert not (project / ".venv").exists()


def test_a_folder_of_the_user_is_never_emptied_for_an_environment(project: Path) -> None:
    done = set_up(project, VENV="src")
    assert_message(done, "仮想環境ではないもの", "src", "別のフォルダー")
    assert (project / "src" / "tinyproject" / "__init__.py").exists()


def test_the_list_of_commands_is_what_make_alone_shows(project: Path) -> None:
    done = set_up(project, "help")
    assert done.returncode == 0
    commands = re.findall(r"^  make (\S+) +\S", done.stdout, flags=re.MULTILINE)
    assert set(commands) >= {"setup", "report", "test", "test-fast", "lint", "lab", "bench", "lock", "clean"}


@pytest.mark.slow
def test_an_environment_is_made_once_then_followed_and_moved_with_the_project(project: Path) -> None:
    made = set_up(project)
    assert made.returncode == 0, made.stderr
    assert ask_environment(project) == "1.0"

    assert min(time_set_up(project) for _ in range(3)) < 1

    lock = write_wheel(project / "wheels", "2.0")
    (project / "requirements.lock").write_text(lock, encoding="utf-8")
    assert "環境を更新しています" in set_up(project).stdout
    assert ask_environment(project) == "2.0"

    moved = project.rename(project.with_name("moved"))
    assert "環境を用意しています" in set_up(moved).stdout
    assert ask_environment(moved) == "2.0"


@pytest.mark.slow
def test_a_killed_set_up_heals_on_the_next_call(project: Path) -> None:
    killed = subprocess.Popen(
        ["make", "setup"],
        cwd=project,
        env=make_environment(project),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (project / ".venv" / "bin" / "python").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (project / ".venv" / ".kaigo-setup").exists()

    healed = set_up(project)
    assert healed.returncode == 0, healed.stderr
    assert ask_environment(project) == "1.0"


@pytest.mark.slow
def test_a_package_that_does_not_match_its_hash_leaves_no_environment_in_force(project: Path) -> None:
    lock = project / "requirements.lock"
    right = lock.read_text(encoding="utf-8")
    lock.write_text(re.sub(r"sha256:\w+", "sha256:" + "0" * 64, right), encoding="utf-8")
    done = set_up(project)
    assert done.returncode != 0
    assert "パッケージを入れられませんでした" in done.stderr
    assert not (project / ".venv" / ".kaigo-setup").exists()

    lock.write_text(right, encoding="utf-8")
    assert set_up(project).returncode == 0
    assert ask_environment(project) == "1.0"
