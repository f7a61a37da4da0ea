"""`python -m tools.train_short train` trains the short DETR into data/, `... eval` measures what lies there."""

import argparse
import json
import sys

from detrlab.detr.models import short_weights
from detrlab.evaluation.evaluate import evaluate
from tools.train_short.learner import SHORT
from tools.train_short.short_detr import ShortDETR


def shipped() -> ShortDETR:
    """The short DETR with its shipped weights, in eval mode."""
    model = ShortDETR()
    model.load_state_dict(short_weights())
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("train", "eval"))
    parser.add_argument("--steps", type=int, default=SHORT.recipe.steps, help="of training, after the scenes are drawn")
    parser.add_argument("--scenes", type=int, default=1000, help="held-out scenes to measure on")
    arguments = parser.parse_args()
    if arguments.what == "train":
        sys.exit(SHORT.train(arguments.steps))
    else:
        figures = evaluate(shipped(), arguments.scenes)
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
