"""The short DETR together with what helps only while it learns, and how it is trained."""

from contextlib import ExitStack

from torch import Tensor, nn

from detrlab.detr.models import load_model
from detrlab.training.data import SHORTER
from detrlab.training.learners import TokenHeads
from detrlab.training.recipes import shapes_recipe
from detrlab.training.shipped import DATA, ShippedModel
from tools.train_short.short_detr import ShortDETR
from tools.train_short.warm_start import start_from_shapes


class ShortLearner(nn.Module):
    """The short DETR with two extra heads, as `ShapesLearner`; its own heads read the earlier decoder layers, too."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ShortDETR()
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            if isinstance(module, nn.MultiheadAttention):
                module.dropout = 0.0
                module.register_forward_pre_hook(_ask_for_weights, with_kwargs=True)
        self.heads = TokenHeads(self.model.conv.out_channels, self.model.linear_class.out_features)

    def forward(self, pictures: Tensor) -> dict:
        model, transformer = self.model, self.model.transformer
        memory: list[Tensor] = []  # (S, B, D)
        earlier: list[Tensor] = []  # (Q, B, D) each
        with ExitStack() as hooks:
            hooks.enter_context(transformer.encoder.register_forward_hook(lambda *call: memory.append(call[-1])))
            for layer in transformer.decoder.layers[:-1]:
                hooks.enter_context(layer.register_forward_hook(lambda *call: earlier.append(call[-1])))
            outputs = model(pictures)
        normed = [transformer.decoder.norm(layer.transpose(0, 1)) for layer in earlier]
        outputs["aux_outputs"] = [
            {"pred_logits": model.linear_class(h), "pred_boxes": model.linear_bbox(h).sigmoid()} for h in normed
        ]
        return outputs | {"tokens": self.heads(memory[0].transpose(0, 1), pictures)}


def _ask_for_weights(module: nn.Module, inputs: tuple, keywords: dict) -> tuple[tuple, dict]:
    """Fused attention in bfloat16 is slow backwards on a CPU; asking for the weights takes the plain way."""
    return inputs, keywords | {"need_weights": True}


def warm_learner() -> ShortLearner:
    """A learner that starts from the shipped "shapes" model."""
    learner = ShortLearner()
    start_from_shapes(learner.model, load_model("shapes", DATA / "shapes.safetensors"))
    return learner


# Its learned positions count cells, so they mean something at one resolution only.
SHORT = ShippedModel(shapes_recipe("short_detr", steps=2600), warm_learner, shorter_sides={1.0: {SHORTER: 1.0}})
