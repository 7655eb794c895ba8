"""The container's files, as far as they can be checked without an engine that builds them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from command_runs import REPOSITORY
from documented_commands import of_shapeseg, parse
from packaging.specifiers import SpecifierSet

import shapeseg
from shapeseg.commands import COMMANDS

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
# Instructions, continued lines joined: FROM, RUN ...
STEPS = [step for step in re.sub(r"\\\n", " ", DOCKERFILE).splitlines() if step and not step.startswith("#")]


@pytest.mark.process
def test_hadolint_has_nothing_to_say():
    linter = Path(sys.executable).with_name("hadolint")
    result = subprocess.run([linter, REPOSITORY / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_what_runs_is_the_last_of_two_stages_and_no_root():
    assert [step.split()[0] for step in STEPS].count("FROM") == 2
    users = [step.split()[1] for step in STEPS if step.startswith("USER")]
    assert [user in ("0", "root") for user in users] == [False]
    assert STEPS[-2:] == ['ENTRYPOINT ["shapeseg"]', 'CMD ["--help"]']


def test_a_change_of_the_code_installs_no_dependency_again():
    dependencies = next(place for place, step in enumerate(STEPS) if "pip install --requirement" in step)
    code = STEPS.index("COPY shapeseg shapeseg")
    assert STEPS.index("COPY requirements.txt .") < dependencies < code


def test_what_is_copied_is_there_and_is_sent_to_the_builder():
    copies = [step.split()[1:] for step in STEPS if step.startswith("COPY") and "--from=" not in step]
    sources = [word for words in copies for word in words[:-1] if not word.startswith("--")]
    sent = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert set(sources) == set(sent)
    assert all((REPOSITORY / source).exists() for source in sources)


def test_a_notebook_of_the_image_finds_the_folder_to_work_in(tmp_path, monkeypatch):
    last = STEPS[max(place for place, step in enumerate(STEPS) if step.startswith("FROM")) :]
    for step in last:
        if step.startswith("COPY") and "--from=" not in step:
            *sources, target = [word for word in step.split()[1:] if not word.startswith("--")]
            for source in sources:
                made = tmp_path / (source if target in (".", "./") else target)
                made.mkdir(parents=True) if (REPOSITORY / source).is_dir() else made.touch()
    monkeypatch.chdir(tmp_path / "notebooks")
    shapeseg.notebooks.work_in_root()
    assert Path.cwd() == tmp_path


def test_python_is_one_that_the_package_says_it_runs_on():
    (version,) = {re.match(r"FROM python:([\d.]+)-slim", step).group(1) for step in STEPS if step.startswith("FROM")}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project["requires-python"]).contains(version)


@pytest.fixture(scope="module")
def services():
    """The services that compose.yaml comes to when no variable is set, checked against the Compose specification."""
    compose_spec = pytest.importorskip("compose_spec")  # half a second, for these tests alone
    options = compose_spec.PyOptions()
    options.apply_merge = True
    text = (REPOSITORY / "compose.yaml").read_text()
    composed = options.from_yaml(re.sub(r"\$\{\w+:-(\w+)\}", r"\1", text))
    composed.validate()
    return composed.to_dict()["services"]


def test_compose_has_the_three_services_on_the_image_s_own_arguments(services):
    assert set(services) == {"train", "notebook", "tune"}
    arguments = {step.split()[1].split("=")[0] for step in STEPS if step.startswith("ARG")}
    for service in services.values():
        assert set(service["build"]["args"]) <= arguments
        assert service["volumes"] == [".:/project"]
        assert service["user"] == "1000:1000"
    assert services["notebook"]["ports"] == ["127.0.0.1:8888:8888"]  # no other machine can reach it


@pytest.mark.parametrize("name", ["train", "tune"])
def test_a_service_runs_a_command_with_flags_that_there_are(name, services, monkeypatch):
    if name not in COMMANDS:
        pytest.skip(f"there is no command {name} yet")
    command, arguments = of_shapeseg(["shapeseg", *services[name]["command"]])
    assert command == name
    assert str(parse(monkeypatch, command, arguments).data) == "data/shapes"
