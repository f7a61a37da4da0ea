"""The public faces, `detrlab` and `coursework`: the names they offer, where these come from, what importing costs."""

import ast
import importlib
import json
import pkgutil
import pydoc
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = {
    "coursework": """
        Array BLANK Draw NotAttempted Notebook Outcome attempt attempted drawn_axes drawn_boxes drawn_circles
        drawn_colours drawn_images drawn_labels drawn_texts forget_progress freeze hand_in_button kept layer_outputs
        open_notebook output_of recording run_check runs_inside shapes_of show_progress sizes_of solution
    """,
    "detrlab": """
        ABLATIONS AttentionPool Backbone Background BagOfWords Binding CAPTION_WORDS CLIP CLIPLearner COCO_CLASSES
        COCO_PANOPTIC_CLASSES COCO_THINGS COLLAPSES Caption CaptionExplorer CaptionedScenes CapturedAttention CocoResult
        ColourHistogram DETR DETRsegm DINO DINOHead DINOLoss DenoisingLearner Detection Detections Divergence Explorer
        FAULTS FeatureGrid FrozenBatchNorm2d FrozenStages HeadSwitches Horizon IMAGENET_MEAN IMAGENET_STD ImageTower
        KEPT_NAME LiveTraining MHAttentionMap MLP MaskExplorer MaskHeadSmallConv MaskPath OneShapeScenes PROBES
        PanopticMap PanopticQuality PatchEmbed PictureError PositionEmbeddingLearned PositionEmbeddingSine Projection
        QuickGELU Recipe RenderedScenes Report ResidualAttentionBlock SHAPES_CLASSES SHAPES_PANOPTIC_CLASSES
        SHAPES_THINGS SWAPS Scene SceneComposer Segment Shape ShapeGroup SmallResNet StuffSegm TextTransformer
        TinyResNet Tokenizer Trainer Training TrainingError Transformer TransformerDecoder TransformerDecoderLayer
        TransformerEncoder TransformerEncoderLayer View VisionTransformer WeightsError ablated_detr ablation_runs
        ablation_trainer average_precision binding box_area box_iou cancel_gradients_last_layer captioned_scenes
        capture_attention causal_mask check_targets clamp_logit_scale clear_subplots clip_batches clip_logits clip_loss
        clip_model clip_runs cls_attention collapse_curves collapse_trainer compose compose_scene contrastive_losses
        cosine_momentum cxcywh_to_xyxy denoising_mask denoising_trainer describe detect dice_loss dino_curves
        dino_learner dino_recipe dino_trainer dino_vit draw_caption draw_captioned_scene draw_scene encode_pictures
        encode_texts entropy evaluate_coco explore explore_caption export_coco extract_features fast faulty finetune
        first_divergence generalized_box_iou hard_negative_loss head_jaccard instance_masks interpolate_pos_encoding
        is_cached jaccard keep_mass keep_picture kept_maps knn_leave_one_out knn_predict lift linear_probe load_clip
        load_dino load_model mask_losses mask_path mass_in_box match match_segments measure_ablation measure_clip
        measure_dino measure_jaccard measure_pixels measured_scenes modality_gap multi_crop new_figure normalise
        official_model official_weights one_shape_scenes open_picture output_entropies pad_and_mask panoptic_maps
        panoptic_quality paraphrase pca_rgb picture_difference pixel_features plot_ablations plot_attention_heads
        plot_attention_layers plot_box_frames plot_clip_runs plot_collapse plot_decoder_attention plot_detections
        plot_detr plot_encoder_attention plot_masks plot_moments plot_query_slots plot_row_and_column plot_training
        plot_transformer_layers plot_word_attention probe recall_at_k resize_picture resized_size resnet_backbone
        same_picture scale_to_pixels scene_segments seen segment set_losses shapes_model short_weights
        sigmoid_focal_loss similarity_map small_backbone stride_from_sizes supervised_trainer swapped switch_heads
        switched_off tiny_curves tiny_detr tiny_scenes to_input total_loss untrained_clip untrained_dino update_teacher
        upload_button vit_from_huggingface with_noised_truth word_attention xyxy_to_cxcywh zero_shot
        zero_shot_classifier
    """,
}
# What a notebook names by its place: the texts say `detrlab.boxes.cxcywh_to_xyxy` and `measures.entropy`.
DEEP = {"detrlab.boxes", "detrlab.attention"}
SLOW = ("torchvision", "torch._dynamo", "requests", "scipy", "nbconvert", "jupytext")  # to import: 0.2 to 4 CPU s each
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))

faces = pytest.mark.parametrize(
    "face", [importlib.import_module(name) for name in NAMES], ids=lambda face: face.__name__
)


def names(face: ModuleType) -> set[str]:
    return set(NAMES[face.__name__].split())


@faces
def test_a_face_offers_these_names_and_no_others(face):
    public = {name for name in dir(face) if not name.startswith("_")}
    assert {name for name in public if not isinstance(getattr(face, name), ModuleType)} == names(face)


@faces
def test_type_checkers_see_what_a_program_gets(face):
    tree = ast.parse(Path(face.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: (node.module, alias.name) for node in block.body for alias in node.names}
    assert set(seen) == names(face)
    for name, (module, there) in seen.items():
        home = importlib.import_module(f"{face.__name__}.{module}")
        assert getattr(home, there) is getattr(face, name) and there == name
        assert getattr(getattr(face, name), "__module__", home.__name__) == home.__name__, f"{name} is only passed on"


@faces
def test_help_is_a_table_of_contents(face):
    described = re.findall(r"^    (\w+) {2,}\S", face.__doc__, re.M)
    assert sorted(described) == sorted(names(face))
    shown = pydoc.render_doc(face, renderer=pydoc.plaintext)
    assert "\nCLASSES" not in shown  # with every method of every class, they would be thousands of lines


@faces
def test_no_name_hides_a_module(face):
    assert names(face) & {module.name for module in pkgutil.iter_modules(face.__path__)} == set()
    with pytest.raises(AttributeError, match=f"module '{face.__name__}' has no attribute 'no_such_name'"):
        _ = face.no_such_name


def test_packages_below_a_face_hold_no_code():
    files = [path for name in NAMES for path in (ROOT / name).glob("*/**/__init__.py")]
    assert len(files) > 5
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert tree.body[ast.get_docstring(tree) is not None :] == [], path


def imports(code: str) -> set[str]:
    """The modules of ours that a cell imports (from)."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        found |= {name.name for name in node.names} if isinstance(node, ast.Import) else set()
        found |= {node.module} if isinstance(node, ast.ImportFrom) else set()
    return {name for name in found if name.split(".")[0] in NAMES}


@pytest.mark.parametrize("path", [*NOTEBOOKS, ROOT / "notebooks" / "start.ipynb"], ids=lambda path: path.stem)
def test_notebooks_use_the_faces(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    used = set().union(*(imports("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"))
    assert "coursework" in used
    assert used <= {*NAMES, *DEEP}


def loaded(code: str, wanted: tuple[str, ...], folder: Path = ROOT) -> set[str]:
    """Which of these modules a fresh process has loaded after the code."""
    code += f"\nimport sys; print('loaded', *({set(wanted)!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return set(run.stdout.split()[1:])


def test_a_face_alone_loads_nothing():
    assert loaded("import coursework, detrlab", ("torch", "numpy", "IPython", "PIL")) == set()


def test_a_first_detection_loads_what_it_uses():
    code = "from detrlab import detect, draw_scene, load_model; detect(load_model('shapes'), draw_scene(11).picture)"
    assert loaded(code, ("torch", *SLOW, "matplotlib", "ipywidgets", "anywidget")) == {"torch"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_setting_up_a_notebook_loads_what_it_uses(path):
    code = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    (setup,) = (text for text in code if "= open_notebook(" in text)
    imported = {name for name in SLOW if re.search(rf"^(from|import) {re.escape(name)}\b", setup, re.MULTILINE)}
    assert loaded(setup, ("torch", *SLOW), path.parent) == {"torch"} | imported
