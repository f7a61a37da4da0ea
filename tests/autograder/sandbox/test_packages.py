"""What crosses the wall: our packages whole, templates too, without their data."""

from autograder.sandbox.packages import OURS, install
from tests.imports import ROOT


def test_our_packages_are_copied_whole(tmp_path):
    install(tmp_path / "packages", ())
    for name in OURS:
        ours = {path.relative_to(ROOT) for path in (ROOT / name).rglob("*") if path.is_file()}
        ours = {path for path in ours if "__pycache__" not in path.parts}
        copied = {path.relative_to(tmp_path / "packages") for path in (tmp_path / "packages" / name).rglob("*.*")}
        assert ours == copied, name
    assert (tmp_path / "packages/coursework/progress/progress_page.html.j2").is_file()
