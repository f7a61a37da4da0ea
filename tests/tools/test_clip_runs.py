"""The shipped runs of small CLIPs are those that the code would make now: recipes, seeds, scenes and models."""

import json

from tools import clip_runs


def test_what_the_file_says_of_its_runs_is_what_the_code_says():
    said = json.loads(clip_runs.FILE.read_text())
    runs = said.pop("runs")
    assert said == json.loads(json.dumps(clip_runs.described()))
    assert list(runs) == list(said["variants"])
    assert all(len(each) == len(said["seeds"]) for each in runs.values())


def test_runs_are_put_together_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_runs, "ROOT", tmp_path)
    monkeypatch.setattr(clip_runs, "PARTS", tmp_path)
    monkeypatch.setattr(clip_runs, "FILE", tmp_path / "whole.json")
    monkeypatch.setattr(clip_runs, "described", dict)
    for number, name in enumerate(clip_runs.CLIP_VARIANTS):
        for seed in clip_runs.SEEDS:
            clip_runs.part(name, seed).write_text(json.dumps({"recall": number + seed / 10 + 0.00001}))
    clip_runs.write()
    runs = json.loads((tmp_path / "whole.json").read_text())["runs"]
    assert runs["hard negatives"] == [{"recall": 1.0}, {"recall": 1.1}, {"recall": 1.2}]
