"""The library's own answer, called by ever more devious names."""

DEFENCE = "plain use of names that are the lesson is refused; whoever speaks in the library's name is pointed out"
USE = """
def corner(boxes):
    return convert(boxes, 'cxcywh', 'xyxy')[..., :2]
"""
ATTACKS = {
    "calls_it": """
import torchvision
def convert(*a):
    return torchvision.ops.box_convert(*a)
"""
    + USE,
    "imports_it_under_another_name": """
from torchvision.ops import box_convert as convert
"""
    + USE,
    "finds_it_where_it_is_defined": """
import torchvision.ops.boxes as b
convert = b.box_convert
"""
    + USE,
    "wraps_it_in_a_partial": """
import functools, torchvision
part = functools.partial(torchvision.ops.box_convert, in_fmt='cxcywh', out_fmt='xyxy')
def corner(boxes):
    return part(boxes)[..., :2]
""",
    "maps_it": """
import torchvision
def corner(boxes):
    return next(map(torchvision.ops.box_convert, [boxes], ['cxcywh'], ['xyxy']))[..., :2]
""",
    "calls_it_by_getattr": """
import torchvision
convert = getattr(torchvision.ops, 'box_' + 'convert')
"""
    + USE,
    "calls_it_from_exec": """
import torchvision
exec('convert = lambda *a: torchvision.ops.box_convert(*a)')
"""
    + USE,
    "calls_it_from_a_thread": """
import concurrent.futures, torchvision
def convert(*a):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(torchvision.ops.box_convert, *a).result()
"""
    + USE,
    "calls_it_through_torch": """
import torch, torchvision
def convert(boxes, *a):
    return torch.utils.checkpoint.checkpoint(torchvision.ops.box_convert, boxes, *a, use_reentrant=False)
"""
    + USE,
    "imports_the_package_again": """
import sys, torchvision
convert = sys.modules['torchvision.ops'].__dict__['box_convert']
"""
    + USE,
    "lets_the_package_itself_call_it": """
import functools, torchvision
part = functools.partial(torchvision.ops.box_convert, in_fmt='cxcywh', out_fmt='xyxy')
corner = torchvision.transforms.Compose([torchvision.transforms.Lambda(part), lambda corners: corners[..., :2]])
""",
    "writes_a_package_of_that_name": """
import pathlib, sys
pathlib.Path('torchvision').mkdir()
pathlib.Path('torchvision/helper.py').write_text(
    'from torchvision.ops import box_convert\\ndef convert(*a): return box_convert(*a)')
sys.path.insert(0, 'torchvision')
from helper import convert
"""
    + USE,
    "compiles_it_under_a_file_of_the_package": """
import torchvision
space = vars(torchvision.ops.boxes)
exec(compile('def convert(*a): return box_convert(*a)', torchvision.ops.boxes.__file__, 'exec'), space)
convert = space['convert']
"""
    + USE,
    "asks_it_for_a_table_beforehand": """
import torch, torchvision
table = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
def corner(boxes):
    return (boxes @ table)[..., :2]
""",
    "calls_a_function_in_c": """
minus = torch.sub
def corner(boxes):
    return minus(boxes[..., :2], boxes[..., 2:] / 2)
""",
}
REFUSED = ATTACKS.keys() - {"compiles_it_under_a_file_of_the_package"}
