"""What the tutor says after an exception that is no known mistake, on exceptions that torch and Python raise."""

import string

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from coursework.checks.freezing import raised
from coursework.marking.exceptions import MEANINGS, meaning, sizes_in
from coursework.marking.messages import MESSAGES

T = torch.ones
CASES = {
    "columns (10) must be as many as the right one's rows (7)": lambda: T(14, 10) @ T(7, 3),
    "it takes 7 numbers on the last axis, and 10 came": lambda: nn.Linear(7, 3)(T(14, 10)),
    "on axis 1 they have 2 and 3": lambda: T(5, 2) + T(5, 3),
    "along axis 1 must agree on all others; here 2 and 3": lambda: torch.cat([T(2, 5), T(3, 5)], 1),
    "must all have the same shape": lambda: torch.stack([T(2), T(3)]),
    "equally many axes; here 2 and 1": lambda: torch.cat([T(2, 5), T(5)]),
    "takes 3 channels (axis 1 of (B, C, H, W)) and got 5": lambda: nn.Conv2d(3, 7, 1)(T(1, 5, 8, 8)),
    "(C, H, W) for a single image; (8, 8) came": lambda: nn.Conv2d(3, 7, 1)(T(8, 8)),
    "and 3 axes came: is the batch axis there?": lambda: nn.BatchNorm2d(3)(T(3, 8, 8)),
    "tokens of width 8, on the last axis; 6 came": lambda: nn.MultiheadAttention(8, 2)(
        T(5, 1, 6), T(5, 1, 6), T(5, 1, 6)
    ),
    "there are no weights for weight, bias; the module has no w": lambda: nn.Linear(2, 3).load_state_dict({"w": T(2)}),
    "of another size: weight": lambda: nn.Linear(2, 3).load_state_dict({"weight": T(2, 3), "bias": T(3)}),
    "6 numbers do not fill the shape (4, 2)": lambda: T(6).view(4, 2),
    "use `reshape`": lambda: T(2, 3).T.view(6),
    "names every axis": lambda: T(2, 3).permute(0, 1, 2),
    "only repeats axes of length 1": lambda: T(2, 3).expand(5, 3),
    "4 names stand on the left, and 3 values came": lambda: exec("a, b, c, d = 1, 2, 3"),
    "2 names stand on the left, and more": lambda: exec("a, b = 1, 2, 3"),
    "Axis 0 has 2 entries, 0 to 2 - 1, and entry 5": lambda: T(2, 3)[5],
    "There is no axis 2": lambda: T(2, 3).sum(2),
    "more indices in [...]": lambda: T(2)[0, 0],
    "The list is shorter": lambda: [1][3],
    "The tuple is shorter": lambda: (1,)[3],
    "A mask must have the shape": lambda: T(2)[T(3).bool()],
    "An index must be whole numbers": lambda: T(2)[T(1)],
    "no key 'star'": lambda: {}["star"],
    "Nothing is called nowhere here": lambda: nowhere,  # noqa: F821
    "A blank ____ is still there": lambda: exec("____ + 1", {}),
    "A tensor has no `astype`": lambda: T(2).astype(float),
    "torch has nothing called `sofmax`": lambda: torch.sofmax,
    "A Linear has no `wieght`": lambda: nn.Linear(2, 3).wieght,
    "A None was used": lambda: None.shape,
    "A None was used as": lambda: torch.cat([T(1), None]),
    "has no argument `wide`": lambda: nn.Linear(2, 3, wide=1),
    "`bias` is given twice": lambda: nn.Linear(2, 3, True, bias=1),
    "needs more arguments": lambda: nn.Linear(2),
    "more arguments than it takes": lambda: (lambda: 0)(1),
    "[...] follows a int": lambda: int("7")[0],
    "(...) follows a int": lambda: int("7")(),
    "Something without items": lambda: list(7),
    "+ does not work between a int and a str": lambda: 1 + "a",
    "Argument `input` must be of type Tensor and is a list": lambda: torch.softmax([1.0], 0),
    "has no `forward` of its own": lambda: type("M", (nn.Module,), {})()(1),
    "want one truth value": lambda: bool(T(2)),
    "One number was wanted": lambda: T(2).item(),
    "after `.detach()` only": lambda: T(2, requires_grad=True).numpy(),
    "changed in place while gradients": lambda: T(2, requires_grad=True).add_(1),
    "Nothing here leads back": lambda: T(()).backward(),
    "and there are not so many classes": lambda: F.cross_entropy(T(3, 5), torch.tensor([0, 5, 1])),
    "counted from 0": lambda: F.one_hot(torch.tensor([0, 7]), 5),
    "entry 9 was asked for": lambda: T(3, 5).gather(1, torch.tensor([[9]])),
    "There is no GPU here": lambda: no_gpu(),
    "must have the same dtype": lambda: T(2, 2) @ T(2, 2).double(),
    "real numbers, and whole": lambda: torch.arange(3).mean(),
    "divided by 0": lambda: 1 / 0,
    "There is no such file": lambda: open("/nowhere/at/all"),  # noqa: SIM115
    "calls itself without end": lambda: again(),
    "An `assert` did not hold": lambda: exec("assert 1 == 2"),
    "first axes must be equal": lambda: torch.bmm(T(2, 3, 5), T(3, 5, 7)),
    "one letter per axis": lambda: torch.einsum("ij,jk->ik", T(2, 3), T(2)),
    "`super().__init__()`": lambda: type("M", (nn.Module,), {"__init__": late})(),
}


def no_gpu():
    raise RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU")


def again():
    return again()


def late(self):
    self.layer = nn.Linear(2, 3)


@pytest.mark.parametrize(("says", "call"), CASES.items(), ids=CASES)
def test_an_exception_is_told_what_it_usually_means(says, call):
    with pytest.raises(Exception) as caught:
        call()
    found = raised(caught.value)
    assert says in meaning(found.error, found.message), found


def test_every_meaning_has_a_sentence_filled_in_with_what_its_pattern_finds():
    for pattern, message in MEANINGS:
        fields = {name for _, name, _, _ in string.Formatter().parse(MESSAGES[message]) if name}
        assert fields <= set(pattern.groupindex) or message == "means_weights", message


def test_an_exception_that_no_row_fits_leads_to_its_traceback():
    assert "whole traceback" in meaning("StrangeError", "?")


def test_letters_of_the_sizes_in_a_message():
    letters = {"Q": 7, "B": 2, "D": 10}
    assert sizes_in("mat1 and mat2 shapes cannot be multiplied (14x10 and 7x3)", letters) == "Q = 7, D = 10"
    assert sizes_in("nothing", letters) == ""


def test_addresses_and_folders_are_left_out_of_a_message():
    found = raised(ValueError("<object at 0x7f705fc04180> is in '/tmp/some/where/file.png', and/or in (B, Q) / 2"))
    assert found.message == "<object at 0x...> is in 'file.png', and/or in (B, Q) / 2"
