"""The shipped runs with denoising queries are those that the code would make now."""

import json

from detrlab.training.ablations import SEEDS
from tools import denoising


def test_what_the_file_says_of_its_runs_is_what_the_code_says():
    said = json.loads(denoising.FILE.read_text())
    runs = said.pop("runs")
    assert said == json.loads(json.dumps(denoising.described()))
    assert {kind: len(own) for kind, own in runs.items()} == dict.fromkeys(denoising.RUNS, len(SEEDS))
    assert len({run["AP"] for own in runs.values() for run in own}) == 2 * len(SEEDS)  # no run twice


def test_runs_are_put_together_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(denoising, "ROOT", tmp_path)
    monkeypatch.setattr(denoising, "PARTS", tmp_path)
    monkeypatch.setattr(denoising, "FILE", tmp_path / "whole.json")
    for number, kind in enumerate(denoising.RUNS):
        for seed in SEEDS:
            denoising._part(kind, seed).write_text(json.dumps({"AP": number + seed / 10 + 0.00001}))
    denoising.write()
    runs = json.loads((tmp_path / "whole.json").read_text())["runs"]
    assert runs["denoising"] == [{"AP": 1.0}, {"AP": 1.1}, {"AP": 1.2}]
