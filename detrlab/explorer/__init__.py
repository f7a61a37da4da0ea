"""Live views for notebooks: look inside a model, and try things on it.

    from detrlab.explorer import compose_scene, explore, switch_heads

    explore(model, "my_picture.png")       # move the mouse and see what the model looks at from there
    composer = compose_scene(model)        # drag shapes onto paper; then composer.picture
    switch_heads(model, "my_picture.png")  # what is lost without this head?

`explore(...).save("page.html")` makes a page that works anywhere, without server or network.
"""

from __future__ import annotations

from torch import nn

from detrlab.attention.capture import capture_attention
from detrlab.detr.detect import detect
from detrlab.explorer.compose import SceneComposer, compose_scene
from detrlab.explorer.heads import HeadSwitches, switch_heads
from detrlab.explorer.widget import Explorer
from detrlab.images import Source, open_picture

__all__ = ["Explorer", "HeadSwitches", "SceneComposer", "compose_scene", "explore", "switch_heads"]


def explore(model: nn.Module, picture: Source, threshold: float = 0.7) -> Explorer:
    """Detect objects in a picture and open the attention of that run.

    Args:
        model: from `load_model` (or a fast form of it).
        picture: anything `open_picture` takes.
        threshold: where the slider for detections starts, 0..1; it can be moved afterwards.

    Raises:
        ValueError: a threshold outside 0..1, or a model without attention, classes or input_size.
        PictureError: the picture cannot be opened.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold}, a probability 0..1 is expected")
    picture = open_picture(picture)
    with capture_attention(model, lazy=True) as attention:
        detections = detect(model, picture, threshold=0.0)
    return Explorer(attention, picture, detections, threshold)
