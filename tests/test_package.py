"""The wheel and the sdist: what is in them, and that an installed mailbot works without its source tree."""

import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel made from it; no network is needed."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def test_the_wheel_holds_all_that_it_needs(built: Path) -> None:
    """Every template, the words, the demo's series, the migrations, the types' mark, the example and the licence."""
    (wheel,) = built.glob("*.whl")
    inside = ZipFile(wheel).namelist()
    templates = [f"mailbot/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*") if path.is_file()]
    data = [str(path.relative_to(ROOT)) for path in (ROOT / "mailbot").rglob("*.toml")]

    assert templates
    assert set(templates) <= set(inside)
    assert any("words/" in name for name in data)
    assert {*data, "mailbot/config.example.toml", "mailbot/py.typed", "mailbot/demo/series.toml"} <= set(inside)
    assert any("migrations/versions/0001" in name for name in inside)
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert not any(name.startswith("tests/") for name in inside)


def test_the_sdist_holds_what_one_needs_to_work_on_it(built: Path) -> None:
    """Code, templates, tests, documents, the lock and the Makefile."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}

    wanted = {"Makefile", "LICENSE", "README.md", "pyproject.toml", "requirements/all.txt", "config.example.toml"}
    assert wanted <= inside
    assert {
        "mailbot/cli.py",
        "templates/it/confirmation.txt",
        "tests/test_package.py",
        "docs/architecture.md",
    } <= inside


def test_an_installed_mailbot_works_without_its_source_tree(built: Path, tmp_path: Path) -> None:
    """In an environment of its own, with the dependencies alone: the demo answers, with the shipped templates."""
    (wheel,) = built.glob("*.whl")
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", home / "bin" / "python"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True, timeout=120)
    (site,) = home.glob("lib/python*/site-packages")
    # The dependencies of this environment; its .pth files, which lead to the source tree, are not followed from there.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)

    where = run(home / "bin" / "python", "-c", "import mailbot; print(mailbot.__file__)").stdout
    assert Path(where.strip()).is_relative_to(site)
    demo = run(home / "bin" / "mailbot", "demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    proof = "from mailbot.adapters.templates import *; print(text_problems(None), shipped_folder())"
    assert run(home / "bin" / "python", "-c", proof).stdout.startswith(f"[] {site}")
