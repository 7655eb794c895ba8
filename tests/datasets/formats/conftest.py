import pytest

from shapeseg.datasets.formats.convert import convert, open_source


@pytest.fixture(scope="module")
def converted(small_dataset, tmp_path_factory):
    """Folder that holds the small dataset in every format."""
    folder = tmp_path_factory.mktemp("converted")
    for name in ("folder", "yolo", "palette"):
        convert(open_source(small_dataset), name, folder / name)
    return folder
