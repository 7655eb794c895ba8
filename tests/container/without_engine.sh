#!/bin/sh
# Builds the image and uses it on a machine that has neither a container engine nor a registry: root on Debian, with
#     apt-get install buildah debootstrap crun
# The base is made from Debian's packages under the name that the Dockerfile asks for. BUILD_OPTIONS go to `buildah bud`: an
# index or wheels of your own, say. What it ran, and where, docs/container.md tells.
set -eu
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
BASE=docker.io/library/python:3.11-slim-bookworm

made_base() {
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/base" > "$work/debootstrap.log"
    ln -s python3 "$work/base/usr/bin/python"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/base" /
    buildah commit --quiet --rm "$container" "$BASE"
}

# Runs a command in the image as the user that it names: the root read-only, the folder $work/project mounted on /project.
in_image() {
    mkdir -p "$work/bundle"
    python3 - "$work" "$root" "$@" > "$work/bundle/config.json" <<'PYTHON'
import json, sys
work, root, *arguments = sys.argv[1:]
def mount(place, kind, source=None, *options):
    return {"destination": place, "type": kind, "source": source or kind, "options": list(options)}
path = "/opt/shapeseg/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
print(json.dumps({
    "ociVersion": "1.0.0",
    "root": {"path": root, "readonly": True},
    "process": {
        "user": {"uid": 1000, "gid": 1000}, "cwd": "/project", "args": arguments, "noNewPrivileges": True,
        "env": [f"PATH={path}", "KERAS_BACKEND=torch", "PYTHONUNBUFFERED=1", "HOME=/tmp"],
    },
    "mounts": [
        mount("/proc", "proc"),
        mount("/dev", "tmpfs", None, "nosuid", "mode=755"),
        mount("/dev/shm", "tmpfs", "shm", "nosuid", "nodev", "mode=1777"),
        mount("/tmp", "tmpfs", None, "nosuid", "nodev", "mode=1777"),
        mount("/project", "bind", f"{work}/project", "bind", "rw"),
    ],
    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]},
}))
PYTHON
    echo "+ $*"
    # crun wants version 2 of control groups to look at, though it is told to use none.
    unshare --mount sh -c 'umount --lazy /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || true
        exec crun --cgroup-manager=disabled run --bundle "$1" shapeseg-try' sh "$work/bundle"
}

buildah inspect --type image "$BASE" > "$work/seen" 2> "$work/seen" || made_base
# shellcheck disable=SC2086  # options are several words
buildah bud --pull-never --layers --tag shapeseg ${BUILD_OPTIONS:-} "$project"
container=$(buildah from --pull-never shapeseg)
root=$(buildah mount "$container")
trap 'buildah rm "$container" > /dev/null; rm -rf "$work"' EXIT

mkdir "$work/project"
cp -r "$root/project/." "$work/project"
chown -R 1000:1000 "$work/project"
in_image id
in_image sh -c '! touch /written'
in_image shapeseg --version
in_image shapeseg generate --num-images 200
in_image shapeseg train --epochs 2 --out saved_models/tried
in_image shapeseg evaluate saved_models/tried --out reports/tried
in_image jupyter nbconvert --to notebook --execute --output-dir reports notebooks/3_evaluation.ipynb
du -sh "$root/opt/shapeseg"
