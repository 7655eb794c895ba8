"""Only ``files.py`` writes files; a call elsewhere in the package that could is found here, or named with its reason."""

import ast

import pytest
from command_runs import REPOSITORY

# Calls that write, by module and source, which are right where they are.
ALLOWED = {
    ("datasets/foreign_images.py", "image.save(buffer, 'PNG')"): "into memory",
    ("training/checkpoint.py", "np.savez(buffer, allow_pickle=False, **checkpoint.arrays | {'state': state})"): "into memory",
    ("inference/export.py", "torch.export.save(program, buffer)"): "into memory",
    ("models/saving.py", "clean.save(temporary)"): "within files.replace_with, for Keras insists on a path",
    (
        "reporting/pictures.py",
        "figure.savefig(temporary, format='png', metadata=_METADATA, facecolor='white')",
    ): "within files.replace_with, for Matplotlib insists on a path",
    ("workflows/model_speeds.py", "model.save(path)"): "a temporary folder, to measure the size of a file",
    ("__main__.py", "os.open(os.devnull, os.O_WRONLY)"): "nowhere, in place of a stream that cannot be written",
    ("commands/command_line.py", "os.open(os.devnull, os.O_RDWR)"): "nowhere, in place of closed streams",
    ("commands/command_line.py", "os.fdopen(number, 'w', closefd=False)"): "a stream of this process",
    (
        "folders.py",
        "os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 438)",
    ): "a lock, whose content is for people",
    (
        "temporaries.py",
        "os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 438)",
    ): "a new and empty file, for files.py to fill",
    ("temporaries.py", "path.rename(_name(target.stem, _inode(os.fstat(descriptor)), target.suffix, target))"): "and its name",
    ("temporaries.py", "path.rename(_name(target.name, folder_identity(path), '', target))"): "a new and empty folder's name",
}
WRITES = {
    *("write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "link", "symlink", "truncate", "mkstemp"),
    *("save", "savez", "savez_compressed", "savetxt", "tofile", "savefig", "imwrite", "dump", "NamedTemporaryFile"),
    *("copy", "copy2", "copyfile", "copytree", "move", "rename"),
}
NOT_FILES = {"copy.copy", "files.write_text", "files.write_bytes", "self.save"}  # the last is a callback's own


def writing_calls(source):
    """Yields the source of every call that could write, rename or copy a file."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]
        modes = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg in ("mode", "flags"))]
        texts = [value.value for value in modes if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        opens = last in ("open", "fdopen", "File", "ZipFile", "TarFile") and (
            any(0 < len(text) <= 3 and set(text) <= set("rwxabt+") and set(text) & set("wxa+") for text in texts)
            or (name == "os.open" and any(flag in ast.unparse(node) for flag in ("O_WRONLY", "O_RDWR", "O_CREAT")))
        )
        # A string's replace takes two arguments, a path's one.
        renames = name == "os.replace" or (last == "replace" and "." in name and len(node.args) == 1 and not node.keywords)
        saves = last in WRITES and name not in NOT_FILES and "." in name and bool(node.args)
        if opens or renames or saves:
            yield ast.unparse(node)


def test_no_other_module_writes_a_file():
    package = REPOSITORY / "shapeseg"
    found = {
        (path.relative_to(package).as_posix(), call)
        for path in package.rglob("*.py")
        if path != package / "files.py"
        for call in writing_calls(path.read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    "source",
    [
        "open(path, 'w')",
        "path.open('ab')",
        "open(path, mode='x')",
        "open(path, 'r+b')",
        "os.open(path, os.O_WRONLY)",
        "os.fdopen(number, 'wb')",
        "path.write_text('')",
        "path.write_bytes(b'')",
        "np.save(path, array)",
        "array.tofile(path)",
        "cv2.imwrite(path, image)",
        "figure.savefig(path)",
        "shutil.copyfile(one, other)",
        "shutil.move(one, other)",
        "os.rename(one, other)",
        "path.replace(other)",
        "json.dump({}, file)",
        "zipfile.ZipFile(path, 'w')",
        "h5py.File(path, 'a')",
    ],
)
def test_every_way_to_write_is_seen(source):
    assert list(writing_calls(source)) == [ast.unparse(ast.parse(source))]


@pytest.mark.parametrize("source", ["open(path)", "path.open('rb')", "text.replace('a', 'w')", "files.write_text(path, '')"])
def test_what_only_reads_is_let_through(source):
    assert list(writing_calls(source)) == []
