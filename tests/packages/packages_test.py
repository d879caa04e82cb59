"""What is in the packages, and what the units allow. PACKAGES names the directory of the .deb and .rpm files, which
tests/packages/build.sh makes."""

import os
import pathlib
import re
import subprocess

import pytest

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
    assert run("lintian", "--allow-root", "--fail-on", "error,warning", *sorted(PACKAGES.glob("*.deb"))) == ""


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


def may_read_the_configurations_of_proxmox_guests(root):
    """While Proxmox VE is installed, which may come and go after hsflowd."""
    drop_in = root / "etc/systemd/system/hsflowd.service.d/proxmox.conf"
    tree = root / "root/pve-manager"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text("Package: pve-manager\nVersion: 9.0\nArchitecture: all\nMaintainer: A <a@example.com>\n"
                                         "Description: stands for the manager of Proxmox VE\n")
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/pvesh").write_text("")
    assert not drop_in.is_symlink()
    run("chroot", root, "dpkg-deb", "--build", "/root/pve-manager", "/root/pve-manager.deb")
    run("chroot", root, "dpkg", "--install", "/root/pve-manager.deb")
    assert os.readlink(drop_in) == "/usr/share/hsflowd/proxmox.conf"
    assert "SupplementaryGroups=www-data" in (root / os.readlink(drop_in).lstrip("/")).read_text()
    run("chroot", root, "dpkg", "--purge", "pve-manager")
    assert not drop_in.is_symlink()
    run("chroot", root, "dpkg", "--install", "/root/pve-manager.deb")
    assert drop_in.is_symlink()  # the purge of hsflowd removes it, too


def test_a_debian_system_takes_them_in_and_is_rid_of_them_after_a_purge(tmp_path):
    """Without systemd running, as in a container or an image that is being built."""
    root = tmp_path / "root"
    packages = sorted(PACKAGES.glob("*.deb"))
    names = " ".join(f"/root/{file.name}" for file in packages)
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--customize-hook=copy-in " + " ".join(map(str, packages)) + " /root",
        "--customize-hook=chroot \"$1\" apt-get install -qq --yes --no-install-recommends " + names,
        "--customize-hook=rm \"$1\"/root/*.deb", "bookworm", root)
    chroot = ["chroot", root]
    try:
        assert "hsflowd" in run(*chroot, "getent", "passwd", "hsflowd") and run(*chroot, "getent", "passwd", "sflowovsd")
        assert os.readlink(root / "etc/hsflowd.auto") == "/run/hsflowd/hsflowd.auto"
        assert run(*chroot, "hsflowd", "check") == ""
        assert (root / "etc/systemd/system/multi-user.target.wants/sflowovsd.service").is_symlink()
        may_read_the_configurations_of_proxmox_guests(root)
        run(*chroot, "dpkg", "--purge", *[package.name.split("_")[0] for package in packages])
        left = run(*chroot, "find", "/", "-xdev", "(", "-name", "*hsflowd*", "-o", "-name", "*sflowovsd*", ")")
        assert [path for path in left.split() if not path.startswith(("/var/log", "/var/cache", "/run/"))] == []
    finally:
        run("rm", "-rf", root)


@pytest.mark.parametrize("daemon", EXPOSURE)
def test_an_rpm_has_its_scripts_dependencies_and_configuration(daemon):
    file = package(daemon, "rpm")
    scripts = run("rpm", "-qp", "--scripts", file)
    for step in "systemd-sysusers", "systemd-tmpfiles --create", "preset", "disable --now", "try-restart", "daemon-reload":
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
    assert [path for path in directories if not re.search("hsflowd|sflowovsd|/.build-id", path)] == []


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
