"""The shipped curves of DINO are those that the code would make now: recipe, seeds, views and faults."""

import json

from tools import dino_runs


def test_what_the_file_says_of_its_runs_is_what_the_code_says():
    said = json.loads(dino_runs.FILE.read_text())
    assert said["of"] == json.loads(json.dumps(dino_runs.rounded(dino_runs.described())))
    assert list(said["runs"]) == list(dino_runs.PLANTED)
    assert dino_runs.FILE.stat().st_size < 40_000


def test_runs_are_put_together_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(dino_runs, "ROOT", tmp_path)
    monkeypatch.setattr(dino_runs, "PARTS", tmp_path)
    monkeypatch.setattr(dino_runs, "FILE", tmp_path / "whole.json")
    monkeypatch.setattr(dino_runs, "described", lambda: {"seeds": [0, 1, 2]})
    for number, wrong in enumerate(dino_runs.PLANTED):
        for seed in dino_runs.SEEDS:
            dino_runs._part(wrong, seed).write_text(json.dumps({"kl": [number + seed / 10 + 0.00001]}))
    dino_runs.write()
    runs = json.loads((tmp_path / "whole.json").read_text())["runs"]
    assert runs["centre added"] == [{"kl": [1.0]}, {"kl": [1.1]}, {"kl": [1.2]}]
