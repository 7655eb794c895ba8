"""Model files taken apart and packed again, beside a card that knows them: as a careful attacker would."""

import json
import zipfile

from shapeseg.models import file_digest

WEIGHTS = "model.weights.h5"


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path, entries, packed=zipfile.ZIP_STORED):
    """Writes an archive of (name or ZipInfo, content), and a card that knows it."""
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    renew_card(path)


def renew_card(path):
    edit_card(path, sha256=file_digest(path))


def edit_card(path, **changes):
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))
