"""The command line: `detrlab detect PICTURE`, and `detrlab train NAME`, `detrlab eval NAME` for the models made here.

Everything heavy is imported only when a picture is to be looked at, so that --help and a mistyped option
answer at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

TRAINED = ("shapes", "shapes_plain")
MODELS = ("shapes", "shapes_plain", "detr_resnet50", "detr_resnet50_dc5", "detr_resnet101", "detr_resnet101_dc5")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, or 2 for what the user can put right."""
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="detrlab", description="Detection transformers, to look into.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_detect, _add_train, _add_eval):
        add(commands)
    return parser


def _add_detect(commands: Commands) -> None:
    detect = commands.add_parser(
        "detect",
        help="find objects in a picture and draw them",
        description="Finds the objects in a picture, prints class, score and box (pixels), and draws them.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    detect.add_argument("picture", metavar="PICTURE", help="file or address (http, https) of a picture")
    detect.add_argument(
        "--model",
        metavar="NAME",
        choices=MODELS,
        default="shapes",
        help="one of " + ", ".join(MODELS) + "; the detr_ ones use the official weights, fetched once",
    )
    detect.add_argument("--threshold", metavar="T", type=_probability, default=0.7, help="keep scores above T, 0 to 1")
    detect.add_argument(
        "--attention", action="store_true", help="draw where queries and points of the picture look, too"
    )
    detect.add_argument("--out", metavar="DIR", default="detrlab_out", help="folder for the figures")
    detect.set_defaults(run=_detect)


def _detect(options: argparse.Namespace) -> int:
    # Mistakes with a picture, weights or a folder are the user's to put right: a sentence, no traceback.
    from detrlab.weights import WeightsError

    try:
        _write_detections(options.picture, options.model, options.threshold, options.attention, Path(options.out))
    except (ValueError, WeightsError, OSError) as error:
        print(f"detrlab: {error}", file=sys.stderr)
        return 2
    return 0


def _write_detections(source: str, model_name: str, threshold: float, with_attention: bool, out: Path) -> None:
    """Detect in one picture; prints a table and writes detections.png (and decoder.png, encoder.png) into a
    folder."""
    import matplotlib

    matplotlib.use("Agg")  # files only: needs no screen

    from detrlab.attention.capture import capture_attention
    from detrlab.detr.detect import detect
    from detrlab.detr.models import load_model
    from detrlab.figures.attention import plot_decoder_attention, plot_encoder_attention
    from detrlab.figures.detections import plot_detections
    from detrlab.images import open_picture

    picture = open_picture(source)
    out.mkdir(parents=True, exist_ok=True)
    model = load_model(model_name, None if model_name in TRAINED else "official")
    with capture_attention(model, lazy=True) as attention:
        detections = detect(model, picture, threshold)

    found = {0: "nothing", 1: "1 object"}.get(len(detections), f"{len(detections)} objects")
    print(f"{model_name} found {found} above {threshold:g} in {source} ({picture.width} x {picture.height} pixels)")
    if len(detections):
        width = max(map(len, (*detections.names, "class")))
        print(f"\n {'#':>2}  {'class':{width}}  score  {'x0':>7} {'y0':>7} {'x1':>7} {'y1':>7}  (pixels)")
        for number, detection in enumerate(detections, start=1):
            corners = " ".join(f"{value:7.1f}" for value in detection.box_xyxy)
            print(f" {number:>2}  {detection.name:{width}}  {detection.score:5.2f}  {corners}")
    print()
    figures = {"detections.png": plot_detections(picture, detections)}
    if with_attention:
        figures["decoder.png"] = plot_decoder_attention(picture, detections, attention)
        figures["encoder.png"] = plot_encoder_attention(picture, attention)
    for name, figure in figures.items():
        figure.savefig(out / name, dpi=150)
        print(f"wrote {out / name}")


def _add_train(commands: Commands) -> None:
    train = commands.add_parser("train", help="train a model that ships with the course (in a checkout)")
    train.add_argument("name", choices=TRAINED)
    train.add_argument("--minutes", metavar="M", type=float, help="of training, after the scenes are drawn")
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    from detrlab.training.loop import train
    from detrlab.training.recipes import RECIPES

    recipe = RECIPES[options.name]
    train(recipe, options.minutes or recipe.minutes)
    return 0


def _add_eval(commands: Commands) -> None:
    evaluate = commands.add_parser("eval", help="measure a model that ships with the course on held-out scenes")
    evaluate.add_argument("name", choices=TRAINED)
    evaluate.add_argument("--scenes", metavar="N", type=int, default=1000, help="how many (default 1000)")
    evaluate.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    import json

    import torch

    from detrlab.detr.models import load_model, shapes_model
    from detrlab.evaluation.evaluate import evaluate

    torch.set_num_threads(1)
    torch.manual_seed(0)
    figures = evaluate(load_model(options.name), options.scenes, untrained=shapes_model())
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2))
    return 0


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
