"""The short DETR together with what helps only while it learns, and how it is trained."""

from torch import Tensor, nn

from detrlab.detr.detr import MLP
from detrlab.detr.models import load_model
from detrlab.training.loop import DATA, Recipe
from tools.train_short.short_detr import ShortDETR
from tools.train_short.warm_start import start_from_shapes


class ShortLearner(nn.Module):
    """The short DETR with two extra heads, as `ShapesLearner`; its own heads read the earlier decoder layers, too."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ShortDETR()
        self.layers: list[Tensor] = []
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            if isinstance(module, nn.MultiheadAttention):
                module.dropout = 0.0
                module.register_forward_pre_hook(_ask_for_weights, with_kwargs=True)
        D, K = self.model.conv.out_channels, self.model.linear_class.out_features - 1
        self.token_class, self.token_box = nn.Linear(D, K + 1), MLP(D, D, 4, num_layers=3)
        self.model.transformer.encoder.register_forward_hook(self._keep_memory)
        for layer in self.model.transformer.decoder.layers[:-1]:
            layer.register_forward_hook(self._keep_layer)

    def _keep_memory(self, module: nn.Module, inputs: tuple, memory: Tensor) -> None:
        self.memory = memory.transpose(0, 1)  # (B, S, D)

    def _keep_layer(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        self.layers.append(output.transpose(0, 1))  # (B, Q, D)

    def forward(self, pictures: Tensor) -> tuple[dict, dict]:
        self.layers.clear()
        model = self.model
        outputs = model(pictures)
        earlier = [model.transformer.decoder.norm(layer) for layer in self.layers]
        outputs["aux_outputs"] = [
            {"pred_logits": model.linear_class(h), "pred_boxes": model.linear_bbox(h).sigmoid()} for h in earlier
        ]
        tokens = {
            "pred_logits": self.token_class(self.memory),
            "pred_boxes": self.token_box(self.memory).sigmoid(),
        }
        return outputs, tokens


def _ask_for_weights(module: nn.Module, inputs: tuple, keywords: dict) -> tuple[tuple, dict]:
    """Fused attention in bfloat16 is slow backwards on a CPU; asking for the weights takes the plain way."""
    return inputs, keywords | {"need_weights": True}


def warm_learner() -> ShortLearner:
    """A learner that starts from the shipped "shapes" model."""
    learner = ShortLearner()
    start_from_shapes(learner.model, load_model("shapes", DATA / "shapes.safetensors"))
    return learner


# Its learned positions count cells, so they mean something at one resolution only.
SHORT = Recipe("short_detr", warm_learner, ShortDETR, minutes=25.0, one_resolution=True)
