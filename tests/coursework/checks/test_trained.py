"""`kept`: trained once, loaded ever after; never over a student's file, never where work is graded, one sentence."""

import io
import os

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from safetensors.torch import load_file, save, save_file

from coursework import kept, open_notebook
from coursework.checks import trained
from coursework.checks.blank import BLANK
from coursework.checks.trained import UNTRAINED, KeptError, NothingKept
from coursework.submission import GRADED

NAME = "my_line.safetensors"


def line():
    return torch.nn.Linear(3, 2)


def state(fill=2.0, **other):
    return {"weight": torch.full((2, 3), fill), "bias": torch.zeros(2)} | other


def never():
    raise AssertionError("nothing may be trained here")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A student's notebook, opened in its folder; the kernel has changed to another one since."""
    monkeypatch.delenv(GRADED, raising=False)
    monkeypatch.delenv(UNTRAINED, raising=False)
    open_notebook("line", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def values(module):
    return {name: weight.tolist() for name, weight in module.state_dict().items()}


def test_it_trains_where_there_is_no_file_and_loads_ever_after(folder, capsys):
    source = line()
    source.load_state_dict(state(2.0))
    first = kept(NAME, lambda: source, fresh := line())
    assert first is fresh and not first.training
    assert values(first)["weight"] == [[2.0] * 3] * 2 and first is not source
    assert sorted(path.name for path in folder.iterdir()) == ["elsewhere", NAME]
    assert load_file(folder / NAME)["weight"].tolist() == [[2.0] * 3] * 2
    assert "hand it in" in capsys.readouterr().out
    before = (folder / NAME).read_bytes()
    again = kept(NAME, never, line())
    assert values(again) == values(first) and "move it away" in capsys.readouterr().out
    assert (folder / NAME).read_bytes() == before


def test_a_state_dict_is_kept_too_in_the_models_own_precision(folder):
    got = kept(NAME, lambda: state(weight=torch.full((2, 3), 0.5, dtype=torch.float64)), line())
    assert got.weight.dtype == torch.float32 and load_file(folder / NAME)["weight"].dtype == torch.float32


def test_weights_that_share_memory_are_kept(folder):
    tied = torch.nn.ModuleList([line(), line()])
    tied[1].weight = tied[0].weight
    got = kept(NAME, lambda: tied, torch.nn.ModuleList([line(), line()]))
    assert got[1].weight.tolist() == tied[0].weight.tolist()


@pytest.mark.parametrize("name", ["my_line.pt", "../my_line.safetensors", "", ".safetensors/x", "a:b.safetensors"])
def test_a_name_lies_beside_the_notebook_and_says_what_it_is(folder, name):
    with pytest.raises(ValueError, match="is no name for weights"):
        kept(name, never, line())


PICKLE = io.BytesIO()
torch.save(state(), PICKLE)
BAD = {
    "pickle": (PICKLE.getvalue(), "is a pickle under another name"),
    "damaged": (save(state())[:-1], "is damaged"),
    "empty": (b"", "is damaged"),
    "missing": (save({"bias": torch.zeros(2)}), "it lacks weight"),
    "strange": (save(state(more=torch.zeros(1))), "this one has no more"),
    "many": (save(state(**{str(i) * 99: torch.zeros(1) for i in range(4)})), f"{'1' * 60}, {'2' * 60} and 1 more"),
    "shape": (save(state(bias=torch.zeros(5))), "its bias has the shape (5,), and (2,) is expected"),
    "whole": (save(state(bias=torch.zeros(2, dtype=torch.int64))), "its bias holds int64, and float32 is expected"),
    "nan": (save(state(float("nan"))), "no finite numbers (NaN or infinite), in weight"),
    "inf": (save(state(float("inf"))), "no finite numbers"),
    "beyond": (save(state(weight=torch.full((2, 3), 1e300, dtype=torch.float64))), "no finite numbers"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_does_not_fit_is_one_sentence_and_stays(folder, kind):
    data, words = BAD[kind]
    (folder / NAME).write_bytes(data)
    model = line()
    before = values(model)
    with pytest.raises(KeptError) as caught:
        kept(NAME, never, model)
    said = str(caught.value)
    assert said.startswith(NAME) and words in said and said.endswith(".") and "\n" not in said
    assert (folder / NAME).read_bytes() == data and values(model) == before


def test_no_more_is_read_than_can_be_handed_in(folder, monkeypatch):
    monkeypatch.setattr(trained, "MAX_FILE", 3 << 20)
    with open(folder / NAME, "wb") as file:
        file.truncate(1 << 40)  # a file of a terabyte, of which nothing is on the disk
    with pytest.raises(KeptError, match="has more than 3 MB"):
        kept(NAME, never, line())


def test_a_folder_of_that_name_is_one_sentence(folder):
    (folder / NAME).mkdir()
    with pytest.raises(KeptError, match="cannot be read .Is a directory"):
        kept(NAME, never, line())


def test_a_notebook_shows_the_sentence_without_a_traceback(folder, capsys):
    (folder / NAME).write_bytes(b"")
    shell = InteractiveShell.instance(colors="nocolor")
    try:
        shell.push({"kept": kept, "line": line, "never": never})
        shell.run_cell(f"kept({NAME!r}, never, line())", store_history=False)
    finally:
        InteractiveShell.clear_instance()
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.startswith(f"KeptError: {NAME} is damaged")


@pytest.mark.parametrize("variable", [GRADED, UNTRAINED])
def test_nothing_is_trained_where_work_is_graded_or_built(folder, monkeypatch, variable):
    monkeypatch.setenv(variable, "autograde")
    model = line()
    before = values(model)
    if variable == GRADED:
        with pytest.raises(NothingKept, match=f"There is no {NAME} beside this notebook"):
            kept(NAME, never, model)
    else:
        assert kept(NAME, never, model) is model and values(model) == before and not model.training
    assert not (folder / NAME).exists()
    (folder / NAME).write_bytes(save(state(5.0)))  # what was handed in counts in both
    assert kept(NAME, never, line()).weight.tolist() == [[5.0] * 3] * 2


def test_a_reference_run_where_work_is_graded_has_no_file(folder, monkeypatch):
    monkeypatch.setenv(GRADED, "autograde")
    monkeypatch.setenv(UNTRAINED, "yes")
    assert kept(NAME, never, model := line()) is model


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (5, "train.. returned a int: a trained module, or its state dict, is expected"),
        (None, "returned a NoneType"),
        (torch.nn.Linear(3, 5), "train.. has the weights of another model: its weight has the shape .5, 3."),
        (state(float("nan")), "no finite numbers"),
    ],
)
def test_what_a_training_may_not_return_is_not_kept(folder, came, words):
    with pytest.raises(KeptError, match=words):
        kept(NAME, lambda: came, line())
    assert not (folder / NAME).exists()


@pytest.mark.parametrize("train", [BLANK, lambda: BLANK, lambda: BLANK + 1])
def test_a_training_that_is_not_written_yet_is_one_sentence(folder, train):
    with pytest.raises(KeptError, match="Nothing is trained yet: fill in the blanks"):
        kept(NAME, train, line())


def test_an_interrupted_training_keeps_nothing(folder):
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(NAME, stopped, line())
    assert sorted(os.listdir(folder)) == ["elsewhere"]


def test_a_file_that_another_kernel_wrote_meanwhile_stays(folder, capsys):
    def slow():
        save_file(state(7.0), folder / NAME)
        return state(2.0)

    got = kept(NAME, slow, line())
    assert load_file(folder / NAME)["weight"][0, 0] == 7 and got.weight[0, 0] == 2
    assert "stays as it is" in capsys.readouterr().out


def test_a_full_disk_loses_no_training(folder, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    got = kept(NAME, lambda: state(2.0), line())
    assert got.weight[0, 0] == 2 and sorted(os.listdir(folder)) == ["elsewhere"]
    assert "could not be written (No space left on device)" in capsys.readouterr().out
