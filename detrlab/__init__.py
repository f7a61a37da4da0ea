"""DETR Lab: detection transformers to run, to look into, and to take apart.

    from detrlab import detect, explore, load_model, plot_detections

    model = load_model("shapes")                # a small DETR that works offline
    found = detect(model, "my_picture.png")     # boxes in pixels, best first
    explore(model, "my_picture.png")            # move the mouse and see what the model looks at from there

Every name below is imported with `from detrlab import NAME`, and costs nothing until then; `help(NAME)` says more.

Load and detect
    load_model          a detector by name: "shapes", or an official one, four for boxes and three with masks
    detect              the objects in a picture
    Detections          what `detect` returns: boxes, labels, scores, queries; iterating gives one Detection each
    Detection           one object: name, score, box_xyxy, label, query
    fast                a copy of a model that computes the same in less time
    shapes_model        the architecture of "shapes" with random weights
    official_model      one of the official architectures with random weights
    official_weights    an official state dict, fetched once
    short_weights       the shipped state dict of the short DETR of the first notebook
    is_cached           can official weights be had without the network?
    COCO_CLASSES        the class names of the official models for boxes; the index is the label
    SHAPES_CLASSES      the class names of "shapes"
    WeightsError        weights that are not there or cannot be read

Pictures
    open_picture        a picture from a path, an address, bytes or an upload, upright and RGB
    keep_picture        the same, kept as a small clean file beside the notebook
    upload_button       a button that chooses a picture from one's computer
    picture_difference  how much two pictures differ, 0..255
    same_picture        do two pictures show the same?
    resized_size        the size that a picture is resized to
    resize_picture      the picture in that size
    normalise           colours standardised as the backbones expect them
    to_input            a picture as a model's input (3, H, W)
    IMAGENET_MEAN       the mean of each colour that `normalise` takes off
    IMAGENET_STD        the standard deviation that it divides by
    KEPT_NAME           the file that `keep_picture` writes
    PictureError        a picture that cannot be opened or used

Look inside
    explore             the live view of one picture's attention, or masks; `.save("page.html")` makes a page of it
    switch_heads        a live view of what is lost without a head
    compose_scene       a live view to drag shapes onto paper, and to see what the model finds
    Explorer            the widget that `explore` returns
    MaskExplorer        the one that it returns for a model with masks
    explore_caption     a live view of a caption's words: what a CLIP finds of each in a picture
    CaptionExplorer     the widget that `explore_caption` returns
    HeadSwitches        the widget that `switch_heads` returns
    SceneComposer       the widget that `compose_scene` returns
    capture_attention   every attention map of a forward pass, in a `with` block; any nn.MultiheadAttention
    CapturedAttention   what it gives: names, weights; encoder, cls_looks_at, decoder_cross, decoder_self, grid
    switched_off        a model without some heads or layers, in a `with` block
    FeatureGrid         which pixels of the picture belong to which cell of the feature map
    stride_from_sizes   the stride between an input and its feature map
    first_divergence    where two models with the same weights first part, layer by layer
    Divergence          what it gives: rows, first, after, unfit

Segment
    segment                  the panoptic picture of a picture: every pixel's segment
    PanopticMap              what it gives: a map of ids, and segments
    Segment                  one of them: id, label, crowd, queries
    panoptic_maps            from a model's outputs to panoptic pictures
    mask_path                what the mask head holds between attention maps and masks
    MaskPath                 what it gives: attention, features, channels, logits
    instance_masks           from mask logits to a mask for each object query
    panoptic_quality         PQ over a data set: per class, and means over things and stuff
    PanopticQuality          what it gives
    match_segments           which segments of a truth and a prediction are the same, missed, invented
    scene_segments           the truth of a scene as a panoptic picture
    DETRsegm                 a detector with a mask head; parameter names are the official ones
    StuffSegm                the same on a detector of things alone: learned queries for stuff
    MHAttentionMap           attention maps of object queries, without values
    MaskHeadSmallConv        from attention maps to masks, by a small feature pyramid
    mask_losses              focal and dice loss of a batch's matched queries
    sigmoid_focal_loss       cross-entropy in which what is right already counts little
    dice_loss                1 less the share of overlap, mask by mask
    COCO_PANOPTIC_CLASSES    the class names of the official models with masks
    COCO_THINGS              the labels of countable classes among them
    SHAPES_PANOPTIC_CLASSES  the class names of scenes: shapes, then the two grounds
    SHAPES_THINGS            the labels of shapes among them

Pictures and words
    load_clip               a small CLIP by its shipped weights, which works offline
    clip_model              its architecture with random weights
    CLIP                    two towers into one space, and a learned temperature
    Tokenizer               from captions to whole numbers, with an end token
    TextTransformer         the text tower; parameter names are the official ones
    ResidualAttentionBlock  one of its layers
    QuickGELU               what bends in it
    BagOfWords              a text tower that is blind to order, as a control
    causal_mask             which tokens a token may look at
    ImageTower              the image tower: frozen stages of "shapes", colours, attention pooling
    FrozenStages            the maps of these stages
    ColourHistogram         how much of each cell has which colour
    AttentionPool           learned queries that look at all cells
    Projection              a residual projection into the shared space
    clip_logits             cosines over the temperature
    clip_loss               the symmetric cross-entropy of a batch
    hard_negative_loss      the same with further texts that are right for no picture
    clamp_logit_scale       keeps the temperature from .01 to 1
    encode_pictures         features of pictures
    encode_texts            features of texts
    recall_at_k             retrieval both ways; equal captions are right
    zero_shot_classifier    a feature for each class, from its prompts
    zero_shot               the class of each picture
    binding                 is a caption preferred to the same with a swap?
    Binding                 what it gives: share, pairs, error
    modality_gap            the distance between the means of pictures and texts
    measure_clip            all of these figures
    word_attention          which words the end token looks at
    similarity_map          which cells the similarity to a text comes from
    CaptionedScenes         scenes as pictures, with captions that are drawn anew at every look
    captioned_scenes        draws them
    measured_scenes         those that a model is measured on
    untrained_clip          the small CLIP before its training
    CLIPLearner             the same as it learns, from kept maps
    kept_maps               what its frozen stages make of scenes
    clip_batches            its batches, with hard negatives from some step on
    contrastive_losses      its loss, for `Trainer`
    clip_runs               what trainings came to that differ in one thing, three of each

Numbers for attention
    mass_in_box         the share of a map that falls into a box
    lift                that share over the box's share of the area
    entropy             0 all on one cell, 1 spread evenly

Scenes
    draw_scene          a random scene of shapes by seed, with its truth
    compose             a scene that you describe
    Shape               one shape of a scene
    Background          what the shapes lie on
    Horizon             a line that splits it into sky and land
    Scene               the picture with exact boxes, labels and masks
    describe            its shapes as a list in words
    draw_captioned_scene  a random scene of one to three shapes apart from each other
    draw_caption        a random caption that is true of a scene
    Caption             what it gives: groups and a relation; `str` gives the text
    ShapeGroup          shapes of one colour and kind, as "two red rings"
    paraphrase          the same said otherwise
    swapped             a caption made false by an exchange
    SWAPS               the kinds of exchange
    CAPTION_WORDS       all words of captions

Figures
    plot_detections         the picture with its detections
    plot_decoder_attention  where each detection's object query looks
    plot_encoder_attention  where points of the picture look, or who looks at them
    plot_attention_heads    one map per head
    plot_attention_layers   one map per layer
    plot_word_attention     which words of a text its end token looks at
    plot_masks              the picture with its segments
    plot_query_slots        which boxes each object query tends to predict
    plot_training           losses and average precision of trainings
    plot_moments            one scene with what a model said of it at several times
    LiveTraining            both, drawn anew while a `Trainer` runs
    plot_ablations          what runs came to from which a part was left out
    plot_clip_runs          what trainings of small CLIPs came to
    plot_collapse           do trainings of DINO collapse? Entropies and KL over steps
    plot_detr               a diagram: the way of a picture through DETR, with all shapes
    plot_transformer_layers  a diagram: one encoder layer and one decoder layer, and where q, k and v come from
    plot_box_frames         a diagram: one box in its four frames
    plot_row_and_column     a diagram: what a row and a column of an attention matrix say
    new_figure              an empty Figure that a notebook shows once
    clear_subplots          the same without a background, and its Axes: for light pages and dark ones

Boxes
    cxcywh_to_xyxy       centre and size -> corners
    xyxy_to_cxcywh       corners -> centre and size
    scale_to_pixels      0..1 of the picture -> pixels
    box_area             areas of boxes
    box_iou              intersection over union of every pair
    generalized_box_iou  the same with a gradient where boxes are disjoint

The architecture
    DETR                      backbone, transformer and two heads; parameter names are the official ones
    Backbone                  a body and the number of its channels
    SmallResNet               a ResNet in miniature, of stride 8
    resnet_backbone           ResNet-50 or -101 with frozen batch norm, random weights
    small_backbone            SmallResNet as a backbone
    TinyResNet                a classifier in miniature: SmallResNet with `avgpool` and `fc`
    FrozenBatchNorm2d         batch norm that is never trained
    PositionEmbeddingSine     fixed sine positions of the feature map's cells
    PositionEmbeddingLearned  learned positions of rows and columns
    Transformer               encoder and decoder
    TransformerEncoder        a stack of encoder layers
    TransformerDecoder        a stack of decoder layers
    TransformerEncoderLayer   self-attention and a feed-forward network
    TransformerDecoderLayer   self-attention, cross-attention and a feed-forward network
    MLP                       linear layers with ReLU between them: the box head
    pad_and_mask              pictures of several sizes as one batch and its mask

The loss of a set
    match        the cheapest one-to-one assignment of object queries and targets, for each picture
    set_losses   class loss, L1 and GIoU of a batch, in every decoder layer
    total_loss   their weighted sum, which is minimised

Train
    Trainer           the training loop: a model, a criterion, batches and a recipe; `.run()`
    finetune          a detector trained on a data set of one's own in COCO's format
    Recipe            how to train, as numbers: budget, learning rates, schedule
    RenderedScenes    scenes as arrays, which give varied batches
    check_targets     are there targets that cannot be learnt?
    Report            where a training stands: step, seconds, losses, what was measured
    TrainingError     training cannot go on; the message says where and why
    tiny_detr         a DETR that learns in two minutes on one processor
    tiny_scenes       the scenes it learns from
    tiny_curves       what trainings of it came to
    ABLATIONS         what can be left out of it
    ablated_detr      the tiny DETR without one of these
    ablation_trainer  its training, as all of them are trained
    measure_ablation  what it came to
    ablation_runs     what such trainings came to, three of each
    denoising_trainer  its training with denoising queries beside its own
    DenoisingLearner  a DETR whose decoder gets denoising queries as well
    denoising_mask    whom they may see, and who may see them
    with_noised_truth  batches with noised boxes and labels, which they are made of
    probe             trains on a few scenes in seconds: a failure names its suspect
    PROBES            the five probes
    Training          what a probe trains, in the parts that can be broken
    faulty            a training with a planted fault
    FAULTS            these faults

Learn without labels
    VisionTransformer            a ViT: patches and a class token
    PatchEmbed                   from a picture to tokens
    interpolate_pos_encoding     learned positions for another number of patches
    load_dino                    a small ViT that learned without labels, by its shipped weights
    dino_vit                     its architecture with random weights
    untrained_dino               the same as its training begins
    vit_from_huggingface         the weights of HuggingFace's ViTModel for it
    multi_crop                   random crops of a batch of pictures, one for each view
    View                         how one of them is made
    DINOHead                     from a feature to logits over prototypes
    cancel_gradients_last_layer  keeps the prototypes as they are
    DINOLoss                     the student says of one view what the teacher says of another
    output_entropies             of the outputs, and of their mean
    DINO                         student, teacher and loss in training
    update_teacher               the teacher follows the student
    cosine_momentum              how closely
    OneShapeScenes               pictures of one shape each, and the truth about them
    one_shape_scenes             such scenes by number
    dino_trainer                 the training of "dino"
    dino_learner                 what it trains
    dino_recipe                  and how
    supervised_trainer           its control with labels
    COLLAPSES                    what can be wrong, so that it collapses
    collapse_trainer             a training with one of these
    collapse_curves              what it said at each step
    dino_curves                  what trainings with planted faults said at each step, three of each
    extract_features             the class token's output for many pictures
    pixel_features               the control without a network
    knn_predict                  the label of the nearest neighbours
    knn_leave_one_out            the same among the features themselves
    linear_probe                 the accuracy of a linear layer on features
    cls_attention                where the class token looks
    keep_mass                    the cells that hold most of a map
    jaccard                      intersection over union of masks
    head_jaccard                 of each head's map with a mask
    measure_jaccard              of one head for all, chosen elsewhere, beside its controls
    pca_rgb                      tokens as colours
    measure_dino                 the figures of a ViT on held-out scenes
    measure_pixels               and those without a network

Measure
    average_precision  AP, AP50 and AP75 of a model on scenes
    seen               scenes as a model sees them, for it
    evaluate_coco  COCO's twelve numbers of a model on a data set in its format
    CocoResult     what `evaluate_coco` returns: figures, text, pictures, skipped, notes
    export_coco    scenes as a data set in COCO's format

On the command line: `detrlab detect PICTURE --attention`, `detrlab explore PICTURE`, `detrlab eval --coco PATH`.
"""

import typing
from importlib import import_module

if typing.TYPE_CHECKING:  # what type checkers and editors see; at run time a name is imported when it is asked for
    # isort: off
    from .attention.ablation import switched_off as switched_off
    from .attention.capture import CapturedAttention as CapturedAttention, capture_attention as capture_attention
    from .attention.grid import FeatureGrid as FeatureGrid, stride_from_sizes as stride_from_sizes
    from .attention.measures import entropy as entropy, lift as lift, mass_in_box as mass_in_box
    from .boxes import (
        box_area as box_area,
        box_iou as box_iou,
        cxcywh_to_xyxy as cxcywh_to_xyxy,
        generalized_box_iou as generalized_box_iou,
        scale_to_pixels as scale_to_pixels,
        xyxy_to_cxcywh as xyxy_to_cxcywh,
    )
    from .clip.attention import (
        similarity_map as similarity_map,
        word_attention as word_attention,
    )
    from .clip.data import (
        CaptionedScenes as CaptionedScenes,
        captioned_scenes as captioned_scenes,
        measured_scenes as measured_scenes,
    )
    from .clip.image import (
        AttentionPool as AttentionPool,
        ColourHistogram as ColourHistogram,
        FrozenStages as FrozenStages,
        ImageTower as ImageTower,
    )
    from .clip.loss import (
        clip_loss as clip_loss,
        hard_negative_loss as hard_negative_loss,
    )
    from .clip.measures import (
        Binding as Binding,
        binding as binding,
        encode_pictures as encode_pictures,
        encode_texts as encode_texts,
        measure_clip as measure_clip,
        modality_gap as modality_gap,
        recall_at_k as recall_at_k,
        zero_shot as zero_shot,
        zero_shot_classifier as zero_shot_classifier,
    )
    from .clip.model import (
        CLIP as CLIP,
        Projection as Projection,
        clamp_logit_scale as clamp_logit_scale,
        clip_logits as clip_logits,
        clip_model as clip_model,
        load_clip as load_clip,
    )
    from .clip.runs import clip_runs as clip_runs
    from .clip.text import (
        BagOfWords as BagOfWords,
        QuickGELU as QuickGELU,
        ResidualAttentionBlock as ResidualAttentionBlock,
        TextTransformer as TextTransformer,
        causal_mask as causal_mask,
    )
    from .clip.tokenizer import Tokenizer as Tokenizer
    from .clip.training import (
        CLIPLearner as CLIPLearner,
        clip_batches as clip_batches,
        contrastive_losses as contrastive_losses,
        kept_maps as kept_maps,
        untrained_clip as untrained_clip,
    )
    from .detr.backbone import (
        Backbone as Backbone,
        FrozenBatchNorm2d as FrozenBatchNorm2d,
        SmallResNet as SmallResNet,
        TinyResNet as TinyResNet,
        resnet_backbone as resnet_backbone,
        small_backbone as small_backbone,
    )
    from .detr.classes import (
        COCO_CLASSES as COCO_CLASSES,
        COCO_PANOPTIC_CLASSES as COCO_PANOPTIC_CLASSES,
        COCO_THINGS as COCO_THINGS,
        SHAPES_CLASSES as SHAPES_CLASSES,
    )
    from .detr.criterion import set_losses as set_losses, total_loss as total_loss
    from .detr.detect import Detection as Detection, Detections as Detections, detect as detect
    from .detr.detr import DETR as DETR, MLP as MLP, pad_and_mask as pad_and_mask
    from .detr.fast import fast as fast
    from .detr.matcher import match as match
    from .detr.models import (
        load_model as load_model,
        official_model as official_model,
        official_weights as official_weights,
        shapes_model as shapes_model,
        short_weights as short_weights,
    )
    from .detr.position import (
        PositionEmbeddingLearned as PositionEmbeddingLearned,
        PositionEmbeddingSine as PositionEmbeddingSine,
    )
    from .detr.transformer import (
        Transformer as Transformer,
        TransformerDecoder as TransformerDecoder,
        TransformerDecoderLayer as TransformerDecoderLayer,
        TransformerEncoder as TransformerEncoder,
        TransformerEncoderLayer as TransformerEncoderLayer,
    )
    from .dino.vision_transformer import (
        VisionTransformer as VisionTransformer,
        PatchEmbed as PatchEmbed,
        interpolate_pos_encoding as interpolate_pos_encoding,
        dino_vit as dino_vit,
        load_dino as load_dino,
        untrained_dino as untrained_dino,
    )
    from .dino.huggingface import vit_from_huggingface as vit_from_huggingface
    from .dino.multi_crop import multi_crop as multi_crop, View as View
    from .dino.head import DINOHead as DINOHead, cancel_gradients_last_layer as cancel_gradients_last_layer
    from .dino.loss import DINOLoss as DINOLoss, output_entropies as output_entropies
    from .dino.teacher import DINO as DINO, update_teacher as update_teacher, cosine_momentum as cosine_momentum
    from .dino.scenes import OneShapeScenes as OneShapeScenes, one_shape_scenes as one_shape_scenes
    from .dino.training import (
        dino_trainer as dino_trainer,
        dino_learner as dino_learner,
        dino_recipe as dino_recipe,
        supervised_trainer as supervised_trainer,
    )
    from .dino.collapse import (
        COLLAPSES as COLLAPSES,
        collapse_trainer as collapse_trainer,
        collapse_curves as collapse_curves,
        dino_curves as dino_curves,
    )
    from .dino.features import (
        extract_features as extract_features,
        pixel_features as pixel_features,
        knn_predict as knn_predict,
        knn_leave_one_out as knn_leave_one_out,
        linear_probe as linear_probe,
    )
    from .dino.attention_maps import (
        cls_attention as cls_attention,
        keep_mass as keep_mass,
        jaccard as jaccard,
        head_jaccard as head_jaccard,
        measure_jaccard as measure_jaccard,
        pca_rgb as pca_rgb,
    )
    from .dino.evaluate import measure_dino as measure_dino, measure_pixels as measure_pixels
    from .divergence import Divergence as Divergence, first_divergence as first_divergence
    from .evaluation.coco import export_coco as export_coco
    from .evaluation.evaluate import average_precision as average_precision
    from .evaluation.evaluate_coco import CocoResult as CocoResult, evaluate_coco as evaluate_coco
    from .explorer.caption import CaptionExplorer as CaptionExplorer, explore_caption as explore_caption
    from .explorer.compose import SceneComposer as SceneComposer, compose_scene as compose_scene
    from .explorer.explore import explore as explore
    from .explorer.heads import HeadSwitches as HeadSwitches, switch_heads as switch_heads
    from .explorer.masks import MaskExplorer as MaskExplorer
    from .explorer.widget import Explorer as Explorer
    from .figures.ablations import plot_ablations as plot_ablations
    from .figures.attention import (
        plot_attention_heads as plot_attention_heads,
        plot_attention_layers as plot_attention_layers,
        plot_decoder_attention as plot_decoder_attention,
        plot_encoder_attention as plot_encoder_attention,
    )
    from .figures.clip_runs import plot_clip_runs as plot_clip_runs
    from .figures.collapse import plot_collapse as plot_collapse
    from .figures.conventions import (
        plot_box_frames as plot_box_frames,
        plot_row_and_column as plot_row_and_column,
    )
    from .figures.detections import plot_detections as plot_detections, plot_query_slots as plot_query_slots
    from .figures.diagrams import plot_detr as plot_detr, plot_transformer_layers as plot_transformer_layers
    from .figures.drawing import clear_subplots as clear_subplots, new_figure as new_figure
    from .figures.masks import plot_masks as plot_masks
    from .figures.training import (
        LiveTraining as LiveTraining,
        plot_moments as plot_moments,
        plot_training as plot_training,
    )
    from .figures.words import plot_word_attention as plot_word_attention
    from .images import (
        IMAGENET_MEAN as IMAGENET_MEAN,
        IMAGENET_STD as IMAGENET_STD,
        PictureError as PictureError,
        normalise as normalise,
        open_picture as open_picture,
        resize_picture as resize_picture,
        resized_size as resized_size,
        to_input as to_input,
    )
    from .own_picture import (
        KEPT_NAME as KEPT_NAME,
        keep_picture as keep_picture,
        picture_difference as picture_difference,
        same_picture as same_picture,
        upload_button as upload_button,
    )
    from .panoptic.attention_map import MHAttentionMap as MHAttentionMap
    from .panoptic.losses import dice_loss as dice_loss, mask_losses as mask_losses
    from .panoptic.losses import sigmoid_focal_loss as sigmoid_focal_loss
    from .panoptic.mask_head import MaskHeadSmallConv as MaskHeadSmallConv
    from .panoptic.mask_path import MaskPath as MaskPath, mask_path as mask_path
    from .panoptic.postprocess import (
        instance_masks as instance_masks,
        panoptic_maps as panoptic_maps,
        segment as segment,
    )
    from .panoptic.quality import PanopticQuality as PanopticQuality, match_segments as match_segments
    from .panoptic.quality import panoptic_quality as panoptic_quality
    from .panoptic.segmentation import DETRsegm as DETRsegm
    from .panoptic.segments import PanopticMap as PanopticMap, Segment as Segment, scene_segments as scene_segments
    from .panoptic.segments import SHAPES_PANOPTIC_CLASSES as SHAPES_PANOPTIC_CLASSES, SHAPES_THINGS as SHAPES_THINGS
    from .panoptic.stuff import StuffSegm as StuffSegm
    from .scenes.captions import (
        CAPTION_WORDS as CAPTION_WORDS,
        SWAPS as SWAPS,
        Caption as Caption,
        ShapeGroup as ShapeGroup,
        describe as describe,
        draw_caption as draw_caption,
        draw_captioned_scene as draw_captioned_scene,
        paraphrase as paraphrase,
        swapped as swapped,
    )
    from .scenes.compose import compose as compose, draw_scene as draw_scene
    from .scenes.parts import Background as Background, Horizon as Horizon, Scene as Scene, Shape as Shape
    from .training.ablations import (
        ABLATIONS as ABLATIONS,
        ablated_detr as ablated_detr,
        ablation_runs as ablation_runs,
        ablation_trainer as ablation_trainer,
        measure_ablation as measure_ablation,
    )
    from .training.data import RenderedScenes as RenderedScenes
    from .training.denoising import (
        DenoisingLearner as DenoisingLearner,
        denoising_mask as denoising_mask,
        denoising_trainer as denoising_trainer,
        with_noised_truth as with_noised_truth,
    )
    from .training.faults import TrainingError as TrainingError, check_targets as check_targets
    from .training.finetune import finetune as finetune
    from .training.loop import Report as Report, Trainer as Trainer
    from .training.probes import (
        FAULTS as FAULTS,
        PROBES as PROBES,
        Training as Training,
        faulty as faulty,
        probe as probe,
    )
    from .training.recipe import Recipe as Recipe
    from .training.tiny import (
        seen as seen,
        tiny_curves as tiny_curves,
        tiny_detr as tiny_detr,
        tiny_scenes as tiny_scenes,
    )
    from .weights import WeightsError as WeightsError, is_cached as is_cached

_HOMES = {
    "attention.ablation": ("switched_off",),
    "attention.capture": ("CapturedAttention", "capture_attention"),
    "attention.grid": ("FeatureGrid", "stride_from_sizes"),
    "attention.measures": ("entropy", "lift", "mass_in_box"),
    "boxes": ("box_area", "box_iou", "cxcywh_to_xyxy", "generalized_box_iou", "scale_to_pixels", "xyxy_to_cxcywh"),
    "clip.attention": ("similarity_map", "word_attention"),
    "clip.data": ("CaptionedScenes", "captioned_scenes", "measured_scenes"),
    "clip.image": ("AttentionPool", "ColourHistogram", "FrozenStages", "ImageTower"),
    "clip.loss": ("clip_loss", "hard_negative_loss"),
    "clip.measures": (
        "Binding",
        "binding",
        "encode_pictures",
        "encode_texts",
        "measure_clip",
        "modality_gap",
        "recall_at_k",
        "zero_shot",
        "zero_shot_classifier",
    ),
    "clip.model": ("CLIP", "Projection", "clamp_logit_scale", "clip_logits", "clip_model", "load_clip"),
    "clip.runs": ("clip_runs",),
    "clip.text": ("BagOfWords", "QuickGELU", "ResidualAttentionBlock", "TextTransformer", "causal_mask"),
    "clip.tokenizer": ("Tokenizer",),
    "clip.training": ("CLIPLearner", "clip_batches", "contrastive_losses", "kept_maps", "untrained_clip"),
    "detr.backbone": (
        "Backbone",
        "FrozenBatchNorm2d",
        "SmallResNet",
        "TinyResNet",
        "resnet_backbone",
        "small_backbone",
    ),
    "detr.classes": ("COCO_CLASSES", "COCO_PANOPTIC_CLASSES", "COCO_THINGS", "SHAPES_CLASSES"),
    "detr.criterion": ("set_losses", "total_loss"),
    "detr.detect": ("Detection", "Detections", "detect"),
    "detr.detr": ("DETR", "MLP", "pad_and_mask"),
    "detr.fast": ("fast",),
    "detr.matcher": ("match",),
    "detr.models": ("load_model", "official_model", "official_weights", "shapes_model", "short_weights"),
    "detr.position": ("PositionEmbeddingLearned", "PositionEmbeddingSine"),
    "detr.transformer": (
        "Transformer",
        "TransformerDecoder",
        "TransformerDecoderLayer",
        "TransformerEncoder",
        "TransformerEncoderLayer",
    ),
    "dino.vision_transformer": (
        "VisionTransformer",
        "PatchEmbed",
        "interpolate_pos_encoding",
        "dino_vit",
        "load_dino",
        "untrained_dino",
    ),
    "dino.huggingface": ("vit_from_huggingface",),
    "dino.multi_crop": ("multi_crop", "View"),
    "dino.head": ("DINOHead", "cancel_gradients_last_layer"),
    "dino.loss": ("DINOLoss", "output_entropies"),
    "dino.teacher": ("DINO", "update_teacher", "cosine_momentum"),
    "dino.scenes": ("OneShapeScenes", "one_shape_scenes"),
    "dino.training": ("dino_trainer", "dino_learner", "dino_recipe", "supervised_trainer"),
    "dino.collapse": ("COLLAPSES", "collapse_trainer", "collapse_curves", "dino_curves"),
    "dino.features": ("extract_features", "pixel_features", "knn_predict", "knn_leave_one_out", "linear_probe"),
    "dino.attention_maps": ("cls_attention", "keep_mass", "jaccard", "head_jaccard", "measure_jaccard", "pca_rgb"),
    "dino.evaluate": ("measure_dino", "measure_pixels"),
    "divergence": ("Divergence", "first_divergence"),
    "evaluation.coco": ("export_coco",),
    "evaluation.evaluate": ("average_precision",),
    "evaluation.evaluate_coco": ("CocoResult", "evaluate_coco"),
    "explorer.caption": ("CaptionExplorer", "explore_caption"),
    "explorer.compose": ("SceneComposer", "compose_scene"),
    "explorer.explore": ("explore",),
    "explorer.heads": ("HeadSwitches", "switch_heads"),
    "explorer.masks": ("MaskExplorer",),
    "explorer.widget": ("Explorer",),
    "figures.ablations": ("plot_ablations",),
    "figures.attention": (
        "plot_attention_heads",
        "plot_attention_layers",
        "plot_decoder_attention",
        "plot_encoder_attention",
    ),
    "figures.clip_runs": ("plot_clip_runs",),
    "figures.collapse": ("plot_collapse",),
    "figures.conventions": ("plot_box_frames", "plot_row_and_column"),
    "figures.detections": ("plot_detections", "plot_query_slots"),
    "figures.diagrams": ("plot_detr", "plot_transformer_layers"),
    "figures.drawing": ("clear_subplots", "new_figure"),
    "figures.masks": ("plot_masks",),
    "figures.training": ("LiveTraining", "plot_moments", "plot_training"),
    "figures.words": ("plot_word_attention",),
    "images": (
        "IMAGENET_MEAN",
        "IMAGENET_STD",
        "PictureError",
        "normalise",
        "open_picture",
        "resize_picture",
        "resized_size",
        "to_input",
    ),
    "own_picture": ("KEPT_NAME", "keep_picture", "picture_difference", "same_picture", "upload_button"),
    "panoptic.attention_map": ("MHAttentionMap",),
    "panoptic.losses": ("dice_loss", "mask_losses", "sigmoid_focal_loss"),
    "panoptic.mask_head": ("MaskHeadSmallConv",),
    "panoptic.mask_path": ("MaskPath", "mask_path"),
    "panoptic.postprocess": ("instance_masks", "panoptic_maps", "segment"),
    "panoptic.quality": ("PanopticQuality", "match_segments", "panoptic_quality"),
    "panoptic.segmentation": ("DETRsegm",),
    "panoptic.segments": ("PanopticMap", "SHAPES_PANOPTIC_CLASSES", "SHAPES_THINGS", "Segment", "scene_segments"),
    "panoptic.stuff": ("StuffSegm",),
    "scenes.captions": (
        "CAPTION_WORDS",
        "SWAPS",
        "Caption",
        "ShapeGroup",
        "describe",
        "draw_caption",
        "draw_captioned_scene",
        "paraphrase",
        "swapped",
    ),
    "scenes.compose": ("compose", "draw_scene"),
    "scenes.parts": ("Background", "Horizon", "Scene", "Shape"),
    "training.ablations": ("ABLATIONS", "ablated_detr", "ablation_runs", "ablation_trainer", "measure_ablation"),
    "training.data": ("RenderedScenes",),
    "training.denoising": ("DenoisingLearner", "denoising_mask", "denoising_trainer", "with_noised_truth"),
    "training.faults": ("TrainingError", "check_targets"),
    "training.finetune": ("finetune",),
    "training.loop": ("Report", "Trainer"),
    "training.probes": ("FAULTS", "PROBES", "Training", "faulty", "probe"),
    "training.recipe": ("Recipe",),
    "training.tiny": ("seen", "tiny_curves", "tiny_detr", "tiny_scenes"),
    "weights": ("WeightsError", "is_cached"),
}
_HOME = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> typing.Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME} - {"import_module", "typing"})
