"""The shipped ablations are those that the code would make now: recipe, seeds, scenes and models."""

import json

from tools import ablations


def test_what_the_file_says_of_its_runs_is_what_the_code_says():
    said = json.loads(ablations.FILE.read_text())
    runs = said.pop("runs")
    assert said == json.loads(json.dumps(ablations.described()))
    assert list(runs) == list(said["parameters"])


def test_runs_are_put_together_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(ablations, "ROOT", tmp_path)
    monkeypatch.setattr(ablations, "PARTS", tmp_path)
    monkeypatch.setattr(ablations, "FILE", tmp_path / "whole.json")
    for number, left_out in enumerate(ablations.ABLATIONS):
        for seed in ablations.SEEDS:
            ablations._part(left_out, seed).write_text(json.dumps({"AP": number + seed / 10 + 0.00001}))
    ablations.write()
    runs = json.loads((tmp_path / "whole.json").read_text())["runs"]
    assert runs["encoder"] == [{"AP": 1.0}, {"AP": 1.1}, {"AP": 1.2}]
