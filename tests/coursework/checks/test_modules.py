"""What a check sees of a torch module."""

import pytest
import torch
from torch import nn

from coursework.checks.freezing import freeze
from coursework.checks.modules import layer_outputs, output_of, runs_inside, shapes_of, sizes_of
from coursework.marking.compare import difference


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.ones(7, 2))
        self.body = nn.Sequential(nn.Linear(3, 5), nn.ReLU(inplace=True))
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        return self.head(self.body(x))


X = torch.tensor([[1.0, -2.0, 3.0]])
NAMES = ("body.0", "body", "head")


@pytest.fixture
def model():
    model = Model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.linspace(-1, 1, parameter.numel()).reshape(parameter.shape))
    return model


def outputs(model, names=NAMES):
    with layer_outputs(model, *names) as layers:
        model(X)
    return layers


def test_parameters_by_name_and_by_part(model):
    assert shapes_of(model)["body.0.weight"] == "(5, 3)" and shapes_of(model)["table"] == "(7, 2)"
    assert sizes_of(model) == {"table": 14, "body": 5 * 3 + 5, "head": 2 * 5 + 2}


def test_an_output_or_the_name_of_the_error():
    assert torch.equal(output_of(nn.Identity(), X), X)
    assert output_of(nn.Linear(5, 2), X) == "RuntimeError"
    assert output_of(nn.TransformerEncoderLayer(4, 2), X[None, None]) == "AssertionError"


def test_what_layers_give_in_the_order_asked_for(model):
    layers = outputs(model)
    assert list(layers) == ["1. body.0", "2. body", "3. head"]
    torch.testing.assert_close(layers["1. body.0"], model.body[0](X))  # as it was before ReLU wrote into it
    torch.testing.assert_close(layers["2. body"], model.body[0](X).relu())
    assert not any(layer._forward_hooks for layer in model.modules())


def test_the_first_difference_is_that_of_the_first_layer(model):
    right = freeze(outputs(model))
    model.body[1] = nn.Identity()
    found = difference(freeze(outputs(model)), right)
    assert found.path[0] == "2. body"


def test_a_layer_of_which_only_the_weights_are_used(model):
    right = outputs(model)["3. head"]
    model.forward = lambda x: model.body(x) @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(outputs(model)["3. head"], right)


def test_a_layer_that_is_not_there(model):
    layers = outputs(model, ("body", "neck", "head"))
    assert layers["2. neck"] == "nothing was given by a layer neck"
    assert layers["3. head"].shape == (1, 2)


def test_the_first_of_several_calls(model):
    model.forward = lambda x: (model.body(x), model.body(2 * x))
    torch.testing.assert_close(outputs(model)["2. body"], model.body(X))


def test_who_is_being_called():
    def inner():
        return runs_inside(outer), runs_inside(other)

    def outer():
        return inner()

    def other():
        return None

    for function in (outer, other):
        function.__module__ = __name__
    assert outer() == (True, False) and inner() == (False, False)


def test_layers_of_which_none_was_called(model):
    with layer_outputs(model, "body", "head") as found:
        pass
    assert found == {"1. body": "nothing was given by a layer body", "2. head": "nothing was given by a layer head"}
