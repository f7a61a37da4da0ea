"""The command line: `detrlab detect PICTURE`, `detrlab explore PICTURE`, `detrlab train --coco PATH`, `detrlab eval
--coco PATH`, and for the models made here `detrlab train NAME`, `detrlab eval NAME`.

Everything heavy is imported only when a picture is to be looked at, so that --help and a mistyped option
answer at once.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch.nn import Module

DETECTORS = ("shapes", "shapes_plain")  # made here
TRAINED = (*DETECTORS, "shapes_panoptic", "clip", "dino")
MODELS = (*DETECTORS, "detr_resnet50", "detr_resnet50_dc5", "detr_resnet101", "detr_resnet101_dc5")
LONGEST_NAME = 80  # characters of an address's last part

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, or 2 for what the user can put right."""
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="detrlab", description="Detection transformers, to look into.")
    parser.add_argument("--version", action="version", version=f"detrlab {version('detrlab')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_detect, _add_explore, _add_train, _add_eval):
        add(commands)
    return parser


def _add_detect(commands: Commands) -> None:
    detect = commands.add_parser(
        "detect",
        help="find objects in a picture and draw them",
        description="Finds the objects in a picture, prints class, score and box (pixels), and draws them.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_picture(detect)
    detect.add_argument(
        "--attention", action="store_true", help="draw where queries and points of the picture look, too"
    )
    detect.set_defaults(run=_look, work=_write_detections)


def _add_explore(commands: Commands) -> None:
    explore = commands.add_parser(
        "explore",
        help="write a page to look into the attention of a picture",
        description="Writes the attention explorer of a picture as one page, to open in any browser, offline.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_picture(explore)
    explore.set_defaults(run=_look, work=_write_explorer)


def _add_picture(command: argparse.ArgumentParser) -> None:
    """What both commands for a picture take."""
    command.add_argument("picture", metavar="PICTURE", help="file or address (http, https) of a picture")
    _add_model(command, "shapes")
    command.add_argument("--threshold", metavar="T", type=_probability, default=0.7, help="keep scores above T, 0 to 1")
    command.add_argument(
        "--out", metavar="DIR", default="detrlab_out", help="where the picture gets a folder of its own name"
    )


def _add_model(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--model",
        metavar="NAME",
        type=_model,
        default=default,
        help="one of " + ", ".join(MODELS) + "; the detr_ ones use the official weights, fetched once. Or a "
        "model.safetensors of `detrlab train --coco PATH`",
    )


def _look(options: argparse.Namespace) -> int:
    """Opens the picture and the model for a command's work(picture, model, folder, options)."""
    import matplotlib

    matplotlib.use("Agg")  # files only: needs no screen

    from detrlab.detr.models import load_model
    from detrlab.images import open_picture
    from detrlab.weights import WeightsError

    # Mistakes with a picture, weights or a folder are the user's to put right: a sentence, no traceback.
    try:
        picture = open_picture(options.picture)
        folder = _folder_of(options.picture, Path(options.out))
        model = load_model(options.model, _weights(options.model))
        options.work(picture, model, folder, options)
    except (ValueError, WeightsError, OSError) as error:
        print(f"detrlab: {error}", file=sys.stderr)
        return 2
    return 0


def _write_detections(picture: Image, model: Module, folder: Path, options: argparse.Namespace) -> None:
    """Prints a table and writes detections.png (and decoder.png, encoder.png)."""
    from detrlab.attention.capture import capture_attention
    from detrlab.detr.detect import detect
    from detrlab.figures.attention import plot_decoder_attention, plot_encoder_attention
    from detrlab.figures.detections import plot_detections

    with capture_attention(model, lazy=True) as attention:
        detections = detect(model, picture, options.threshold)

    found = {0: "nothing", 1: "1 object"}.get(len(detections), f"{len(detections)} objects")
    size = f"{picture.width} x {picture.height} pixels"
    print(f"{options.model} found {found} above {options.threshold:g} in {options.picture} ({size})")
    if len(detections):
        width = max(map(len, (*detections.names, "class")))
        print(f"\n {'#':>2}  {'class':{width}}  score  {'x0':>7} {'y0':>7} {'x1':>7} {'y1':>7}  (pixels)")
        for number, detection in enumerate(detections, start=1):
            corners = " ".join(f"{value:7.1f}" for value in detection.box_xyxy)
            print(f" {number:>2}  {detection.name:{width}}  {detection.score:5.2f}  {corners}")
    print()
    figures = {"detections.png": plot_detections(picture, detections)}
    if options.attention:
        figures["decoder.png"] = plot_decoder_attention(picture, detections, attention)
        figures["encoder.png"] = plot_encoder_attention(picture, attention)
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=150)
        print(f"wrote {folder / name}")


def _write_explorer(picture: Image, model: Module, folder: Path, options: argparse.Namespace) -> None:
    """Writes explorer.html."""
    from detrlab.explorer.explore import explore

    page = explore(model, picture, options.threshold).save(folder / "explorer.html")
    print(f"wrote {page}: open it in a browser, it needs no network")


def _folder_of(source: str, out: Path) -> Path:
    """The picture's own folder in `out`, with its name; where another picture has that one, with a number behind."""
    if source.lower().startswith(("http://", "https://")):
        place = source
        stem = Path(urlsplit(source).path).stem
    else:
        place = str(Path(source).expanduser().resolve())
        stem = Path(place).stem
    stem = re.sub(r"[^\w-]+", "_", stem).strip("_")[:LONGEST_NAME] or "picture"
    out.mkdir(parents=True, exist_ok=True)
    names = chain([stem], (f"{stem}_{number}" for number in count(2)))
    return next(out / name for name in names if _is_of(out / name, place))


def _is_of(folder: Path, place: str) -> bool:
    """Does a folder hold what was made of the picture from `place`? One that is not there yet is made for it."""
    whose = folder / "picture.txt"
    if not folder.exists():
        folder.mkdir()
        whose.write_text(place, encoding="utf-8")
    return whose.is_file() and whose.read_text(encoding="utf-8") == place


def _add_train(commands: Commands) -> None:
    train = commands.add_parser(
        "train",
        help="fine-tune a model on a data set in COCO's format, or train a small model (in a checkout)",
        description="Fine-tunes a model on a data set of your own in COCO's format. Or, with a name alone, trains one "
        "of the small models anew. A run that was stopped goes on with the same command.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    train.add_argument("name", nargs="?", choices=TRAINED, help="of a small model")
    train.add_argument(
        "--steps", metavar="N", type=_count, default=argparse.SUPPRESS, help="how many (those of the shipped weights)"
    )
    train.add_argument(
        "--coco", metavar="PATH", help="a folder with annotations/instances_train2017.json and pictures in train2017/"
    )
    _add_model(train, "detr_resnet50")
    train.add_argument("--epochs", metavar="N", type=_count, default=50, help="how often each picture is seen")
    train.add_argument("--batch", metavar="B", type=_count, default=2, help="pictures at a time")
    train.add_argument(
        "--out", metavar="DIR", default="detrlab_out", help="where the data set gets a folder of its name"
    )
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    if (options.name is None) == (options.coco is None):
        print("detrlab: what is to be trained? Give --coco PATH, or a name as in: train shapes", file=sys.stderr)
        return 2
    if options.coco is not None:
        return _finetune(options)
    from detrlab.training.recipes import RECIPES

    return RECIPES[options.name].train(getattr(options, "steps", None))


def _finetune(options: argparse.Namespace) -> int:
    from detrlab.detr.models import load_model
    from detrlab.training.faults import TrainingError
    from detrlab.training.finetune import finetune
    from detrlab.weights import WeightsError

    folder = Path(options.coco)
    out = Path(options.out) / folder.resolve().name
    try:
        if options.model not in MODELS:
            raise ValueError(f"--model {options.model}: training starts from one of {', '.join(MODELS)}")
        model = load_model(options.model, _weights(options.model))
        finetune(model, options.model, folder, out, epochs=options.epochs, batch=options.batch)
    except (ValueError, TrainingError, WeightsError, OSError) as error:
        print(f"detrlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        print(f"detrlab: {stopped}, with the same command", file=sys.stderr)
        return 130
    weights = out / "model.safetensors"
    print(f"wrote {weights}; look with: detrlab detect PICTURE --model {weights}")
    return 0


def _add_eval(commands: Commands) -> None:
    evaluate = commands.add_parser(
        "eval",
        help="measure a model on a data set in COCO's format, or a small model on held-out scenes",
        description="Measures a model on a data set in COCO's format with pycocotools' twelve numbers; a run that was "
        "stopped goes on where it was. Or, with a name alone, one of the small models on held-out scenes.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    evaluate.add_argument("name", nargs="?", choices=TRAINED, help="of a small model, for held-out scenes")
    evaluate.add_argument(
        "--scenes", metavar="N", type=int, default=1000, help="how many held-out scenes, for a detector"
    )
    evaluate.add_argument(
        "--coco", metavar="PATH", help="a folder with annotations/instances_val2017.json and pictures in val2017/"
    )
    _add_model(evaluate, "detr_resnet50")
    evaluate.add_argument(
        "--batch",
        metavar="B",
        type=_count,
        default=argparse.SUPPRESS,
        help="pictures at a time (2; for DC5 models, which padding harms, 1)",
    )
    evaluate.add_argument(
        "--out", metavar="DIR", default="detrlab_out", help="where the model gets a folder of its own name"
    )
    evaluate.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    if (options.name is None) == (options.coco is None):
        print("detrlab: what is to be measured? Give --coco PATH, or a name as in: eval shapes", file=sys.stderr)
        return 2
    return _evaluate_scenes(options) if options.coco is None else _evaluate_coco(options)


def _evaluate_scenes(options: argparse.Namespace) -> int:
    import json

    import torch

    from detrlab.evaluation.shipped import measure_shipped
    from detrlab.weights import WeightsError

    torch.set_num_threads(1)
    try:
        figures = measure_shipped(options.name, options.scenes)
    except WeightsError as error:
        print(f"detrlab: {error}", file=sys.stderr)
        return 2
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2))
    return 0


def _evaluate_coco(options: argparse.Namespace) -> int:
    from detrlab.detr.models import load_model
    from detrlab.evaluation.evaluate_coco import evaluate_coco
    from detrlab.weights import WeightsError

    out = Path(options.out) / (options.model if options.model in MODELS else Path(options.model).resolve().parent.name)
    batch = getattr(options, "batch", 1 if options.model.endswith("_dc5") else 2)
    try:
        model = load_model(options.model, _weights(options.model))
        result = evaluate_coco(model, options.coco, out, batch)
    except (ValueError, WeightsError, OSError) as error:
        print(f"detrlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"detrlab: stopped; the same command goes on from what is in {out}", file=sys.stderr)
        return 130
    print(f"{options.model} on {result.pictures} pictures of {options.coco}, {len(result.skipped)} skipped")
    print(result.text, end="")
    print(f"wrote {out / 'results.json'}")
    return 0


def _weights(model: str) -> str | None:
    """What `load_model` takes beside this name."""
    return "official" if model in MODELS and model not in DETECTORS else None


def _model(text: str) -> str:
    if text not in MODELS and not text.endswith(".safetensors"):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(MODELS)}, and no model.safetensors")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


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
