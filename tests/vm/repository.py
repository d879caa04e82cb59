"""The packages under test as an apt repository, with the RPMs beside them. PACKAGES names the directory of the .deb files (tests/packages/build.sh makes them)."""

import os
import pathlib
import shutil
import subprocess

PACKAGES = pathlib.Path(os.environ.get("PACKAGES", pathlib.Path(__file__).parents[2] / "build/packages"))
EARLIER = "0.0.9-1"


def fill_repository(directory, packages=PACKAGES, with_earlier=False):
    """With the same packages as an earlier version, if wanted."""
    for package in packages.glob("*.deb"):
        shutil.copy(package, directory)
        if with_earlier:
            add_earlier(package, directory)
    for package in packages.glob("*.rpm"):
        shutil.copy(package, directory)
    index = subprocess.run(["dpkg-scanpackages", "-m", "."], cwd=directory, check=True, capture_output=True).stdout
    assert index, f"no packages in {packages}"
    (directory / "Packages").write_bytes(index)
    return directory


def add_earlier(package, directory):
    unpacked = directory / "unpacked"
    subprocess.run(["dpkg-deb", "-R", package, unpacked], check=True)
    control = unpacked / "DEBIAN/control"
    lines = control.read_text().splitlines()
    control.write_text("\n".join(f"Version: {EARLIER}" if line.startswith("Version:") else line for line in lines) + "\n")
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", unpacked, directory], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(unpacked)
