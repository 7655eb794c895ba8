"""What is installed is what is written: pins, ranges and lock agree, and wheel and sdist build, install and run."""

import os
import subprocess
import sysconfig
import tomllib
import venv
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from command_runs import REPOSITORY, SMALL, environment, run_python, succeed
from packaging.markers import Marker
from packaging.requirements import Requirement

import shapeseg

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def pins(name):
    """Returns name -> requirement of every line of a requirements file that names a package."""
    lines = (line.split(" #")[0].strip() for line in (REPOSITORY / name).read_text().splitlines())
    return by_name(line for line in lines if line and not line.startswith(("#", "-")))


def by_name(lines):
    requirements = [Requirement(line) for line in lines]
    return {requirement.name.lower(): requirement for requirement in requirements}


def pinned_version(requirement):
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{requirement} is not pinned"
    return specifier.version


def test_requirements_are_the_dependencies_each_pinned_within_its_range():
    ranges, pinned = by_name(PROJECT["dependencies"]), pins("requirements.txt")
    assert set(pinned) == set(ranges)
    for name, requirement in pinned.items():
        assert ranges[name].specifier.contains(pinned_version(requirement)), (str(requirement), str(ranges[name]))


def test_tools_are_the_dev_extra_and_no_pin_leaves_a_range_of_an_extra():
    """Other pins may stand there too: what a test needs of an extra."""
    pinned = pins("requirements-dev.txt")
    assert set(by_name(PROJECT["optional-dependencies"]["dev"])) <= set(pinned)
    for extra, lines in PROJECT["optional-dependencies"].items():
        for name, allowed in by_name(lines).items():
            if name in pinned:
                assert allowed.specifier.contains(pinned_version(pinned[name])), (extra, str(allowed), str(pinned[name]))


@pytest.fixture
def poetry(tmp_path):
    """Calls the real poetry in the repository, its own cache and settings kept out of the user's."""
    places = {"POETRY_CACHE_DIR": tmp_path / "cache", "POETRY_CONFIG_DIR": tmp_path / "config"}
    return lambda *arguments: run_python("-m", "poetry", *arguments, cwd=REPOSITORY, **places)


@pytest.mark.process
def test_the_lock_belongs_to_pyproject_and_names_no_index_but_the_public_one(poetry):
    assert "All set!" in succeed(poetry("check", "--lock", "--strict")).stdout
    lock = tomllib.loads((REPOSITORY / "poetry.lock").read_text())
    locked = {package["name"] for package in lock["package"]}
    assert set(by_name(PROJECT["dependencies"])) <= locked
    assert [package["name"] for package in lock["package"] if "source" in package] == []


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(
    "machine", [("linux", "Linux", "x86_64"), ("darwin", "Darwin", "arm64"), ("win32", "Windows", "AMD64")]
)
def test_the_lock_has_one_version_of_a_package_for_a_machine(machine, python):
    """Two would both be installed, one over the other, in an order that nobody chose."""
    names = ("sys_platform", "platform_system", "platform_machine")
    place = dict(zip(names, machine, strict=True)) | {"python_version": python, "python_full_version": f"{python}.1"}
    lock = tomllib.loads((REPOSITORY / "poetry.lock").read_text())
    extras = ["", *PROJECT["optional-dependencies"]]
    wanted = [
        package["name"] for package in lock["package"] if any(is_for(package, place | {"extra": name}) for name in extras)
    ]
    assert [name for name, times in Counter(wanted).items() if times > 1] == []
    assert {"torch", "keras"} <= set(wanted)


def is_for(package, place):
    """Whether one of the groups that are installed asks for a package of the lock in such a place."""
    markers = package.get("markers", "")
    marker = markers if isinstance(markers, str) else markers.get("main", "")
    return "main" in package["groups"] and (not marker or Marker(marker).evaluate(place))


@pytest.mark.process
def test_wheel_and_sdist_build_alike_and_run_in_an_empty_environment(poetry, tmp_path):
    built, again, place = (tmp_path / name for name in ("built", "again", "place"))
    succeed(poetry("build", "--output", built))
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
    succeed(run_python(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", again, sdist, cwd=tmp_path))
    names = names_in(wheel)
    assert names == names_in(again / wheel.name)
    package = {path for path in (REPOSITORY / "shapeseg").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path.relative_to(REPOSITORY).as_posix() for path in package} == {n for n in names if ".dist-info/" not in n}

    python = empty_environment(tmp_path / "environment")
    succeed(run_python(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path))
    lend_dependencies(python)
    place.mkdir()
    command = python.with_name("shapeseg")
    assert call(python, "-c", "import shapeseg; print(shapeseg.__file__)", cwd=place).startswith(str(tmp_path / "environment"))
    assert call(command, "--version", cwd=place) == f"{shapeseg.__version__}\n"
    assert "usage: shapeseg COMMAND" in call(command, "--help", cwd=place)
    assert "3 images" in call(command, "generate", "--out", "data", "--num-images", 3, *SMALL, cwd=place)
    assert len(list((place / "data/images").iterdir())) == 3


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def empty_environment(folder):
    """Makes an environment without a single package, and returns its Python."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return folder / "bin" / "python"


def lend_dependencies(python):
    """Lets an environment see this one's packages, but not its editable installs: a .pth file in turn does not count."""
    packages = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    (Path(packages.strip()) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")


def call(program, *arguments, cwd):
    words = [str(word) for word in (program, *arguments)]
    return succeed(
        subprocess.run(
            words, cwd=cwd, env=environment({"PYTHONPATH": None}), capture_output=True, text=True, timeout=60, check=False
        )
    ).stdout
