"""What is in the packages, and what the units allow. PACKAGES names the directory of the .deb and .rpm files, which
tests/packages/build.sh makes."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).parents[1] / "vm"))
from repository import EARLIER, add_earlier  # noqa: E402

pytestmark = pytest.mark.timeout(600)
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ.get("PACKAGES", ROOT / "build/packages"))
MAN_PAGES = {"hsflowd": ["hsflowd.8", "hsflowd.conf.5", "hsflowd.auto.5"], "sflowovsd": ["sflowovsd.8", "sflowovsd.ports.5"]}
EXPOSURE = {"hsflowd": 2.5, "sflowovsd": 1.5}  # as systemd-analyze(1) rates it


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def package(name, kind):
    [file] = [file for file in PACKAGES.glob(f"{name}[-_][0-9]*.{kind}")]
    return file


@pytest.fixture(scope="module", name="unpacked")
def fixture_unpacked(tmp_path_factory):
    """The files of all Debian packages."""
    directory = tmp_path_factory.mktemp("unpacked")
    files = list(PACKAGES.glob("*.deb"))
    assert files, f"no Debian packages in {PACKAGES}"
    for file in files:
        run("dpkg-deb", "-x", file, directory)
    return directory


@pytest.mark.parametrize("daemon", EXPOSURE)
def test_a_unit_is_exposed_as_little_as_promised(daemon):
    text = run("systemd-analyze", "security", "--offline=true", "--no-pager", ROOT / f"systemd/{daemon}.service")
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", text).group(1))
    assert exposure <= EXPOSURE[daemon], text


@pytest.mark.parametrize("daemon", EXPOSURE)
def test_a_drop_in_keeps_a_unit_within_the_promise(daemon, tmp_path):
    checked = 0
    for example in [*(ROOT / "systemd/examples").glob("*.conf"), ROOT / "systemd/xen.conf", ROOT / "systemd/proxmox.conf"]:
        of = "sflowovsd" if "sflowovsd.service.d" in example.read_text() else "hsflowd"
        if of != daemon or "ExecStart=+" in example.read_text():  # that one says that it takes the sandbox off
            continue
        unit = tmp_path / f"{daemon}.service"
        unit.write_text((ROOT / f"systemd/{daemon}.service").read_text() + example.read_text())
        text = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
        exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", text).group(1))
        assert exposure <= 2.5, (example, text)
        checked += 1
    assert checked > 0


@pytest.mark.parametrize("daemon", EXPOSURE)
def test_systemd_understands_every_line_of_a_unit(daemon):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", ROOT / f"systemd/{daemon}.service"],
                          text=True, capture_output=True)
    not_installed_here = f"{daemon}.service: Command /usr/sbin/{daemon} is not executable: No such file or directory"
    assert done.stderr.splitlines() in ([], [not_installed_here])


def test_lintian_finds_nothing():
    # The packages are not uploaded to Debian, whose bugs an upload would close.
    assert run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", "initial-upload-closes-no-bugs", *sorted(PACKAGES.glob("*.deb"))) == ""


def test_what_an_administrator_edits_is_kept_by_dpkg():
    assert run("dpkg-deb", "-I", package("hsflowd", "deb"), "conffiles").split() == ["/etc/default/hsflowd", "/etc/hsflowd.conf"]
    assert run("dpkg-deb", "-I", package("sflowovsd", "deb"), "conffiles").split() == ["/etc/default/sflowovsd"]


def test_a_package_depends_on_what_it_uses_and_sflowovsd_not_on_hsflowd():
    depends = {name: run("dpkg-deb", "-f", package(name, "deb"), "Depends") for name in EXPOSURE}
    assert "libgcrypt20" in depends["hsflowd"] and "libcares" not in depends["sflowovsd"]
    assert "libc-ares2" in depends["hsflowd"] and "libgcrypt20" not in depends["sflowovsd"]
    assert "libvirt" not in depends["hsflowd"] and "libxen" not in depends["hsflowd"]
    assert "hsflowd" not in depends["sflowovsd"]


@pytest.mark.parametrize("page", [page for pages in MAN_PAGES.values() for page in pages])
def test_a_man_page_is_clean(page, unpacked):
    file = unpacked / f"usr/share/man/man{page[-1]}/{page}.gz"
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", file], text=True, capture_output=True,
                          env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80"})
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"{page[:-2]} - \S", run("lexgrog", file))


def test_no_option_is_missing_in_its_man_page(unpacked):
    for daemon in EXPOSURE:
        options = re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", run(unpacked / f"usr/sbin/{daemon}", "--help"))
        text = re.sub(r"\s+", " ", run("man", "-l", unpacked / f"usr/share/man/man8/{daemon}.8.gz",
                                       env={**os.environ, "MANWIDTH": "1000"}))
        assert options and [option for option in options if option not in text] == []


def completions(unpacked, *words):
    """What bash offers for the last word of a command line of hsflowd."""
    script = f"""source {unpacked}/usr/share/bash-completion/completions/hsflowd
        COMP_WORDS=(hsflowd "$@"); COMP_CWORD=$#; _hsflowd; printf '%s\\n' "${{COMPREPLY[@]}}\""""
    return run("bash", "-c", script, "bash", *words).split()


def test_bash_completes_every_command_and_option_of_hsflowd(unpacked):
    hsflowd = unpacked / "usr/sbin/hsflowd"
    options = r"(?m)^  (?:-\w,)?(--[a-z][a-z-]+)"
    assert set(re.findall(options, run(hsflowd, "--help"))) == set(completions(unpacked, "--")) != set()
    commands = completions(unpacked, "")
    assert commands == ["check", "convert", "decode", "dnssd", "show", "status"]
    for command in commands:
        own = set(re.findall(options, run(hsflowd, command, "--help")))
        assert "--help" in own
        assert own <= set(completions(unpacked, command, "--")), command


def has_the_drop_in_of_a_hypervisor_while_that_is_installed(root, drop_in, program, setting):
    """The hypervisor may be installed and removed after hsflowd."""
    link = root / f"etc/systemd/system/hsflowd.service.d/{drop_in}"
    tree = root / "root/hypervisor"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text("Package: hypervisor\nVersion: 9.0\nArchitecture: all\nMaintainer: A <a@example.com>\n"
                                         "Description: has the program of a hypervisor\n")
    (tree / program).parent.mkdir(parents=True)
    (tree / program).write_text("")
    assert not link.is_symlink()
    run("chroot", root, "dpkg-deb", "--build", "/root/hypervisor", "/root/hypervisor.deb")
    calls = root / "root/calls"
    with systemd_seems_to_run(root):
        run("chroot", root, "dpkg", "--install", "/root/hypervisor.deb")
        assert os.readlink(link) == f"/usr/share/hsflowd/{drop_in}"
        assert setting in (root / os.readlink(link).lstrip("/")).read_text()
        restart = "systemctl --system daemon-reload\ndeb-systemd-invoke try-restart hsflowd.service\n"
        assert calls.read_text() == restart
        run("chroot", root, "dpkg", "--install", "/root/hypervisor.deb")  # an upgrade, which changes nothing for hsflowd
        assert calls.read_text() == restart
        run("chroot", root, "dpkg", "--purge", "hypervisor")
        assert not link.is_symlink()
        assert calls.read_text() == 2 * restart
        run("chroot", root, "dpkg", "--install", "/root/hypervisor.deb")
        assert link.is_symlink()  # the purge of our packages removes it, too
    run("rm", "-r", tree)


@contextlib.contextmanager
def systemd_seems_to_run(root):
    """What the packages ask of it is recorded in /root/calls."""
    programs = [root / "usr/local/bin" / name for name in ("systemctl", "deb-systemd-invoke")]
    (root / "run/systemd/system").mkdir(parents=True)
    for program in programs:
        program.write_text(f"#!/bin/sh\necho {program.name} \"$@\" >> /root/calls\n")
        program.chmod(0o755)
    (root / "root/calls").write_text("")
    try:
        yield
    finally:
        for file in [*programs, root / "root/calls"]:
            file.unlink()
        (root / "run/systemd/system").rmdir()


def state_of(root, name):
    return run("chroot", root, "dpkg-query", "-W", "-f", "${db:Status-Status}", name)


def finishes_an_interrupted_upgrade(root, files):
    """dpkg was killed after it unpacked the files: the running daemons go on, and nothing that an administrator wrote is lost."""
    with systemd_seems_to_run(root):
        run("chroot", root, "dpkg", "--unpack", *files)
        assert state_of(root, "hsflowd") == "unpacked"
        assert (root / "root/calls").read_text() == ""
        run("chroot", root, "dpkg", "--configure", "-a")
        calls = (root / "root/calls").read_text()
    assert state_of(root, "hsflowd") == "installed"
    assert "deb-systemd-invoke restart hsflowd.service" in calls and "deb-systemd-invoke restart sflowovsd.service" in calls


def survives_an_upgrade_on_a_full_disk(root, files):
    """The file system of the root has a limit. dpkg names the reason, and the upgrade succeeds as soon as there is room."""
    configuration = (root / "etc/hsflowd.conf").read_text()
    # Without a buffer, whose rest would fail again when the file is closed.
    with contextlib.suppress(OSError), open(root / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1 << 16))
    done = subprocess.run(["chroot", root, "dpkg", "--install", *files], text=True, capture_output=True)
    assert done.returncode != 0
    assert "No space left on device" in done.stderr
    assert (root / "etc/hsflowd.conf").read_text() == configuration
    assert run("chroot", root, "hsflowd", "--version").startswith("hsflowd ")
    assert os.readlink(root / "etc/hsflowd.auto") == "/run/hsflowd/hsflowd.auto"
    (root / "filler").unlink()
    said = run("chroot", root, "dpkg", "--install", *files)
    for daemon in EXPOSURE:
        assert said.count(f"{daemon}: systemd is not running; the service starts when this system boots with systemd\n") == 1
    assert state_of(root, "hsflowd") == "installed"
    assert (root / "etc/hsflowd.conf").read_text() == configuration
    assert "hsflowd" in run("chroot", root, "getent", "passwd", "hsflowd")


def names_the_library_that_a_module_lacks(root):
    """As where libvirtd runs in a container, and its library is not on the host."""
    (root / "root/libvirt.conf").write_text("sflow { polling = 1 collector { ip = 127.0.0.1 } kvm { } }")
    with subprocess.Popen(["timeout", "60", "unshare", "--net", "chroot", root, "hsflowd", "-d", "-f", "/root/libvirt.conf",
                           "--run-dir", "/run/lacking", "--state-dir", "/run/lacking"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as hsflowd:
        try:
            lines = []
            for line in hsflowd.stdout:
                lines.append(line)
                if "libvirt.so needs libvirt.so.0; install its package (Debian: libvirt0, RPM: libvirt-libs)" in line:
                    break
            else:
                pytest.fail("".join(lines))
        finally:
            hsflowd.terminate()


@pytest.fixture(scope="module", name="repository")
def fixture_repository(tmp_path_factory):
    directory = tmp_path_factory.mktemp("repository")
    make_repository(directory)
    return directory


def make_repository(directory, *options, packages=PACKAGES):
    return run(ROOT / "systemd/packages/repository.sh", "--suite", "bookworm", *options, directory,
               env={**os.environ, "PACKAGES": str(packages)})


def test_a_debian_system_takes_them_in_and_is_rid_of_them_after_a_purge(tmp_path, repository):
    """Without systemd running, as in a container or an image that is being built. The file system has a limit."""
    root = tmp_path / "root"
    root.mkdir()
    names = ["hsflowd", "hsflowd-libvirt", "hsflowd-xen", "sflow-agent", "sflowovsd"]
    files = [f"/srv/repository/apt/pool/bookworm/{file.name}" for file in sorted(PACKAGES.glob("*.deb"))]
    assert len(files) == len(names)
    chroot = ["chroot", root]
    run("mount", "-t", "tmpfs", "-o", "size=900m,mode=755", "tmpfs", root)
    try:
        run("mmdebstrap", "--quiet", "--mode=root", "--variant=apt", f"--customize-hook=copy-in {repository} /srv",
            f"--customize-hook=mv \"$1\"/srv/{repository.name} \"$1\"/srv/repository",
            "--customize-hook=echo 'deb [trusted=yes] file:/srv/repository/apt bookworm main' > \"$1\"/etc/apt/sources.list.d/sflow-agent.list",
            "--customize-hook=chroot \"$1\" apt-get update -qq",
            "--customize-hook=chroot \"$1\" apt-get install -qq --yes --no-install-recommends sflow-agent", "bookworm", root)
        run("mount", "-t", "proc", "proc", root / "proc")  # for systemd-tmpfiles(8)
        installed = run(*chroot, "dpkg-query", "-W", "-f", "${Package}\n").split()
        assert set(names) <= set(installed)
        assert [name for name in installed if re.match("libvirt|libxen|qemu|xen", name)] == []
        assert "hsflowd" in run(*chroot, "getent", "passwd", "hsflowd") and run(*chroot, "getent", "passwd", "sflowovsd")
        assert os.readlink(root / "etc/hsflowd.auto") == "/run/hsflowd/hsflowd.auto"
        assert run(*chroot, "hsflowd", "check") == ""
        assert (root / "etc/systemd/system/multi-user.target.wants/sflowovsd.service").is_symlink()
        names_the_library_that_a_module_lacks(root)
        (root / "etc/hsflowd.conf").write_text("sflow { polling = 30 }\n")
        finishes_an_interrupted_upgrade(root, files)
        survives_an_upgrade_on_a_full_disk(root, files)
        has_the_drop_in_of_a_hypervisor_while_that_is_installed(root, "proxmox.conf", "usr/bin/pvesh", "SupplementaryGroups=www-data")
        run(*chroot, "dpkg", "--purge", "hypervisor")
        has_the_drop_in_of_a_hypervisor_while_that_is_installed(root, "xen.conf", "usr/sbin/xl", "AmbientCapabilities=CAP_DAC_OVERRIDE")
        run(*chroot, "dpkg", "--purge", *names)
        run("rm", "-r", root / "srv/repository")
        left = run(*chroot, "find", "/", "-xdev", "(", "-name", "*hsflowd*", "-o", "-name", "*sflowovsd*", ")")
        assert [path for path in left.split() if not path.startswith(("/var/log", "/var/cache", "/run/"))] == []
    finally:
        run("umount", "--recursive", "--lazy", root)


def test_a_repository_keeps_what_it_has_and_is_signed(tmp_path):
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    add_earlier(package("sflow-agent", "deb"), earlier)
    directory = tmp_path / "repository"
    make_repository(directory, packages=earlier)
    gnupg = {**os.environ, "GNUPGHOME": str(home), "PACKAGES": str(PACKAGES)}
    try:
        run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "a@example.com", "ed25519", "sign", "never", env=gnupg)
        run(ROOT / "systemd/packages/repository.sh", "--suite", "bookworm", "--sign", "a@example.com", directory, env=gnupg)
    finally:
        run("gpgconf", "--kill", "gpg-agent", env=gnupg)
    suite = directory / "apt/dists/bookworm"
    index = (suite / "main/binary-amd64/Packages").read_text()
    assert f"Version: {EARLIER}\n" in index and index.count("Package: sflow-agent\n") == 2
    run("gpg", "--dearmor", "--output", tmp_path / "key.gpg", directory / "sflow-agent.asc", env=gnupg)
    for signed in ([suite / "InRelease"], [suite / "Release.gpg", suite / "Release"],
                   [directory / "rpm/bookworm/repodata/repomd.xml.asc", directory / "rpm/bookworm/repodata/repomd.xml"]):
        run("gpgv", "--keyring", tmp_path / "key.gpg", *signed)
    assert not [path for path in directory.glob(".*")]


def dnf(root, *arguments):
    return run("dnf", "--installroot", root, "--setopt=reposdir=/dev/null", "--setopt=tsflags=noscripts", "--setopt=gpgcheck=0",
               "--setopt=module_platform_id=platform:el9", "--releasever=9", "--assumeyes", *arguments)


def make_rpm(directory, name, provides):
    """An empty RPM, which stands for those of the system."""
    spec = directory / f"{name}.spec"
    spec.write_text(f"Name: {name}\nVersion: 9\nRelease: 1\nSummary: provides\nLicense: none\nBuildArch: noarch\n"
                    + "".join(f"Provides: {capability}\n" for capability in provides) + "%description\nprovides\n%files\n")
    run("rpmbuild", "-bb", "--define", f"_topdir {directory}/rpmbuild", "--define", f"_rpmdir {directory}", spec)


@pytest.mark.parametrize("hypervisors", [[], ["libvirt"], ["libvirt", "xen"]])
def test_dnf_installs_the_modules_of_the_hypervisors_that_the_host_has(hypervisors, tmp_path, repository):
    """The libraries of the system are in RPMs without files: there is no RPM distribution to take them from."""
    system = tmp_path / "system"
    system.mkdir()
    needs = {name: {line for line in run("rpm", "-qp", "--requires", package(name, "rpm")).splitlines()
                    if not line.startswith(("rpmlib(", "hsflowd", "sflowovsd", "rtld("))}
             for name in ("hsflowd", "sflowovsd", "hsflowd-libvirt", "hsflowd-xen")}
    libraries = {name: {line for line in needs[f"hsflowd-{name}"] if line.startswith(f"lib{'virt' if name == 'libvirt' else name}")}
                 for name in ("libvirt", "xen")}
    assert libraries["libvirt"] and libraries["xen"]
    make_rpm(system, "base", {re.sub(" .*", "", line) for line in set.union(*needs.values()) - libraries["libvirt"] - libraries["xen"]}
             | {"rtld(GNU_HASH)", "/bin/sh"})
    for name in ("libvirt", "xen"):
        make_rpm(system, f"{name}-libs", libraries[name])
    run("createrepo_c", "--quiet", system)
    root = tmp_path / "root"
    repositories = [f"--repofrompath=system,{system}", f"--repofrompath=sflow-agent,{repository}/rpm/bookworm"]
    dnf(root, *repositories, "install", "base", *[f"{name}-libs" for name in hypervisors])
    dnf(root, *repositories, "install", "sflow-agent")
    installed = run("rpm", "--root", root, "-qa", "--qf", "%{NAME}\n").split()
    assert sorted(name for name in installed if "flow" in name) == sorted(
        ["hsflowd", "sflow-agent", "sflowovsd", *[f"hsflowd-{name}" for name in hypervisors]])
    assert (root / "usr/sbin/hsflowd").exists()


def test_dnf_installs_the_self_contained_package_where_the_libraries_are_others(tmp_path, repository):
    system = tmp_path / "system"
    system.mkdir()
    make_rpm(system, "base", {"/bin/sh", "systemd"})
    run("createrepo_c", "--quiet", system)
    root = tmp_path / "root"
    dnf(root, f"--repofrompath=system,{system}", f"--repofrompath=sflow-agent,{repository}/rpm/bookworm", "install", "base", "sflow-agent")
    installed = run("rpm", "--root", root, "-qa", "--qf", "%{NAME}\n").split()
    assert sorted(name for name in installed if "flow" in name) == ["sflow-agent", "sflow-agent-xcp"]


def test_packages_that_are_made_again_are_the_same_byte_by_byte(tmp_path):
    """From one build. tests/packages/reproducible.sh compares two builds."""
    build = os.environ.get("BUILD_DIR", ROOT / "build/release")
    for directory in ("first", "second-at-another-time"):
        run(ROOT / "tests/packages/build.sh", tmp_path / directory, "DEB", "RPM", env={**os.environ, "BUILD_DIR": str(build)})
    first, second = ({file.name: file.read_bytes() for file in (tmp_path / directory).glob("*.[dr][ep][bm]")}
                     for directory in ("first", "second-at-another-time"))
    assert len(first) == 10 and first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize("daemon", EXPOSURE)
def test_an_rpm_has_its_scripts_dependencies_and_configuration(daemon):
    file = package(daemon, "rpm")
    scripts = run("rpm", "-qp", "--scripts", file)
    for step in "systemd-sysusers", "systemd-tmpfiles --create", "preset", "--no-reload disable", "try-restart", "daemon-reload":
        assert step in scripts
    requires = run("rpm", "-qp", "--requires", file)
    assert "libsystemd.so.0()(64bit)" in requires and "\nsystemd\n" in requires
    assert f"/etc/default/{daemon}" in run("rpm", "-qp", "--configfiles", file).split()


@pytest.mark.parametrize("hypervisor", ["libvirt", "xen"])
def test_an_rpm_of_a_module_belongs_to_its_hsflowd(hypervisor):
    file = package(f"hsflowd-{hypervisor}", "rpm")
    assert run("rpm", "-qp", "--scripts", file).count("try-restart hsflowd.service") == 2  # when it comes and when it goes
    version = run("rpm", "-qp", "--qf", "%{VERSION}-%{RELEASE}", package("hsflowd", "rpm"))
    requires = run("rpm", "-qp", "--requires", file).splitlines()
    assert f"hsflowd = {version}" in requires and any(f"{hypervisor}.so" in line or f"lib{hypervisor}" in line for line in requires)


def test_rpms_own_no_directory_of_the_system():
    owned = {line for file in PACKAGES.glob("*.rpm") for line in run("rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]", file).splitlines()}
    directories = {line.split()[1] for line in owned if line.startswith("d")}
    assert directories
    assert [path for path in directories if not re.search("hsflowd|sflowovsd|sflow-agent|/.build-id", path)] == []


def test_rpms_install_into_an_empty_root(tmp_path):
    rpms = sorted(PACKAGES.glob("*.rpm"))
    run("rpm", "--root", tmp_path, "--initdb")
    # Without dependencies and scripts: there is no system in that root to meet or run them.
    run("rpm", "--root", tmp_path, "-i", "--nodeps", "--noscripts", "--ignorearch", *rpms)
    assert sorted(run("rpm", "--root", tmp_path, "-qa", "--qf", "%{NAME}\n").split()) == sorted(
        re.match(r"(.*?)-\d", file.name).group(1) for file in rpms)
    for daemon in EXPOSURE:
        assert (tmp_path / f"usr/sbin/{daemon}").stat().st_mode & 0o777 == 0o755
        assert (tmp_path / f"usr/lib/systemd/system/{daemon}.service").exists()
    run("rpm", "--root", tmp_path, "-e", "--nodeps", "--noscripts",
        *[re.match(r"(.*?)-\d", file.name).group(1) for file in rpms])
    assert not (tmp_path / "usr/sbin/hsflowd").exists()


def version_of(source):
    script = source.parent / "version.cmake"
    script.write_text(f"""set(PROJECT_VERSION 0.1.0)
        set(PROJECT_SOURCE_DIR {source})
        include({ROOT}/common/cmake/Version.cmake)
        execute_process(COMMAND ${{CMAKE_COMMAND}} -E echo "${{FULL_VERSION}} ${{SOURCE_DATE}}")""")
    version, date = run("cmake", "-P", script).split()
    return version, int(date)


def test_the_version_is_that_of_the_tag_and_grows_with_each_commit(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "CMakeLists.txt").write_text("")
    os.utime(source / "CMakeLists.txt", (1000, 1000))
    dates = iter(range(2000, 2004))

    def git(*arguments):
        identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
        return run("git", "-C", source, *arguments, env={**os.environ, **identity, "GIT_COMMITTER_DATE": f"@{next(dates)} +0000"})

    versions = [version_of(source)]
    assert versions == [("0.1.0", 1000)]
    run("git", "init", "-q", source)
    git("commit", "-q", "--allow-empty", "-m", "first")
    versions.insert(0, version_of(source))
    assert re.fullmatch(r"0\.1\.0~git1\.[0-9a-f]{12}", versions[0][0]) and versions[0][1] == 2000
    git("tag", "v1.2.3")
    versions.append(version_of(source))
    assert versions[-1] == ("1.2.3", 2000)
    git("commit", "-q", "--allow-empty", "-m", "second")
    versions.append(version_of(source))
    assert re.fullmatch(r"1\.2\.3\+git1\.[0-9a-f]{12}", versions[-1][0]) and versions[-1][1] == 2002
    git("tag", "v1.2.4")
    versions.append(version_of(source))
    assert versions[-1] == ("1.2.4", 2002)
    for (earlier, _), (later, _) in zip(versions, versions[1:]):
        run("dpkg", "--compare-versions", earlier, "lt", later)
        assert run("rpm", "--eval", f'%{{lua: print(rpm.vercmp("{earlier}", "{later}"))}}').strip() == "-1"
