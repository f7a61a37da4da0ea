"""`first_divergence`: the first layer in which two models part, whatever makes them part."""

import copy
import random

import pytest
import torch
from torch import nn

from detrlab.divergence import OUTPUT, first_divergence


class Small(nn.Module):
    """3 numbers in, 5 wide, 2 out; `act` is called twice."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.act, self.head = (
            nn.Linear(3, 5),
            nn.Linear(5, 5),
            nn.ReLU(inplace=True),
            nn.Linear(5, 2),
        )

    def forward(self, x):
        h = self.act(self.one(x))
        return {"out": self.head(self.act(self.two(0.1 * h)))}


class Attends(nn.Module):
    """Seven tokens that attend to each other; the pair (tokens, weights) comes out of the attention."""

    def __init__(self):
        super().__init__()
        self.attention, self.norm = nn.MultiheadAttention(4, 2), nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(self.attention(x, x, x)[0])


X = torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.25, -1.0]])


def filled(model, seed=3):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model


def changed(forward=None, model=Small, **parts):
    """A model with other weights, other parts, or another forward."""
    mine = filled(model(), seed=5)
    for name, part in parts.items():
        setattr(mine, name, part)
    if forward:
        mine.forward = forward.__get__(mine)
    return mine


def verdicts(found):
    return {row.name: row.verdict for row in found.rows}


def test_the_same_model_agrees_with_other_weights_of_its_own():
    found = first_divergence(changed(), filled(Small()), X)
    assert (found.first, found.unfit) == (None, ())
    assert list(verdicts(found)) == ["one", "act", "two", "act #2", "head", OUTPUT]
    assert set(verdicts(found).values()) == {"OK"}
    assert str(found).startswith("The two agree in everything that they compute.")


def test_a_layer_that_computes_something_else():
    def shifted(self, x):
        return nn.functional.linear(x, self.weight, self.bias) + 0.25

    mine = changed()
    mine.two.forward = shifted.__get__(mine.two)
    found = first_divergence(mine, filled(Small()), X)
    assert (found.first, found.after) == ("two", "act")
    assert found.rows[2].by == pytest.approx(0.25)
    assert verdicts(found)["head"] == "input differs"
    assert "\n> two       differs by up to 0.25\n" in str(found)


def test_what_lies_between_two_layers():
    def forward(self, x):
        return {"out": self.head(self.act(self.two(self.act(self.one(x)))))}  # without 0.1

    found = first_divergence(changed(forward), filled(Small()), X)
    assert (found.first, found.after) == ("two", "act")
    assert verdicts(found)["two"] == "input differs"
    assert "look at the lines between act and the call of two (input differs at input by up to" in found.summary


def test_what_lies_behind_the_last_layer():
    def forward(self, x):
        return {"out": 2 * Small.forward(self, x)["out"]}

    found = first_divergence(changed(forward), filled(Small()), X)
    assert (found.first, found.after) == (OUTPUT, "head")
    assert found.rows[-1].text.startswith("differs at out by up to")


def test_another_shape_keeps_its_own_weights_and_is_said_to():
    found = first_divergence(changed(two=nn.Linear(5, 7), head=nn.Linear(7, 2)), filled(Small()), X)
    assert found.first == "two"
    assert found.rows[2].text == "differs in shape: (2, 7), reference (2, 5)"
    assert found.unfit[0] == "two.weight is (7, 5), in the reference (5, 5)"
    assert "weights: two.weight is (7, 5), in the reference (5, 5)" in str(found)


def test_a_layer_under_another_name():
    def forward(self, x):
        return {"out": self.head(self.act(self.second(0.1 * self.act(self.one(x)))))}

    mine = changed(forward, second=nn.Linear(5, 5))
    del mine.two
    found = first_divergence(mine, filled(Small()), X)
    assert found.first == "two"
    assert verdicts(found)["two"] == "missing" and verdicts(found)["second"] == "extra"
    assert {"second.weight (5, 5) is in mine only", "two.weight (5, 5) is in the reference only"} < set(found.unfit)


def test_a_layer_that_is_never_called_is_wrong_where_it_matters():
    def skips(self, x):
        return {"out": self.head(self.act(self.two(0.1 * self.one(x))))}  # relu is called once, and later

    found = first_divergence(changed(skips), filled(Small()), X)
    assert found.first == "act" and verdicts(found)["act #2"] == "never called"

    def by_hand(self, x):
        weight, bias = self.two.weight, self.two.bias
        h = torch.relu(nn.functional.linear(0.1 * self.act(self.one(x)), weight, bias))
        return {"out": self.head(h)}

    found = first_divergence(changed(by_hand), filled(Small()), X)
    assert found.first is None and verdicts(found)["two"] == verdicts(found)["act #2"] == "never called"

    def by_hand_and_wrong(self, x):
        return {"out": 3 * by_hand(self, x)["out"]}

    assert first_divergence(changed(by_hand_and_wrong), filled(Small()), X).first == OUTPUT


def test_a_call_too_many():
    def forward(self, x):
        return {"out": self.act(-Small.forward(self, x)["out"])}

    found = first_divergence(changed(forward), filled(Small()), X)
    assert found.first == OUTPUT
    assert [(row.name, row.verdict) for row in found.rows[-3:-1]] == [("head", "OK"), ("act #3", "extra")]


def test_an_exception_stands_where_it_happened():
    def forward(self, x):
        h = self.act(self.one(x))
        return {"out": self.head(self.two(h.T))}

    found = first_divergence(changed(forward), filled(Small()), X)
    assert (found.first, found.after) == ("two", "act")
    assert found.rows[2].detail.startswith("at input in shape: (5, 2), reference (2, 5); RuntimeError: ")
    assert verdicts(found)["head"] == "not reached"

    def raises(self, x):
        self.act(self.one(x))
        raise KeyError("<b>")

    found = first_divergence(changed(raises), filled(Small()), X)
    assert (found.first, found.after) == (OUTPUT, "act")
    assert [row.text for row in found.rows[2:4]] == ["raised: KeyError: '<b>'", "not reached"]
    assert "&lt;b&gt;" in found._repr_html_() and "<b>" not in found._repr_html_()

    class Raises(nn.Module):
        def forward(self, x):
            raise RuntimeError("no")

    def inside_an_extra(self, x):
        return {"out": self.new(self.one(x))}

    assert first_divergence(changed(inside_an_extra, new=Raises()), filled(Small()), X).first == "new"


def test_an_exception_of_the_reference_is_raised():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        first_divergence(changed(), filled(Small()), X.T)


def test_tuples_and_arguments_by_name():
    x = torch.randn(7, 3, 4, generator=torch.Generator().manual_seed(1))

    def by_name(self, x):
        return self.norm(self.attention(value=x, key=x, query=x, need_weights=False)[0])

    assert first_divergence(changed(by_name, Attends), filled(Attends()), x).first is None

    def turned(self, x):
        return self.norm(self.attention(x, x, x.flip(0))[0])

    found = first_divergence(changed(turned, Attends), filled(Attends()), x)
    assert found.first == "attention" and found.rows[0].text.startswith("input differs at value by up to")


def test_several_inputs():
    a, b = X, torch.ones(2, 3)
    for inputs in ((a, b), {"input1": a, "input2": b}):
        assert first_divergence(nn.Bilinear(3, 3, 2), nn.Bilinear(3, 3, 2), inputs).first is None


def test_one_parameter_under_two_names():
    class Tables(nn.Module):
        def __init__(self, tied):
            super().__init__()
            self.row = nn.Parameter(torch.zeros(2))
            self.column = self.row if tied else nn.Parameter(torch.ones(2))

        def forward(self, x):
            return x + self.row - self.column

    found = first_divergence(Tables(tied=True), Tables(tied=False), torch.ones(2))
    assert found.unfit == ("column (2,) is another parameter's second name in mine",)
    assert found.first == OUTPUT and found.rows[0].by == 1


def test_nothing_of_the_two_changes():
    class Careless(nn.Module):
        """Writes into its input, its statistics and its weights, draws numbers, and trains itself."""

        def __init__(self):
            super().__init__()
            self.norm, self.drop = nn.BatchNorm1d(3), nn.Dropout(0.5)

        def forward(self, x):
            self.norm.train()
            x.mul_(2)
            self.norm.weight.add_(1)
            return self.norm(x) * torch.rand(3)

    mine, reference, x = Careless(), Careless(), X.clone()
    mine.norm.eval()
    mine.drop.eval()
    before = [copy.deepcopy(model.state_dict()) for model in (mine, reference)]
    modes = [[module.training for module in model.modules()] for model in (mine, reference)]
    torch_state, python_state = torch.get_rng_state(), random.getstate()
    assert first_divergence(mine, reference, x).first is None  # both draw the same numbers
    assert torch.equal(torch_state, torch.get_rng_state()) and python_state == random.getstate()
    assert torch.equal(x, X) and torch.is_grad_enabled() and torch.backends.mha.get_fastpath_enabled()
    for model, weights, mode in zip((mine, reference), before, modes, strict=True):
        assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())
        assert [module.training for module in model.modules()] == mode
        hooks = [module._forward_hooks or module._forward_pre_hooks for module in model.modules()]
        assert not any(hooks)
        assert all(isinstance(parameter, nn.Parameter) for parameter in model.parameters())


def test_long_runs_are_counted_and_the_page_may_be_dark():
    stack = nn.Sequential(*(nn.Linear(3, 3) for _ in range(20)))
    text = str(first_divergence(copy.deepcopy(stack), stack, X))
    assert [line.split() for line in text.splitlines()[2:9]] == [
        *(["0", "OK"], ["1", "OK"], ["2", "OK"], ["...", "OK:", "15", "more"]),
        *(["18", "OK"], ["19", "OK"], [OUTPUT, "OK"]),
    ]
    page = first_divergence(copy.deepcopy(stack), stack, X)._repr_html_()
    assert "color:" not in page and page.count("<tr") == 8
