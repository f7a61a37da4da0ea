"""Exercises of 03_set_prediction, answered by the library: its matcher and losses, and other packages' own."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
SUMS = """
def l1_cost(boxes_cxcywh, goal_cxcywh):
    return torch.cdist(boxes_cxcywh, goal_cxcywh, p=1)
def pair_costs(by_class, by_l1, boxes_cxcywh, goal_cxcywh):
    return by_class + 5 * by_l1 - 2 * generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))
"""
# Costs as the probabilities of classes, one class for each target, so that the matcher finds the cheapest pairs.
AS_CLASSES = """
def matched(cost, sizes):
    cost = cost.detach().double()
    B, Q, T = cost.shape
    p = (cost.max() - cost + 1) / ((cost.max() - cost.min() + 2) * (T + 1))
    logits = torch.cat([p, 1 - p.sum(2, keepdim=True)], 2).log()
    targets = [{'labels': own, 'boxes': torch.full((len(own), 4), 0.5)} for own in torch.arange(T).split(sizes)]
    return match({'pred_logits': logits, 'pred_boxes': torch.full((B, Q, 4), 0.5)}, targets)
"""
GIOU = """
def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    low = torch.minimum(a_xyxy[:, None, :2], b_xyxy[:, :2])
    hull = (torch.maximum(a_xyxy[:, None, 2:], b_xyxy[:, 2:]) - low).prod(2)
    return intersection / union - (hull - union) / hull
"""
AREAS = """
def areas(a_xyxy, b_xyxy):
    low = torch.maximum(a_xyxy[:, None, :2], b_xyxy[:, :2])
    inside = (torch.minimum(a_xyxy[:, None, 2:], b_xyxy[:, 2:]) - low).clamp(min=0).prod(2)
    return inside, box_area(a_xyxy)[:, None] + box_area(b_xyxy) - inside
"""
# Of an IoU the intersection and the union follow.
FROM_IOU = """
def areas(a_xyxy, b_xyxy):
    iou = overlaps(a_xyxy, b_xyxy)
    union = (box_area(a_xyxy)[:, None] + box_area(b_xyxy)) / (1 + iou)
    return iou * union, union
"""
TARGET_CLASSES = """
def target_classes(matches, labels, Q, K):
    classes = torch.full((len(matches), Q), K)
    for row, (queries, targets), own in zip(classes, matches, labels):
        row[queries] = own[targets]
    return classes
"""
# A batch of which each query finds its own target: its boxes are right, so only the class loss is left.
OWN_TARGETS = """
def batch_of(logits, classes):
    B, Q, K = logits.shape[0], logits.shape[1], logits.shape[2] - 1
    place = torch.linspace(0.1, 0.9, Q)[:, None].expand(Q, 4)
    targets = [{'labels': own[own < K], 'boxes': place[own < K]} for own in classes]
    return {'pred_logits': logits, 'pred_boxes': place.expand(B, Q, 4)}, targets
"""
MATCHED_BOXES = """
def matched_boxes(pred_boxes, goals, matches):
    boxes = [own[queries] for own, (queries, _) in zip(pred_boxes, matches)]
    return torch.cat(boxes), torch.cat([goal[targets] for goal, (_, targets) in zip(goals, matches)])
"""
EVERY_LAYER = """
def every_layer(outputs, targets, match, losses_of):
    losses = dict(losses_of(outputs, targets, match(outputs, targets)))
    for i, layer in enumerate(outputs.get('aux_outputs', [])):
        own = losses_of(layer, targets, match(layer, targets))
        losses |= {f'{name}_{i}': loss for name, loss in own.items()}
    return losses
"""
GREEDY = """
def match_greedily(ious, scores, crowd, threshold):
    matched, free = np.full(len(scores), -1), ~crowd
    for n in np.argsort(-scores, kind='stable'):
        for allowed in (free, crowd):
            fit = [t for t in np.flatnonzero(allowed) if ious[n, t] >= threshold]
            if fit:
                matched[n] = max(fit, key=lambda t: (ious[n, t], t))
                free[matched[n]] = False
                break
    return matched
"""
CROWDS = """
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    a, b = torch.from_numpy(boxes_xyxy), torch.from_numpy(true_boxes_xyxy)
    area, true_area = (a[:, 2:] - a[:, :2]).prod(1)[:, None], (b[:, 2:] - b[:, :2]).prod(1)
    iou = overlaps(a, b)
    return torch.where(torch.from_numpy(crowd), iou / (1 + iou) * (area + true_area) / area, iou).numpy()
"""
IOU_MATRIX = """
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    low = np.maximum(boxes_xyxy[:, None, :2], true_boxes_xyxy[:, :2])
    inside = (np.minimum(boxes_xyxy[:, None, 2:], true_boxes_xyxy[:, 2:]) - low).clip(min=0).prod(2)
    area = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(1)[:, None]
    true_area = (true_boxes_xyxy[:, 2:] - true_boxes_xyxy[:, :2]).prod(1)
    return inside / np.where(crowd, area, area + true_area - inside)
"""
# One image as COCO's evaluation keeps it.
SHEET = """
from types import SimpleNamespace
def sheet(ious, scores, crowd, threshold):
    order = np.argsort(-scores, kind='stable')
    truth = [{'id': t + 1, 'ignore': int(c), 'iscrowd': int(c), 'area': 1} for t, c in enumerate(crowd)]
    found = [{'id': n + 1, 'score': s, 'area': 1} for n, s in enumerate(scores)]
    params = SimpleNamespace(useCats=1, iouThrs=np.array([threshold]), catIds=[0], imgIds=[0], areaRng=[[0, 9]],
                             maxDets=[len(scores)], iouType='bbox', useSegm=None)
    return SimpleNamespace(params=params, _gts={(0, 0): truth}, _dts={(0, 0): found}, ious={(0, 0): ious[order]})
def in_their_order(image, scores):
    matched = np.full(len(scores), -1)
    matched[np.array(image['dtIds']) - 1] = image['dtMatches'][0].astype(int) - 1
    return matched
"""
LAYERS = """
def predictions_of_layers(outputs, norm, class_embed, bbox_embed):
    hs = norm(outputs)
    return class_embed(hs), bbox_embed(hs).sigmoid()
"""
ATTACKS = {
    # ------------------------------------------------------------------ cost_matrix
    "the_cost_inside_the_matcher": """# q1_match cost_matrix
import scipy.optimize
from unittest.mock import patch
"""
    + SUMS
    + """
def class_cost(logits, labels):
    seen, same = [], torch.full((1, 1, 4), 0.5)
    target = {'labels': labels, 'boxes': same[0].expand(len(labels), 4)}
    def keep(cost):
        seen.append(torch.tensor(cost))
        return linear_sum_assignment(cost)
    with patch.object(scipy.optimize, 'linear_sum_assignment', keep):
        match({'pred_logits': logits[None], 'pred_boxes': same.expand(1, len(logits), 4)}, [target])
    return seen[0]
""",
    "the_cost_inside_the_losses": """# q1_match cost_matrix
import scipy.optimize
from unittest.mock import patch
"""
    + SUMS
    + """
def class_cost(logits, labels):
    seen, same = [], torch.full((1, 1, 4), 0.5)
    target = {'labels': labels, 'boxes': same[0].expand(len(labels), 4)}
    def keep(cost):
        seen.append(torch.tensor(cost))
        return linear_sum_assignment(cost)
    with patch.object(scipy.optimize, 'linear_sum_assignment', keep):
        set_losses({'pred_logits': logits[None], 'pred_boxes': same.expand(1, len(logits), 4)}, [target])
    return seen[0]
""",
    # ------------------------------------------------------------------ brute_force
    "scipys_assignment": """# q1_match brute_force
def cheapest(cost):
    return linear_sum_assignment(cost)
""",
    "scipys_sparse_assignment": """# q1_match brute_force
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
def cheapest(cost):
    return min_weight_full_bipartite_matching(csr_array((cost - cost.min() + 1).double().numpy()))
""",
    "the_matcher_given_probabilities": """# q1_match brute_force
"""
    + AS_CLASSES
    + """
def cheapest(cost):
    return matched(cost[None], [cost.shape[1]])[0]
""",
    "networkxs_matching": """# q1_match brute_force
import networkx
def cheapest(cost):
    Q, T = cost.shape
    graph = networkx.Graph()
    graph.add_weighted_edges_from((q, Q + t, cost[q, t].item()) for q in range(Q) for t in range(T))
    pairs = [sorted(pair) for pair in networkx.min_weight_matching(graph)]
    return [q for q, _ in pairs], [t - Q for _, t in pairs]
""",
    "networkxs_greatest_matching": """# q1_match brute_force
from networkx import Graph, max_weight_matching
def cheapest(cost):
    Q, T = cost.shape
    graph = Graph()
    graph.add_weighted_edges_from((q, Q + t, 99 - cost[q, t].item()) for q in range(Q) for t in range(T))
    pairs = [sorted(pair) for pair in max_weight_matching(graph, maxcardinality=True)]
    return [q for q, _ in pairs], [t - Q for _, t in pairs]
""",
    # ------------------------------------------------------------------ match_batch
    "the_matcher_given_a_batch_of_probabilities": """# q1_match match_batch
"""
    + AS_CLASSES
    + """
def match_images(cost, sizes):
    for i, own in enumerate(cost.split(sizes, 2)):
        if own[i].isnan().any():
            raise ValueError(f'image {i}')
    return matched(cost, sizes)
""",
    # ------------------------------------------------------------------ giou
    "the_librarys_iou": """# q1_match giou
overlaps = box_iou
"""
    + FROM_IOU
    + GIOU,
    "the_librarys_areas": """# q1_match giou
from detrlab.boxes import _intersection_and_union as areas
"""
    + GIOU,
    "the_librarys_giou": """# q1_match giou
"""
    + AREAS
    + """
def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    return generalized_box_iou(a_xyxy, b_xyxy)
""",
    "torchvisions_areas": """# q1_match giou
import torchvision
"""
    + GIOU
    + """
def areas(a_xyxy, b_xyxy):
    return torchvision.ops.boxes._box_inter_union(a_xyxy, b_xyxy)
""",
    "torchvisions_areas_of_its_losses": """# q1_match giou
from torchvision.ops._utils import _loss_inter_union
"""
    + GIOU
    + """
def areas(a_xyxy, b_xyxy):
    shape = len(a_xyxy), len(b_xyxy), 4
    return _loss_inter_union(a_xyxy[:, None].expand(shape), b_xyxy.expand(shape))
""",
    "torchvisions_giou_loss": """# q1_match giou
from torchvision.ops import generalized_box_iou_loss
"""
    + AREAS
    + """
def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    shape = len(a_xyxy), len(b_xyxy), 4
    return 1 - generalized_box_iou_loss(a_xyxy[:, None].expand(shape), b_xyxy.expand(shape), eps=0.0)
""",
    "the_iou_inside_torchvisions_distance_loss": """# q1_match giou
from torchvision.ops.diou_loss import _diou_iou_loss
"""
    + GIOU
    + FROM_IOU
    + """
def overlaps(a_xyxy, b_xyxy):
    shape = len(a_xyxy), len(b_xyxy), 4
    return _diou_iou_loss(a_xyxy[:, None].expand(shape), b_xyxy.expand(shape), eps=0.0)[1]
""",
    "the_iou_inside_torchvisions_distance_iou": """# q1_match giou
from torchvision.ops.boxes import _box_diou_iou
"""
    + GIOU
    + FROM_IOU
    + """
def overlaps(a_xyxy, b_xyxy):
    return _box_diou_iou(a_xyxy, b_xyxy)[1]
""",
    "the_giou_inside_the_box_losses": """# q1_match giou
from detrlab.detr.criterion import box_losses
"""
    + AREAS
    + """
def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    a, b = xyxy_to_cxcywh(a_xyxy), xyxy_to_cxcywh(b_xyxy)
    return torch.stack([torch.stack([1 - box_losses(x[None], y[None])[1] for y in b]) for x in a])
""",
    # ------------------------------------------------------------------ class_loss
    "the_librarys_class_loss": """# q1_match class_loss
"""
    + TARGET_CLASSES
    + OWN_TARGETS
    + """
def weighted_loss(logits, classes, no_object):
    return set_losses(*batch_of(logits, classes), no_object)['loss_ce']
""",
    "the_class_loss_of_one_layer": """# q1_match class_loss
from detrlab.detr.criterion import _layer_losses
"""
    + TARGET_CLASSES
    + OWN_TARGETS
    + """
def weighted_loss(logits, classes, no_object):
    outputs, targets = batch_of(logits, classes)
    return _layer_losses([outputs], targets, no_object)['loss_ce'][0]
""",
    "the_class_loss_of_a_learner": """# q1_match class_loss
from detrlab.training.learners import learning_losses
"""
    + TARGET_CLASSES
    + OWN_TARGETS
    + """
def weighted_loss(logits, classes, no_object):
    outputs, targets = batch_of(logits, classes)
    return learning_losses(outputs, targets, no_object)['loss_ce']
""",
    "the_librarys_indices": """# q1_match class_loss
from detrlab.detr.criterion import _indices
def target_classes(matches, labels, Q, K):
    classes = torch.full((len(matches), Q), K)
    classes[_indices(matches)] = torch.cat([own[targets] for own, (_, targets) in zip(labels, matches)])
    return classes
def weighted_loss(logits, classes, no_object):
    weights = torch.tensor([1.0] * (logits.shape[2] - 1) + [no_object])
    return F.cross_entropy(logits.mT, classes, weights)
""",
    # ------------------------------------------------------------------ box_losses
    "the_librarys_box_losses": """# q1_match box_losses
import detrlab.detr.criterion
"""
    + MATCHED_BOXES
    + """
def l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes):
    return [loss / max(sum(sizes), 1) for loss in detrlab.detr.criterion.box_losses(boxes_cxcywh, goal_cxcywh)]
""",
    "the_indices_of_matched_boxes": """# q1_match box_losses
from detrlab.detr.criterion import _indices
def matched_boxes(pred_boxes, goals, matches):
    return pred_boxes[_indices(matches)], torch.cat([goal[t] for goal, (_, t) in zip(goals, matches)])
def l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes):
    giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh)).diagonal()
    return (boxes_cxcywh - goal_cxcywh).abs().sum() / max(sum(sizes), 1), (1 - giou).sum() / max(sum(sizes), 1)
""",
    # ------------------------------------------------------------------ criterion
    "the_librarys_total": """# q1_match criterion
weighted_sum = total_loss
"""
    + EVERY_LAYER,
    "the_librarys_layers": """# q1_match criterion
from unittest.mock import patch
def every_layer(outputs, targets, match, losses_of):
    def own(layers, targets, *_):
        each = [losses_of(layer, targets, match(layer, targets)) for layer in layers]
        return {name: torch.stack([losses[name] for losses in each]) for name in each[0]}
    with patch('detrlab.detr.criterion._layer_losses', own):
        return set_losses(outputs, targets)
def weighted_sum(losses):
    return sum({'ce': 1, 'bbox': 5, 'giou': 2}[name.split('_')[1]] * loss for name, loss in losses.items())
""",
    # ------------------------------------------------------------------ match_detections
    "cocos_iou": """# q3_measure match_detections
import pycocotools.mask
"""
    + GREEDY
    + """
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    found, true = (np.concatenate([b[:, :2], b[:, 2:] - b[:, :2]], 1) for b in (boxes_xyxy, true_boxes_xyxy))
    if not len(true):
        return np.zeros((len(found), 0))
    return pycocotools.mask.iou(found, true, crowd.astype(np.uint8))
""",
    "the_librarys_overlaps": """# q3_measure match_detections
overlaps = box_iou
"""
    + CROWDS
    + GREEDY,
    "the_librarys_intersection": """# q3_measure match_detections
from detrlab.boxes import _intersection_and_union
"""
    + CROWDS
    + GREEDY
    + """
def overlaps(a, b):
    return torch.div(*_intersection_and_union(a, b))
""",
    "torchvisions_intersection": """# q3_measure match_detections
from torchvision.ops import boxes as of_torchvision
"""
    + CROWDS
    + GREEDY
    + """
def overlaps(a, b):
    return torch.div(*of_torchvision._box_inter_union(a, b))
""",
    "torchvisions_intersection_of_its_losses": """# q3_measure match_detections
from torchvision.ops._utils import _loss_inter_union
"""
    + CROWDS
    + GREEDY
    + """
def overlaps(a, b):
    shape = len(a), len(b), 4
    return torch.div(*_loss_inter_union(a[:, None].expand(shape), b.expand(shape)))
""",
    "torchvisions_distance_iou": """# q3_measure match_detections
from torchvision.ops.boxes import _box_diou_iou
"""
    + CROWDS
    + GREEDY
    + """
def overlaps(a, b):
    return _box_diou_iou(a, b)[1]
""",
    "cocos_evaluation_of_an_image": """# q3_measure match_detections
"""
    + IOU_MATRIX
    + SHEET
    + """
def match_greedily(ious, scores, crowd, threshold):
    judge = sheet(ious, scores, crowd, threshold)
    return in_their_order(COCOeval.evaluateImg(judge, 0, 0, [0, 9], len(scores)), scores)
""",
    "cocos_whole_evaluation": """# q3_measure match_detections
"""
    + IOU_MATRIX
    + SHEET
    + """
def match_greedily(ious, scores, crowd, threshold):
    judge = sheet(ious, scores, crowd, threshold)
    judge.evaluateImg = lambda *each: COCOeval.__dict__['evaluateImg'](judge, *each)
    judge._prepare, judge.computeIoU = lambda: None, lambda *_: judge.ious[0, 0]
    with contextlib.redirect_stdout(io.StringIO()):
        COCOeval.evaluate(judge)
    return in_their_order(judge.evalImgs[0], scores)
""",
    # ------------------------------------------------------------------ layers_nms
    "torchvisions_suppression": """# q3_measure layers_nms
from torchvision.ops import batched_nms as nms
"""
    + LAYERS,
    "torchvisions_suppression_of_one_class": """# q3_measure layers_nms
import torchvision
"""
    + LAYERS
    + """
def nms(boxes_xyxy, scores, labels, threshold):
    return torchvision.ops.nms(boxes_xyxy + 99 * labels[:, None], scores, threshold)
""",
    "torchvisions_suppression_by_its_kernel": """# q3_measure layers_nms
import torchvision
"""
    + LAYERS
    + """
def nms(boxes_xyxy, scores, labels, threshold):
    return torch.ops.torchvision.nms(boxes_xyxy + 99 * labels[:, None], scores, threshold)
""",
    "torchvisions_suppression_class_by_class": """# q3_measure layers_nms
from torchvision.ops.boxes import _batched_nms_vanilla as nms
"""
    + LAYERS,
    "torchvisions_suppression_by_moved_boxes": """# q3_measure layers_nms
from torchvision.ops.boxes import _batched_nms_coordinate_trick as nms
"""
    + LAYERS,
    "the_proposals_of_torchvisions_detectors": """# q3_measure layers_nms
from types import SimpleNamespace
from torchvision.models.detection.rpn import RegionProposalNetwork
"""
    + LAYERS
    + """
def nms(boxes_xyxy, scores, labels, threshold):
    order, many = labels.argsort(), len(labels)
    me = SimpleNamespace(min_size=0, score_thresh=0.0, nms_thresh=threshold, post_nms_top_n=lambda: many)
    me._get_top_n_idx = lambda objectness, _: torch.arange(many)[None]
    given = boxes_xyxy[order][None], scores[order].logit()[None], [(99, 99)], labels.bincount().tolist()
    _, (kept,) = RegionProposalNetwork.filter_proposals(me, *given)
    return [(scores - score).abs().argmin() for score in kept]
""",
    # ------------------------------------------------------------------ leave_out
    "the_librarys_ablations": """# q3_measure leave_out
from detrlab.training.ablations import without_positions, without_self_attention
""",
    "what_ablations_change": """# q3_measure leave_out
without_self_attention = ABLATIONS["self-attention"].change
without_positions = ABLATIONS["positions"].change
""",
    "an_ablated_model_of_ones_own": """# q3_measure leave_out
from unittest.mock import patch
def without(left_out, model):
    with patch("detrlab.training.ablations.tiny_detr", lambda: model):
        return ablated_detr(left_out)
def without_self_attention(model):
    return without("self-attention", model)
def without_positions(model):
    return without("positions", model)
""",
    "the_modules_that_ablations_put_in": """# q3_measure leave_out
from detrlab.training import ablations
def without_self_attention(model):
    changed = copy.deepcopy(model)
    for layer in changed.transformer.decoder.layers:
        layer.self_attn = ablations.NoAttention()
    return changed
def without_positions(model):
    changed = copy.deepcopy(model)
    changed.backbone[1] = ablations.NoPositions(changed.transformer.d_model)
    return changed
""",
}
REFUSED = ATTACKS.keys()
