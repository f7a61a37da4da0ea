"""Detection with DETR-R50 at 800x1066: the fast form against the plain one, and against HuggingFace's."""

from __future__ import annotations

from statistics import median

import torch

from bench.figure import Figure, cpu_seconds
from detrlab.attention.capture import capture_attention
from detrlab.detr.fast import fast
from detrlab.detr.models import load_model

SIZE = (800, 1066)
ROUNDS = 5


def measure() -> dict[str, Figure]:
    """`detect.cpu_ratio_plain`, and the peer for scale: `detect.cpu_ratio_huggingface`."""
    torch.manual_seed(0)
    picture = torch.randn(1, 3, *SIZE)
    plain = load_model("detr_resnet50")
    quick = fast(plain)
    forms = {"plain": lambda: plain(picture), "fast": lambda: with_maps(quick, picture), "peer": huggingface(picture)}
    times: dict[str, list[float]] = {name: [] for name in forms}
    with torch.inference_mode():
        for _ in range(ROUNDS + 1):  # the first round warms up
            for name, work in forms.items():
                times[name].append(cpu_seconds(work))
    medians = {name: median(found[1:]) for name, found in times.items()}
    how = f"median CPU s of {ROUNDS} interleaved runs at {SIZE[0]}x{SIZE[1]}; plain took {medians['plain']:.2f} s"
    return {
        "detect.cpu_ratio_plain": Figure(
            medians["fast"] / medians["plain"], "of plain", "<= 0.75", f"fast form, last 2 maps per head; {how}"
        ),
        "detect.cpu_ratio_huggingface": Figure(
            medians["peer"] / medians["plain"], "of plain", "", f"transformers' DetrForObjectDetection; {how}"
        ),
    }


def with_maps(model: torch.nn.Module, picture: torch.Tensor) -> None:
    """One forward with the last encoder and decoder maps per head."""
    with capture_attention(model, lazy=True) as attention:
        model(picture)
    attention.encoder(head="all").weights  # noqa: B018  (computed when asked for)
    attention.decoder_cross(head="all")


def huggingface(picture: torch.Tensor):
    """A call of transformers' DETR-R50 of the same size, with random weights."""
    from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig

    config = DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=ResNetConfig(out_features=["stage4"]),
        attn_implementation="eager",
    )
    model = DetrForObjectDetection(config).eval()
    return lambda: model(pixel_values=picture)
