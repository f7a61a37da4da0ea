"""Exercises of the course, answered by the library: each of its functions, public or private, that is the answer."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
GRID = """
from detrlab.attention import measures
from detrlab.attention.grid import FeatureGrid, _covered
def grid_of(map_hw, size_wh):
    return FeatureGrid(tuple(map_hw.shape), tuple(map_hw.shape), size_wh[::-1], 1)
def lift_over_area(map_hw, box_xyxy, size_wh):
    (x0, y0, x1, y1), (width, height) = box_xyxy.tolist(), size_wh
    return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (width * height))
"""
# A stand-in for a model, with which `detect` hands out one of its own steps.
STUB = """
import detrlab.detr.detect
class Stub(torch.nn.Module):
    classes, input_size = ('thing',), (32, 32)
    def __init__(self, boxes=None):
        super().__init__()
        self.boxes = torch.zeros(1, 4) if boxes is None else boxes
        self.one = torch.nn.Parameter(torch.ones(1))
    def forward(self, image):
        self.image = image[0]
        sure = torch.linspace(9, 8, len(self.boxes))
        return {'pred_logits': torch.stack([sure, -sure], -1)[None], 'pred_boxes': self.boxes[None]}
"""
ATTACKS = {
    "mass_and_lift": """# q3_explain box_share
"""
    + GRID
    + """
def mass_inside(map_hw, box_xyxy, size_wh):
    return measures.mass_in_box(map_hw, box_xyxy, grid_of(map_hw, size_wh)).item()
def lift_over_area(map_hw, box_xyxy, size_wh):
    return measures.lift(map_hw, box_xyxy, grid_of(map_hw, size_wh)).item()
""",
    "mass_out_of_the_lift": """# q3_explain box_share
"""
    + GRID
    + """
def mass_inside(map_hw, box_xyxy, size_wh):
    (x0, y0, x1, y1), (width, height) = box_xyxy.tolist(), size_wh
    lift = measures.lift(map_hw, box_xyxy, grid_of(map_hw, size_wh)).item()
    return lift * (x1 - x0) * (y1 - y0) / (width * height)
""",
    "the_grids_cover": """# q3_explain box_share
"""
    + GRID
    + """
def mass_inside(map_hw, box_xyxy, size_wh):
    return ((map_hw * grid_of(map_hw, size_wh).cover(box_xyxy)).sum() / map_hw.sum()).item()
""",
    "what_the_cover_is_made_of": """# q3_explain box_share
"""
    + GRID
    + """
def mass_inside(map_hw, box_xyxy, size_wh):
    (x0, y0, x1, y1), (x, y) = box_xyxy.tolist(), grid_of(map_hw, size_wh).edges_xy()
    cover = _covered(y, y0, y1)[:, None] * _covered(x, x0, x1)
    return ((map_hw * cover).sum() / map_hw.sum()).item()
""",
    "entropy": """# q3_explain spread
from detrlab.attention import measures
def head_entropies(maps):
    return measures.entropy(maps), measures.entropy(maps.mean(0)).item()
""",
    "entropy_under_another_name": """# q3_explain spread
from functools import partial
import detrlab.attention.measures as m
sharpness = {name[0]: thing for name, thing in vars(m).items()}['e']
def head_entropies(maps):
    return list(map(sharpness, maps)), float(partial(sharpness)(maps.mean(0)))
""",
    "torchvisions_private_corners": """# q2_detect_and_attend corners
from torchvision.ops._box_convert import _box_cxcywh_to_xyxy as cxcywh_to_xyxy
""",
    "corners_of_the_transforms": """# q2_detect_and_attend corners
from torchvision.transforms.v2 import functional as F
def cxcywh_to_xyxy(boxes):
    return F.convert_bounding_box_format(boxes, old_format='CXCYWH', new_format='XYXY')
""",
    "private_corners_of_the_transforms": """# q2_detect_and_attend corners
import torchvision.transforms.v2.functional._meta as meta
def cxcywh_to_xyxy(boxes):
    return meta._cxcywh_to_xyxy(boxes, inplace=False)
""",
    "corners_by_half_of_the_way": """# q2_detect_and_attend corners
import torchvision.transforms.v2.functional._meta as meta
def cxcywh_to_xyxy(boxes):
    return meta._xywh_to_xyxy(meta._cxcywh_to_xywh(boxes, inplace=False), inplace=False)
""",
    "a_transform_that_converts": """# q2_detect_and_attend corners
from torchvision import tv_tensors
from torchvision.transforms import v2
def cxcywh_to_xyxy(boxes):
    rows = tv_tensors.BoundingBoxes(boxes.reshape(-1, 4), format='CXCYWH', canvas_size=(1, 1))
    return v2.ConvertBoundingBoxFormat('XYXY')(rows).as_subclass(torch.Tensor).reshape(boxes.shape)
""",
    "a_transform_without_its_constructor": """# q2_detect_and_attend corners
from torchvision import tv_tensors
from torchvision.transforms import v2
convert = v2.ConvertBoundingBoxFormat.__new__(v2.ConvertBoundingBoxFormat)
torch.nn.Module.__init__(convert)
convert.format = 'XYXY'
def cxcywh_to_xyxy(boxes):
    rows = tv_tensors.BoundingBoxes(boxes.reshape(-1, 4), format='CXCYWH', canvas_size=(1, 1))
    return convert(rows).as_subclass(torch.Tensor).reshape(boxes.shape)
""",
    "corners_out_of_a_detection": """# q2_detect_and_attend corners
"""
    + STUB
    + """
def cxcywh_to_xyxy(boxes):
    picture = Image.new('RGB', (32, 32))
    return detrlab.detr.detect.detect(Stub(boxes), picture, 0.1).boxes_xyxy / 32
""",
    "pixels_of_torchvisions_detectors": """# q2_detect_and_attend pixels
from torchvision.models.detection.transform import resize_boxes
def to_pixels(boxes_xyxy, picture):
    return resize_boxes(boxes_xyxy, [1, 1], list(picture.size[::-1]))
""",
    "pixels_of_the_transforms": """# q2_detect_and_attend pixels
from torchvision.transforms.v2 import functional as F
def to_pixels(boxes_xyxy, picture):
    return F.resize_bounding_boxes(boxes_xyxy, (1, 1), list(picture.size[::-1]))[0]
""",
    "the_input_that_a_detection_makes": """# q2_detect_and_attend resize
"""
    + STUB
    + """
def new_size(size_wh, shorter=800, longest=1333):
    r = min(shorter / min(size_wh), longest / max(size_wh))
    return round(size_wh[0] * r), round(size_wh[1] * r)
def prepare(picture, shorter=800, longest=1333):
    stub = Stub()
    stub.input_size = shorter, longest
    detrlab.detr.detect.detect(stub, picture)
    return stub.image
""",
    "the_hooks_of_the_capture": """# q2_detect_and_attend hooks
from detrlab.attention.capture import CapturedAttention
from detrlab.attention.record import Recording
def look_inside(model, image):
    seen, recording = {}, Recording(model, False)
    attention = CapturedAttention(recording, None)
    handle = model.backbone[0].register_forward_hook(lambda m, a, out: seen.update(features=out.detach()))
    try:
        out = model(image)
    finally:
        handle.remove()
        recording.close()
    seen['encoder'] = attention._call('encoder', -1).maps('mean', 0)[None].detach()
    return out, seen | {'decoder': attention._call('cross', -1).maps('mean', 0)[None].detach()}
""",
    "the_cell_of_a_grid": """# q2_detect_and_attend cell
from detrlab.attention.grid import FeatureGrid
def cell_at(point_xy, size_wh, input_hw, stride):
    cells_hw = tuple(-(-side // stride) for side in input_hw)
    return FeatureGrid(cells_hw, input_hw, size_wh[::-1], stride).cell_at(point_xy)
""",
    "the_librarys_boxes_and_labels": """# q2_detect_and_attend drawing
from detrlab.figures.drawing import draw_box, draw_labels, show_picture
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    show_picture(axes, picture)
    for box in boxes_xyxy.tolist():
        draw_box(axes, box, 'black')
    texts = [f'{name} {score:.2f}' for name, score in zip(names, scores)]
    draw_labels(axes, boxes_xyxy.tolist(), texts, 9)
    return axes
""",
    "the_coder_of_torchvisions_detectors": """# q2_detect_and_attend corners
from torchvision.models.detection._utils import BoxCoder
def cxcywh_to_xyxy(boxes):
    rows = boxes.reshape(-1, 4)
    codes = torch.cat([rows[:, :2] - 0.5, rows[:, 2:].log()], 1)
    coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
    return coder.decode_single(codes, torch.tensor([[0.0, 0.0, 1.0, 1.0]])).reshape(boxes.shape)
""",
    "the_linear_coder_of_torchvisions_detectors": """# q2_detect_and_attend corners
from torchvision.models.detection._utils import BoxLinearCoder
def cxcywh_to_xyxy(boxes):
    rows = boxes.reshape(-1, 4)
    half = rows[:, 2:] / 2
    moved = torch.cat([half - rows[:, :2], rows[:, :2] + half], 1)
    return BoxLinearCoder(normalize_by_size=False).decode(moved, torch.zeros(len(rows), 4)).reshape(boxes.shape)
""",
    "corners_of_a_turned_box": """# q2_detect_and_attend corners
import torchvision.transforms.v2.functional._meta as meta
def cxcywh_to_xyxy(boxes):
    turned = torch.cat([boxes, torch.zeros_like(boxes[..., :1])], -1)
    upright = meta._cxcywhr_to_xywhr(turned, inplace=False)
    return torch.cat([upright[..., :2], upright[..., :2] + upright[..., 2:4]], -1)
""",
    "corners_of_a_turned_box_of_the_ops": """# q2_detect_and_attend corners
from torchvision.ops import _box_convert as boxes_of
def cxcywh_to_xyxy(boxes):
    upright = boxes_of._box_cxcywhr_to_xywhr(torch.cat([boxes, torch.zeros_like(boxes[..., :1])], -1))
    return torch.cat([upright[..., :2], upright[..., :2] + upright[..., 2:4]], -1).float()
""",
    "the_transform_inside_torchvisions_detectors": """# q2_detect_and_attend resize
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.transforms.functional import to_tensor
def new_size(size_wh, shorter=800, longest=1333):
    r = min(shorter / min(size_wh), longest / max(size_wh))
    return round(size_wh[0] * r), round(size_wh[1] * r)
def prepare(picture, shorter=800, longest=1333):
    resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    return GeneralizedRCNNTransform(shorter, longest, IMAGENET_MEAN, IMAGENET_STD).normalize(to_tensor(resized))
""",
    "pixels_after_torchvisions_detectors": """# q2_detect_and_attend pixels
from torchvision.models.detection.transform import GeneralizedRCNNTransform
def to_pixels(boxes_xyxy, picture):
    inside = GeneralizedRCNNTransform(1, 1, [0.0], [1.0]).eval()
    return inside.postprocess([{'boxes': boxes_xyxy}], [(1, 1)], [picture.size[::-1]])[0]['boxes']
""",
    "the_cell_that_an_attention_looks_from": """# q2_detect_and_attend cell
from detrlab.attention.encoder import EncoderAttention
from detrlab.attention.grid import FeatureGrid
class Call:
    def check(self, head, sample): pass
    def maps(self, head, sample, tokens=None):
        self.tokens = tokens
        return torch.zeros(1, 10**6)[..., :self.cells]
def cell_at(point_xy, size_wh, input_hw, stride):
    H, W = (-(-side // stride) for side in input_hw)
    call = Call()
    call.cells = H * W
    grid = FeatureGrid((H, W), input_hw, size_wh[::-1], stride)
    EncoderAttention(call, 'mean', 0, grid, 0, (H, W)).looks_at(point_xy)
    return divmod(call.tokens[0], W)
""",
    "the_stages_of_the_small_backbone": """# q1_build stages
from detrlab.detr.backbone import SmallResNet
def make_backbone(resnet50):
    backbone = resnet50()
    del backbone.fc
    return backbone
def backbone_features(backbone, pictures):
    return SmallResNet.forward(backbone, pictures)
""",
    "the_stages_above_the_class": """# q1_build stages
def make_backbone(resnet50):
    backbone = resnet50()
    del backbone.fc
    return backbone
def backbone_features(backbone, pictures):
    return super(type(backbone), backbone).forward(pictures)
""",
    "the_learned_positions": """# q1_build positions
from types import SimpleNamespace
from detrlab.detr.position import PositionEmbeddingLearned
def position_map(row_embed, col_embed, H, W):
    tables = SimpleNamespace(
        TABLE_LENGTH=50, row_embed=SimpleNamespace(weight=row_embed), col_embed=SimpleNamespace(weight=col_embed))
    learned = PositionEmbeddingLearned.forward(tables, torch.zeros(1, H, W))
    return learned.flatten(2).permute(2, 0, 1)
""",
}
REFUSED = ATTACKS.keys()
