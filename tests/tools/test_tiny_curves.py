"""The script of the kept curves: what it puts together, how it is rounded, and that the file is of today's code."""

import json

import pytest

from detrlab.training.probes import FAULTS, PROBES, STEPS
from tools import tiny_curves


def test_parts_are_put_together_and_rounded(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_curves, "ROOT", tmp_path)
    monkeypatch.setattr(tiny_curves, "PARTS", tmp_path / "parts")
    monkeypatch.setattr(tiny_curves, "FILE", tmp_path / "whole.json")
    for kind in tiny_curves.RUNS:
        for seed in tiny_curves.SEEDS:
            tiny_curves._keep(f"{kind}_{seed}", {"history": [seed, 0.123456789, {"AP": 12345.678}]})
    for name in ("sound", *tiny_curves.FAULTS):
        tiny_curves._keep(f"probes_{name}", {"one scene": {"passed": name == "sound"}})
    monkeypatch.setattr(tiny_curves, "described", lambda: {"seeds": [0, 1, 2]})
    tiny_curves.write()
    whole = json.loads((tmp_path / "whole.json").read_text())
    assert [run["history"] for run in whole["runs"]["plain"]] == [[seed, 0.1235, {"AP": 12350.0}] for seed in (0, 1, 2)]
    assert [name for name, probes in whole["probes"].items() if probes["one scene"]["passed"]] == ["sound"]


def test_the_kept_file_is_of_the_model_recipe_and_scenes_that_the_code_has():
    whole = json.loads(tiny_curves.FILE.read_text())
    today = json.loads(json.dumps(tiny_curves.rounded(tiny_curves.described())))
    assert whole["of"].pop("untrained_loss") == pytest.approx(today.pop("untrained_loss"), rel=1e-3)
    assert whole["of"] == today  # else: train all of it anew, and read what the lesson says of it


def test_the_kept_file_has_all_runs_and_probes():
    whole = json.loads(tiny_curves.FILE.read_text())
    assert tiny_curves.FILE.stat().st_size < 60_000
    assert {kind: len(runs) for kind, runs in whole["runs"].items()} == dict.fromkeys(
        tiny_curves.RUNS, len(tiny_curves.SEEDS)
    )
    for run in (run for runs in whole["runs"].values() for run in runs):
        assert len(run["history"]) == len(run["moments"]) == tiny_curves.REPORTS
        assert run["history"][-1]["seconds"] == pytest.approx(tiny_curves.SECONDS, abs=1)
    ends = [run["history"][-1]["measured"]["AP50"] for runs in whole["runs"].values() for run in runs]
    assert len(set(ends)) == len(ends)  # no run twice
    assert list(whole["probes"]) == ["sound", *FAULTS]
    for probes in whole["probes"].values():
        assert list(probes) == list(PROBES[: len(probes)])
        assert all(probed["steps"][-1] == STEPS[which] for which, probed in probes.items())
