"""The script of the kept curves: what it puts together, and how it is rounded."""

import json

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
    tiny_curves.write()
    whole = json.loads((tmp_path / "whole.json").read_text())
    assert [run["history"] for run in whole["runs"]["plain"]] == [[seed, 0.1235, {"AP": 12350.0}] for seed in (0, 1, 2)]
    assert [name for name, probes in whole["probes"].items() if probes["one scene"]["passed"]] == ["sound"]
