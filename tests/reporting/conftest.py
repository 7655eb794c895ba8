import pytest
from command_runs import folder_names
from html_tree import read_html
from report_example import example_images, example_metrics

from shapeseg.reporting.report import write_report
from shapeseg.scenes import SceneSettings

SMALL = SceneSettings(width=48, height=40, min_size=8, max_size=20)


@pytest.fixture(scope="module")
def images():
    return example_images(8, SMALL)


@pytest.fixture(scope="module")
def metrics(images):
    return example_metrics(images, SMALL)


@pytest.fixture
def report(tmp_path):
    """Writes a report and returns its text and its tree."""

    def write(metrics, images, title="title", **options):
        path = tmp_path / "report.html"
        write_report(path, metrics, images, title=title, **options)
        assert folder_names(tmp_path) == {"report.html"}
        text = path.read_text(encoding="utf-8")
        return text, read_html(text)

    return write
