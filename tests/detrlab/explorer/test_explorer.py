"""The explorer's Python part: what is sent rebuilds the captured maps, rows on demand equal them, pages are whole."""

import base64
import json
import re
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from autograder.feedback.safe_html import clean_html
from detrlab.attention.capture import CapturedAttention, capture_attention
from detrlab.detr.detect import Detections
from detrlab.detr.models import load_model
from detrlab.explorer import front_end
from detrlab.explorer.explore import explore
from detrlab.explorer.rows import AttentionRows, kept_layers
from detrlab.explorer.widget import Explorer
from detrlab.images import to_input
from detrlab.scenes.compose import draw_scene

WITHIN = 3e-4  # what rounding to 16 bits may cost


@dataclass
class Run:
    """One picture through "shapes": the capture as oracle, and the explorer of the same run."""

    attention: CapturedAttention
    explorer: Explorer
    sample: int = 0


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return load_model("shapes")


@pytest.fixture(scope="module")
def wide(model) -> Run:
    """A picture whose cells hang over both edges: 128 x 197 pixels for the model, 16 x 25 cells."""
    picture = draw_scene(5, (500, 325)).picture
    with capture_attention(model) as attention, torch.no_grad():
        model(to_input(picture, *model.input_size)[None])
    return Run(attention, explore(model, picture, 0.3))


@pytest.fixture(scope="module")
def padded(model) -> Run:
    """The narrower picture of a padded batch: 11 of 16 columns hold picture."""
    pictures = [draw_scene(7, (128, 128)).picture, draw_scene(8, (83, 128)).picture]
    inputs = [torch.from_numpy(np.array(each)).permute(2, 0, 1) / 255 for each in pictures]
    with capture_attention(model) as whole, torch.no_grad():
        model(inputs)
    with capture_attention(model, lazy=True) as lazy, torch.no_grad():
        out = model(inputs)
    return Run(whole, Explorer(lazy, pictures[1], all_queries(out, 1), 0.3, sample=1), sample=1)


def all_queries(out: dict[str, Tensor], sample: int) -> Detections:
    """Every query as a detection, by number, all with the same box in the picture."""
    Q = out["pred_boxes"].shape[1]
    box = torch.tensor([[11.0, 13.0, 41.0, 83.0]]).expand(Q, 4)
    numbers = torch.arange(Q)
    return Detections(box, torch.zeros(Q).long(), torch.linspace(1, 0, Q), numbers, ("circle",) * Q)


def sent(explorer: Explorer) -> dict[str, np.ndarray]:
    """The arrays as the browser finds them in the bytes."""
    return {
        name: np.frombuffer(
            explorer.data, np.dtype(each["type"]).newbyteorder("<"), np.prod(each["shape"]), each["start"]
        )
        .reshape(each["shape"])
        .astype(np.float64)
        for name, each in explorer.meta["arrays"].items()
    }


def rebuilt(arrays: dict[str, np.ndarray], kind: str, layer: int) -> np.ndarray:
    """(M, N, S) weights from what was sent, as attention_math.js does it."""
    q, k, lse = (arrays[f"{kind}.{layer}.{part}"] for part in ("q", "k", "lse"))
    q = q * arrays[f"{kind}.{layer}.q_step"][:, None]
    k = k * arrays[f"{kind}.{layer}.k_step"][:, None]
    return np.exp(np.einsum("mnd,msd->mns", q, k) - lse[..., None])


@pytest.mark.parametrize("case", ["wide", "padded"])
def test_what_is_sent_rebuilds_every_captured_map(case, request):
    run = request.getfixturevalue(case)
    arrays, grid = sent(run.explorer), run.attention.grid(run.sample)
    H, W = grid.cells_hw
    assert {"wide": (16, 25), "padded": (16, 11)}[case] == (H, W)
    for layer in range(3):
        encoder = run.attention.encoder(layer, "all", sample=run.sample).weights.reshape(4, H * W, H * W)
        cross = run.attention.decoder_cross(layer, "all", sample=run.sample).reshape(4, 20, H * W)
        own = run.attention.decoder_self(layer, "all", sample=run.sample)
        for kind, expected in {"encoder": encoder, "cross": cross, "self": own}.items():
            np.testing.assert_allclose(rebuilt(arrays, kind, layer), expected, rtol=0, atol=WITHIN)


def test_a_dilated_last_stage_has_cells_of_16_pixels():
    torch.manual_seed(7)
    large = load_model("detr_resnet50_dc5")
    large.input_size = (64, 107)
    picture = draw_scene(3, (167, 100)).picture  # 106 x 64 for the model: 7 x 4 cells, the last column of 10 pixels
    explorer = explore(large, picture)
    assert (explorer.meta["grid"]["H"], explorer.meta["grid"]["W"]) == (4, 7)
    assert explorer.meta["grid"]["x_edges"] == pytest.approx([167 * x / 106 for x in (0, 16, 32, 48, 64, 80, 96, 106)])
    with capture_attention(large) as attention, torch.no_grad():
        large(to_input(picture, *large.input_size)[None])
    encoder = attention.encoder(5, "all").weights.reshape(8, 28, 28)
    np.testing.assert_allclose(rebuilt(sent(explorer), "encoder", 5), encoder, rtol=0, atol=WITHIN)


def test_rows_on_demand_equal_the_captured_maps(wide):
    layers = wide.explorer._layers
    encoder = wide.attention.encoder(1, "all").weights.reshape(4, 400, 400)
    close = {"rtol": 1e-4, "atol": 1e-7}
    torch.testing.assert_close(layers["encoder"][1].weights("row", 137, 2), encoder[2, 137], **close)
    torch.testing.assert_close(layers["encoder"][1].weights("column", 137, 2), encoder[2, :, 137], **close)
    torch.testing.assert_close(layers["encoder"][1].weights("column", 137, "mean"), encoder[:, :, 137].mean(0), **close)
    cross = wide.attention.decoder_cross(2).reshape(20, 400)
    torch.testing.assert_close(layers["cross"][2].weights("row", 7, "mean"), cross[7], **close)
    torch.testing.assert_close(layers["self"][0].weights("row", 7, 3), wide.attention.decoder_self(0, 3)[7], **close)


def test_rows_of_two_tokens_by_hand():
    # Scores log 3 and 0: weights 3/4 and 1/4; scores 0 and 0: 1/2 each.
    rows = AttentionRows(torch.tensor([[[1.0], [0.0]]]), torch.tensor([[[3.0], [1.0]]]).log())
    torch.testing.assert_close(rows.weights("row", 0, "mean"), torch.tensor([0.75, 0.25]))
    torch.testing.assert_close(rows.weights("column", 0, 0), torch.tensor([0.75, 0.5]))


def test_a_large_model_keeps_its_queries_and_keys_and_answers_in_order(model, monkeypatch):
    monkeypatch.setattr("detrlab.explorer.widget.ALL_AT_ONCE", 1000)
    explorer = explore(model, draw_scene(5, (500, 325)).picture)
    assert not explorer.meta["whole"] and len(explorer.data) == 3 * 256
    answers = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers: answers.append((content, buffers)))
    wants = [
        {"kind": "cross", "direction": "row", "index": 3, "panels": [[2, "mean"], [0, 1]]},
        {"kind": "encoder", "direction": "column", "index": 137, "panels": [[1, 2]]},
    ]
    explorer._answer(explorer, {"wants": wants, "number": 17}, [])
    [(content, buffers)] = answers
    assert content == {"number": 17}
    first, second, third = (torch.frombuffer(bytearray(each), dtype=torch.float32) for each in buffers)
    kept = explorer._layers
    assert torch.equal(first, kept["cross"][2].weights("row", 3, "mean"))
    assert torch.equal(second, kept["cross"][0].weights("row", 3, 1))
    assert torch.equal(third, kept["encoder"][1].weights("column", 137, 2))
    # Its page brings everything all the same: there is no Python behind it.
    assert len(explorer.whole.data) > 900_000


def test_a_page_is_whole_small_and_always_the_same(wide, tmp_path):
    page = wide.explorer.save(tmp_path / "page.html")
    text = page.read_text()
    assert page.stat().st_size < 10 * 2**20
    assert page.read_bytes() == wide.explorer.save(tmp_path / "again.html").read_bytes()
    assert set(re.findall(r"(?:https?:|//[a-z])[^\s\"']*", strip_base64(text))) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(?:link|script[^>]* src|img[^>]* src=\"(?!data:))", strip_base64(text))
    found = re.search(r'<script type="text/plain" id="data">(.*?)</script>', text)
    assert base64.b64decode(found[1]) == wide.explorer.data


def strip_base64(text: str) -> str:
    return re.sub(r"[A-Za-z0-9+/=]{200,}", "", text)


def test_a_class_name_cannot_end_the_script_of_a_page(model, tmp_path):
    evil = "</script><script>alert(1)</script>"
    classes, model.classes = model.classes, (evil,) * 6
    try:
        text = explore(model, draw_scene(5, (128, 128)).picture).save(tmp_path / "page.html").read_text()
    finally:
        model.classes = classes
    assert "alert(1)</script>" not in text
    meta = re.search(r'<script type="application/json" id="meta">(.*?)</script>', text)
    assert json.loads(meta[1])["detections"][0]["name"] == evil


def test_exported_notebooks_get_a_frame_and_a_figure(wide):
    data, _ = wide.explorer._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "image/png", "text/plain"} == set(data)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_feedback_pages_without_scripts_keep_the_figure_alone(wide):
    data, _ = wide.explorer._repr_mimebundle_()
    figure = f'<img alt="Attention explorer" src="data:image/png;base64,{data["image/png"]}">'
    assert f"<div>{figure}</div>" in clean_html({}, data["text/html"])


def test_modules_go_in_once_and_before_those_that_need_them(tmp_path, monkeypatch):
    monkeypatch.setattr(front_end, "STATIC", tmp_path)
    (tmp_path / "a.js").write_text("export const A = 1;\n")
    (tmp_path / "b.js").write_text('import { A } from "./a.js";\nexport function b() { return A; }\n')
    (tmp_path / "c.js").write_text(
        'import { b } from "./b.js";\nimport { A } from "./a.js";\nexport default { c: b() + A };\n'
    )
    expected = "const A = 1;\n\nfunction b() { return A; }\n\nexport default { c: b() + A };\n"
    assert front_end.joined.__wrapped__("c.js") == expected
    (tmp_path / "d.js").write_text('import { A } from "./a.js";\nconst A = 2;\n')
    with pytest.raises(AssertionError, match=r"A is defined in a.js and in d.js"):
        front_end.joined.__wrapped__("d.js")


def test_mistakes_are_named(model):
    picture = Image.new("RGB", (64, 64))
    with pytest.raises(ValueError, match=r"threshold is 1\.5"):
        explore(model, picture, 1.5)
    with pytest.raises(ValueError, match="Linear has no nn.MultiheadAttention"):
        explore(nn.Linear(2, 3), picture)
    with capture_attention(model) as attention, torch.no_grad():
        model(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match="lazy=True"):
        kept_layers(attention)


def test_an_attention_mask_is_refused_since_q_and_k_do_not_hold_it():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(12, 2, 17, batch_first=True), 1).eval()
    with capture_attention(encoder, grid=(3, 7), lazy=True) as attention, torch.no_grad():
        encoder(torch.randn(1, 21, 12), mask=torch.zeros(21, 21))
    with pytest.raises(ValueError, match="attn_mask"):
        attention.projected("encoder", 0)
