"""What may come in the place of one node of an answer's syntax tree: slips of the hand or of the mind.

Operators, numbers, axes, the order of arguments, slices, names and attributes among their like, calls and statements
left out, values cut off from their gradient, arguments changed in place. Nodes are never changed, only copied.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from itertools import pairwise

Change = tuple[str, "ast.AST | list[ast.stmt]"]  # its kind, and what comes in the place of a node

_LIKE: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.Add), ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mult), ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,), ast.MatMult: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,), ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip
_IN_PLACE = {ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_"}
_ATTRIBUTES = [
    group.split()
    for group in (
        "height width", "min max", "amin amax", "argmin argmax", "softmax sigmoid log_softmax", "row_embed col_embed",
        "floor ceil round", "sum mean", "rand randn zeros ones", "zeros_like ones_like", "sin cos", "eval train",
        "values indices", "exp log", "cat stack", "BILINEAR NEAREST BICUBIC", "unsqueeze squeeze", "argsort sort",
        "encoder decoder", "self_attn multihead_attn", "double float long", "Conv2d ConvTranspose2d",
        "Parameter Buffer",
    )
]  # fmt: skip
_WORDS = [["ij", "xy"], ["bilinear", "nearest", "bicubic"], ["mean", "sum"], ["upper", "lower"]]
_LAYERS = {  # what somebody adds to a layer that needs nothing more
    "Linear": ("bias=False",),
    "Conv2d": ("bias=False", "padding=1", "stride=2"),
    "Transformer": ("bias=False", "batch_first=True", "norm_first=True", "dropout=0.0", "activation='gelu'"),
}
_AXES = ("dim", "axis", "start_dim", "end_dim", "dims")
FREE = {  # keywords that change no result, or what a figure looks like, which is the student's to choose
    "strict", "alpha", "bbox", "cmap", "color", "edgecolor", "facecolor", "figsize", "fontsize", "ha", "layout",
    "linewidth", "pad", "va",
}  # fmt: skip
LOOKS = ("axis", "set", "set_axis_off", "suptitle", "tight_layout")  # calls of the same kind
_SYMMETRIC = ("max", "min", "transpose")  # the order of what these are given says nothing
_VALUES = (ast.Call, ast.BinOp, ast.Subscript, ast.Name, ast.Attribute)
_NO_GRADIENT = ("argsort", "argmax", "argmin", "bincount", "arange", "detach", "item", "tolist")  # comes through these
_COMMUTE = (ast.Add, ast.Mult)
_NEAREST = 3  # names, attributes or words of the same kind that each is changed for


class Slips:
    """What one function or class of a cell is written with: its names, attributes and words, by their like."""

    def __init__(self, top: ast.AST, lines: set[int], blanks: set[int]):
        self._blanks = blanks
        self._groups: list[list[str]] = []
        self._attributes: dict[str, list[str]] = {}
        words: list[str] = []
        self.parameters: set[str] = set()
        alone: list[str] = []
        capitals: list[str] = []
        for node in ast.walk(top):
            if isinstance(node, ast.arguments):
                names = [arg.arg for arg in (*node.posonlyargs, *node.args, *node.kwonlyargs) if arg.arg != "self"]
                self._groups.append(names)
                self.parameters |= set(names)
            elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
                self._groups.append([each.id for each in node.elts if isinstance(each, ast.Name)])
            elif isinstance(node, ast.Name):
                alone += [node.id] if isinstance(node.ctx, ast.Store) else []
                capitals += [node.id] if node.id.isupper() and len(node.id) > 1 else []
            elif isinstance(node, ast.Attribute):
                self._attributes.setdefault(ast.unparse(node.value), []).append(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno in lines:
                words += [node.value] if re.fullmatch(r"[\w ]{1,30}", node.value) else []
        self.local = {name for group in self._groups for name in group} | set(alone) | {"self"}
        self._groups += [alone, capitals]
        self._words = [sorted(set(words)), *_WORDS]

    def changes(self, parent: ast.AST, field: str, node: ast.AST) -> Iterator[Change]:
        """What may come in the place of this node."""
        if isinstance(node, ast.stmt):
            # A value within a region comes to nothing but what is returned: there one cut is enough.
            yield from _statement(node, isinstance(node, ast.Return) or node.lineno in self._blanks)
        elif isinstance(node, ast.BinOp):
            yield from _binary(node, self.parameters)
        elif isinstance(node, ast.Compare):
            for like in _LIKE[type(node.ops[0])]:
                yield "comparison", _with(node, ops=[like(), *node.ops[1:]])
        elif isinstance(node, ast.BoolOp):
            yield from (("logic", _with(node, op=like())) for like in _LIKE[type(node.op)])
            yield from (("logic", value) for value in node.values)
        elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
            yield "sign", node.operand
        elif isinstance(node, ast.UnaryOp | ast.Constant):
            yield from self._constant(parent, node)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield "slice", node.value
        elif isinstance(node, ast.Slice):
            yield from _slice(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            called = isinstance(parent, ast.Call) and field == "func"
            siblings = [self._attributes[ast.unparse(node.value)], *_ATTRIBUTES]
            yield from (("attribute", _with(node, attr=name)) for name in _nearest(node.attr, siblings))
            if not called and _root(node) in self.local:
                yield "dropped", node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if not (isinstance(parent, ast.Call) and field == "func"):
                yield from (("name", _with(node, id=name)) for name in _nearest(node.id, self._groups))
        elif isinstance(node, ast.Tuple | ast.List):
            yield from _elements(node)
        elif isinstance(node, ast.Dict):
            yield from (("order", _with(node, values=values)) for values in _swapped(node.values))
            for i in range(len(node.keys)):
                yield "dropped", _with(node, keys=_without(node.keys, i), values=_without(node.values, i))
        elif isinstance(node, ast.IfExp):
            yield from (("logic", side) for side in (node.body, node.orelse))
        elif isinstance(node, ast.ListComp | ast.GeneratorExp):
            first = node.generators[0]
            if first.ifs:
                yield "logic", _with(node, generators=[_with(first, ifs=[]), *node.generators[1:]])
            backwards = ast.Call(ast.Name("reversed", ast.Load()), [_listed(first.iter)], [])
            yield "order", _with(node, generators=[_with(first, iter=backwards), *node.generators[1:]])

    def _constant(self, parent: ast.AST, node: ast.UnaryOp | ast.Constant) -> Iterator[Change]:
        if isinstance(parent, ast.UnaryOp):  # changed together with its sign
            return
        value = node.operand.value if isinstance(node, ast.UnaryOp) else node.value  # type: ignore[attr-defined]
        if isinstance(value, str):
            if isinstance(parent, ast.JoinedStr):  # 2 decimals in "{score:.2f}"
                if decimals := re.search(r"\d+", value):
                    for other in (int(decimals[0]) - 1, int(decimals[0]) + 1):
                        yield "word", ast.Constant(value.replace(decimals[0], str(other)))
                return
            yield from (("word", ast.Constant(other)) for other in _nearest(value, self._words))
        elif isinstance(value, bool):
            yield "constant", ast.Constant(not value)
        elif isinstance(value, int | float):
            value = -value if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else value
            kind = "axis" if getattr(parent, "arg", "") in _AXES else "constant"
            double = [2 * value] if abs(value) > 1 or isinstance(value, float) else []
            for number in dict.fromkeys([value + 1, value - 1, *double, type(value)(0), type(value)(1)]):
                if number != value:
                    yield kind, _number(number)

    def _call(self, node: ast.Call) -> Iterator[Change]:
        if getattr(node.func, "attr", getattr(node.func, "id", "")) not in _SYMMETRIC:
            yield from (("arguments", _with(node, args=args)) for args in _swapped(node.args))
        keywords = [keyword for keyword in node.keywords if keyword.arg not in FREE]
        for a, b in pairwise(keywords):
            swapped = {id(a): _with(a, value=b.value), id(b): _with(b, value=a.value)}
            yield "arguments", _with(node, keywords=[swapped.get(id(each), each) for each in node.keywords])
        for keyword in keywords:
            yield "arguments", _with(node, keywords=[each for each in node.keywords if each is not keyword])
        if len(node.args) > 1:
            yield "arguments", _with(node, args=node.args[:-1])
        for more in _LAYERS.get(getattr(node.func, "attr", ""), ()):
            yield "arguments", _with(node, keywords=[*node.keywords, _keyword(more)])
        if isinstance(node.func, ast.Attribute) and _root(node.func) in self.local:
            if node.func.attr != "item":  # one number in a tensor counts as that number, by the rules of comparing
                yield "dropped", node.func.value
        elif node.args:
            first = node.args[0]
            yield "dropped", first.value if isinstance(first, ast.Starred) else first


def _statement(node: ast.stmt, gradient: bool) -> Iterator[Change]:
    if isinstance(node, ast.FunctionDef):
        for i in range(len(node.decorator_list)):
            yield "dropped", _with(node, decorator_list=_without(node.decorator_list, i))
        return
    if not isinstance(node, ast.Pass | ast.ClassDef):
        yield "statement", ast.Pass()
    if isinstance(node, ast.With | ast.Try | ast.If):
        yield "statement", [*node.body]
    if isinstance(node, ast.Try) and node.finalbody:
        yield "statement", [*node.body, *node.finalbody]
    if isinstance(node, ast.If | ast.While):
        yield "logic", _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.If) and node.orelse:
        yield "statement", [*node.orelse]
    if isinstance(node, ast.For):
        yield "statement", _with(node, body=[*node.body, ast.Break()])
    if isinstance(node, ast.AugAssign):
        yield from (("operator", _with(node, op=like())) for like in _LIKE[type(node.op)])
        yield "operator", ast.Assign([node.target], node.value, lineno=node.lineno)
    if isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, _VALUES):
        alone = not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple))
        yield from ((kind, _with(node, value=value)) for kind, value in _value(node.value, gradient) if alone)


def _value(node: ast.expr, gradient: bool) -> Iterator[tuple[str, ast.expr]]:
    """What a whole value, one that is returned or has a name, may become."""
    if gradient and getattr(getattr(node, "func", None), "attr", "") not in _NO_GRADIENT:
        yield "gradient", _method(node, "detach")
    yield "order", _method(node, "flip", _number(0))
    yield "sign", ast.UnaryOp(ast.USub(), node)
    yield "constant", ast.BinOp(node, ast.Add(), _number(1))
    for cut in (ast.Slice(lower=_number(1)), ast.Slice(upper=_number(-1))):
        yield "slice", ast.Subscript(node, cut, ast.Load())


def _binary(node: ast.BinOp, parameters: set[str]) -> Iterator[Change]:
    yield from (("operator", _with(node, op=like())) for like in _LIKE.get(type(node.op), ()))
    yield from (("dropped", side) for side in (node.left, node.right))
    if not isinstance(node.op, _COMMUTE):
        yield "order", _with(node, left=node.right, right=node.left)
    if isinstance(node.left, ast.Name) and node.left.id in parameters and type(node.op) in _IN_PLACE:
        yield "in place", _method(node.left, _IN_PLACE[type(node.op)], node.right)


def _slice(node: ast.Slice) -> Iterator[Change]:
    yield "slice", _with(node, lower=node.upper, upper=node.lower)
    for end, first in (("lower", 1), ("upper", -1)):
        bound = getattr(node, end)
        if bound is None:
            yield "slice", _with(node, **{end: _number(first)})
        else:
            yield "slice", _with(node, **{end: None})
            if not isinstance(bound, ast.Constant | ast.UnaryOp):  # numbers are changed by themselves
                for op in (ast.Add(), ast.Sub()):
                    yield "slice", _with(node, **{end: ast.BinOp(bound, op, _number(1))})


def _elements(node: ast.Tuple | ast.List) -> Iterator[Change]:
    yield from (("order", _with(node, elts=elements)) for elements in _swapped(node.elts))
    if len(node.elts) > 2:
        yield "order", _with(node, elts=node.elts[::-1])
    if len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
        yield from (("dropped", _with(node, elts=_without(node.elts, i))) for i in range(len(node.elts)))


def _with(node, **fields):
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _method(node: ast.expr, name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(node, name, ast.Load()), list(args), [])


def _listed(node: ast.expr) -> ast.Call:
    return ast.Call(ast.Name("list", ast.Load()), [node], [])


def _keyword(text: str) -> ast.keyword:
    name, _, value = text.partition("=")
    return ast.keyword(name, ast.parse(value, mode="eval").body)


def _number(value: float) -> ast.expr:
    """A number as source has it: a negative one with a sign before it, and no 0.30000000000000004."""
    number = ast.Constant(round(abs(value), 6) if isinstance(value, float) else abs(value))
    return ast.UnaryOp(ast.USub(), number) if value < 0 else number


def _swapped(items: list) -> Iterator[list]:
    """The list with two neighbours changed, for each pair of them."""
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _without(items: list, i: int) -> list:
    return [*items[:i], *items[i + 1 :]]


def _root(node: ast.expr) -> str:
    """The name that a chain of attributes, calls and indices begins with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    # A chain that begins with an expression in brackets is a value of the answer's own.
    return node.id if isinstance(node, ast.Name) else "self"


def _nearest(word: str, groups: list[list[str]]) -> list[str]:
    """The words that follow this one in the groups it stands in, `_NEAREST` of each, round about."""
    found: dict[str, None] = {}
    for group in groups:
        each = list(dict.fromkeys(group))
        if word in each:
            at = each.index(word)
            found.update(dict.fromkeys([*each[at + 1 :], *each[:at]][:_NEAREST]))
    return list(found)
