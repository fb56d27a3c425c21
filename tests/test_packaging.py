"""What a user gets who installs the wheel."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ["rules", "machines", "runtime", "adapters", "features"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("eternal_engine-*.whl")
    return ZipFile(path)


def metadata(wheel: ZipFile, name: str) -> str:
    (path,) = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
    return wheel.read(path).decode()


def test_the_wheel_has_every_file_of_the_packages(wheel: ZipFile) -> None:
    """Rule files, their schema, features, steps and templates are used at run time, not only modules."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    wanted = {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}
    assert "features/steps/__init__.py" in wanted
    assert wanted <= set(wheel.namelist())


def test_the_wheel_has_nothing_else(wheel: ZipFile) -> None:
    folders = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert folders == set(PACKAGES)


def test_the_command_is_installed(wheel: ZipFile) -> None:
    assert "eternal = adapters.cli.main:app" in metadata(wheel, "entry_points.txt")


def test_the_license_comes_along(wheel: ZipFile) -> None:
    assert metadata(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "License-Expression: Apache-2.0" in metadata(wheel, "METADATA")
