"""Faults that a careless edit could make, each with the tests that must notice it; ``plant_faults.py`` puts them in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault, and who must find it.

    Attributes:
        breaks: What it breaks, in a few words: its name.
        file: The source file, below ``shapeseg/``.
        sound: Text that stands in that file just once.
        faulty: What to put in its place.
        tests: File or folder of tests, below ``tests/``, that must fail: there, where the room's own tests are.
    """

    breaks: str
    file: str
    sound: str
    faulty: str
    tests: str


FAULTS = (
    Fault(
        "an ellipse is of the corners of its pixels, not of their centres",
        "scenes/kinds.py",
        "(2 * np.arange(w, dtype=np.int64) + 1 - w)",
        "(2 * np.arange(w, dtype=np.int64) - w)",
        "scenes/test_silhouettes.py",
    ),
    Fault(
        "the first instance is painted last",
        "scenes/scene.py",
        "in enumerate(self.instances, start=1):\n            image_part",
        "in reversed([*enumerate(self.instances, start=1)]):\n            image_part",
        "scenes/test_truth.py",
    ),
    Fault(
        "an occlusion rate is of the box, not of the silhouette",
        "scenes/scene.py",
        "[silhouette(kind, w, h, form)[1] for kind,",
        "[w * h for kind,",
        "scenes/test_truth.py",
    ),
    Fault(
        "of several occluders only the last counts against the limit",
        "scenes/limited.py",
        "visible[number] -= int(hidden[number])",
        "visible[number] = areas[number] - int(hidden[number])",
        "scenes/test_occlusion_control.py",
    ),
    Fault(
        "of a group beyond the search every set is listed",
        "scenes/ambiguity.py",
        "np.where(group.mask(group.everything)",
        "np.where(group.mask(group.covers[-1])",
        "scenes/test_ambiguity.py",
    ),
    Fault(
        "the highest number is never drawn",
        "scenes/streams.py",
        "return (word * bound) >> 64",
        "return (word * (bound - 1)) >> 64",
        "scenes/test_streams.py",
    ),
    Fault(
        "shapes of unlike colours are taken for ambiguous",
        "scenes/shape_group.py",
        "bits & ~self.of_color[each.color] for bits, each",
        "bits & ~bits for bits, each",
        "scenes/test_ambiguity.py",
    ),
    Fault(
        "a twin keeps an occluder that is a rectangle itself",
        "scenes/twins.py",
        "if place not in hidden_by:",
        "if place not in hidden_by or scene.is_target(instance):",
        "scenes/test_relations.py",
    ),
    Fault(
        "an append deals the splits out anew",
        "datasets/draw.py",
        "split_of(index, seed=seed, settings=settings.splits)",
        "split_of(index - chunk.start, seed=seed, settings=settings.splits)",
        "datasets/test_append.py",
    ),
    Fault(
        "the journal of an append is left behind",
        "datasets/append.py",
        "        (folder / _JOURNAL).unlink()\n",
        "",
        "datasets/test_append.py",
    ),
    Fault(
        "metadata with another digest is read",
        "datasets/metadata.py",
        "if hashlib.sha256(content).hexdigest() != manifest.metadata.sha256:",
        "if not content:",
        "datasets/test_dataset.py",
    ),
    Fault(
        "COCO's run lengths go row by row",
        "datasets/formats/coco.py",
        "np.pad(mask, ((0, 1), (0, 0))).T.ravel()",
        "np.pad(mask, ((0, 1), (0, 0))).ravel()",
        "datasets/formats/test_coco.py",
    ),
    Fault(
        "YOLO's corners stand on the edges of their pixels",
        "datasets/formats/yolo.py",
        "_INSIDE = 0.25",
        "_INSIDE = 0.0",
        "datasets/formats/test_convert.py",
    ),
    Fault(
        "the image is turned and its labels are not",
        "datasets/augmentation.py",
        "_turn(labels, below(turn, 8))",
        "labels",
        "datasets/test_augmentation.py",
    ),
    Fault(
        "the last, smaller batch is dropped",
        "datasets/feed.py",
        "else math.ceil(batches)",
        "else math.floor(batches)",
        "datasets/test_feed.py",
    ),
    Fault(
        "a model file that its card does not know is loaded",
        "models/saving.py",
        "if card is None or file.sha256 not in (card.sha256, card.previous_sha256):",
        "if card is None:",
        "models/test_saving.py",
    ),
    Fault(
        "moving statistics keep what they should forget",
        "models/torch_kernels.py",
        "momentum=1 - moving.momentum",
        "momentum=moving.momentum",
        "models/test_layers.py",
    ),
    Fault(
        "the stride of a U-Net is a level short",
        "models/unet.py",
        "return 2 ** len(self.widths)",
        "return 2 ** (len(self.widths) - 1)",
        "models/test_networks.py",
    ),
    Fault(
        "an equal score replaces the best model",
        "training/callbacks.py",
        "score > self.best",
        "score >= self.best",
        "training/test_callbacks.py",
    ),
    Fault(
        "a resume begins with a new optimiser",
        "training/checkpoint.py",
        '(("model", _variables(model)), ("optimizer", model.optimizer.variables))',
        '(("model", _variables(model)),)',
        "training/test_checkpoint.py",
    ),
    Fault(
        "Dice of an empty batch is a loss of 1",
        "training/losses.py",
        "(2 * total(ops.sum(y * p)) + 1) /",
        "2 * total(ops.sum(y * p)) /",
        "training/test_losses.py",
    ),
    Fault(
        "ambiguous pixels are blamed",
        "training/losses.py",
        'is_blamed(codes, ignore_ambiguous=self.ambiguous == "exclude")',
        "is_blamed(codes, ignore_ambiguous=False)",
        "training/test_losses.py",
    ),
    Fault(
        "Dice pulls the probabilities of ambiguous pixels to 0 or 1",
        "training/losses.py",
        "dice(c.decidable())",
        "dice(c)",
        "training/test_losses.py",
    ),
    Fault(
        "the least possible log loss is that of a model which is calibrated, however little it knows",
        "evaluation/ambiguous_pixels.py",
        "_cross_entropy(q, q)",
        "_cross_entropy(p, p)",
        "evaluation/test_evaluation.py",
    ),
    Fault(
        "a shape is pasted where scenes were chosen by occlusion, and their probabilities are served as exact",
        "datasets/feed.py",
        "and rule.asks_for_occlusion",
        "and False",
        "datasets/test_feed.py",
    ),
    Fault(
        "large counts lose their upper part",
        "training/metrics.py",
        "high.assign_add(low // _LIMB)",
        "high.assign(low // _LIMB)",
        "training/test_metrics.py",
    ),
    Fault(
        "images are padded with black",
        "inference/predictor.py",
        'mode="edge")',
        'mode="constant")',
        "inference/test_predictor.py",
    ),
    Fault(
        "tiles do not overlap by what a pixel can see",
        "inference/opened_model.py",
        "if self._reach is None else self._reach",
        "if self._reach is None else 0",
        "inference",
    ),
    Fault(
        "recall is of the whole silhouette, not of what is visible",
        "evaluation/instances.py",
        "recall=ratio(found, pixels)",
        "recall=ratio(found, truth.amodal_areas[place])",
        "evaluation/test_instances.py",
    ),
    Fault(
        "an interval has as many degrees of freedom as images, however few hold the error",
        "evaluation/intervals.py",
        "2 / (fourth + 1 / images)",
        "float(images)",
        "evaluation/test_intervals.py",
    ),
    Fault(
        "images without a rectangle count for an interval",
        "evaluation/intervals.py",
        "contributing = whole > 0",
        "contributing = whole >= 0",
        "evaluation/test_intervals.py",
    ),
    Fault(
        "a rectangle that is behind counts as one in front",
        "scenes/relations.py",
        "2 * same + ~truth.target()",
        "2 * same + truth.target()",
        "scenes/test_relations.py",
    ),
    Fault(
        "the interval of a study is that over seeds alone",
        "workflows/study/intervals.py",
        "max(_half(between), _half(_sum(between, jackknife(left_out))))",
        "_half(between)",
        "workflows/study/test_study_numbers.py",
    ),
    Fault(
        "the ceiling is of the guess that takes every open pixel",
        "evaluation/ceiling.py",
        "np.max(right / (total + taken - right))",
        "(right / (total + taken - right))[-1]",
        "evaluation/test_ceiling.py",
    ),
    Fault(
        "beyond the edge of the image is inside",
        "evaluation/boundary.py",
        "borderValue=0",
        "borderValue=1",
        "evaluation/test_boundary.py",
    ),
    Fault(
        "a quotation mark ends an attribute of the report",
        "reporting/page/markup.py",
        '="{html.escape(str(value))}"',
        '="{html.escape(str(value), quote=False)}"',
        "reporting/test_report.py",
    ),
    Fault(
        "missed and invented pixels are swapped",
        "reporting/pixels.py",
        "(truth & ~predicted, MISSED), (predicted & ~truth, INVENTED)",
        "(truth & ~predicted, INVENTED), (predicted & ~truth, MISSED)",
        "reporting/test_pixels.py",
    ),
    Fault(
        "the threshold is chosen on one image of val",
        "workflows/train_report.py",
        "best_candidate(sum(found[1:], found[0]))",
        "best_candidate(found[0])",
        "workflows/test_train.py",
    ),
    Fault(
        "the holdout split can be measured twice",
        "workflows/holdout.py",
        'held.get("model_sha256") == model.sha256',
        'held.get("sha256") == model.sha256',
        "workflows/test_evaluate.py",
    ),
    Fault(
        "a settings file wins over flags",
        "commands/command_line.py",
        "in_groups(options_type, given, content)",
        "in_groups(options_type, content, in_groups(options_type, given))",
        "commands/test_config_files.py",
    ),
    Fault(
        "a command that found problems exits with 0",
        "commands/command_line.py",
        "return code if isinstance(code, int) else 0",
        "return code if isinstance(code, bool) else 0",
        "commands",
    ),
    Fault(
        "a file is renamed before its content is safe",
        "files.py",
        "        sync(temporary)\n        os.replace(temporary, target)\n",
        "        os.replace(temporary, target)\n        sync(target)\n",
        "test_files.py",
    ),
    Fault(
        "two writers hold one lock",
        "folders.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "test_folders.py",
    ),
    Fault(
        "an ambiguous target is labelled background",
        "labels.py",
        "labels[ambiguous] += AMBIGUOUS",
        "labels[ambiguous] = AMBIGUOUS",
        "test_labels.py",
    ),
    Fault(
        "what must be above a bound may be equal to it",
        "settings.py",
        "value > above",
        "value >= above",
        "test_settings.py",
    ),
    Fault(
        "the pages of any server may ask the playground",
        "workflows/playground/guard.py",
        'parts.scheme == "http" and parts.netloc == host',
        'parts.scheme == "http"',
        "workflows/playground/test_server.py",
    ),
    Fault(
        "the playground answers to any name",
        "workflows/playground/guard.py",
        "self.request.host_name not in _NAMES",
        "not self.request.host_name",
        "workflows/playground/test_server.py",
    ),
    Fault(
        "the dial counts what others hide as free",
        "workflows/playground/dial.py",
        "instance_map[y : y + h, x : x + w] == shape + 1",
        "instance_map[y : y + h, x : x + w] > 0",
        "workflows/playground/test_dial.py",
    ),
    Fault(
        "a sample that is sent back loses its dataset's rule",
        "workflows/playground/question.py",
        "return sample if scene == sample and sample is not None else scene",
        "return scene",
        "workflows/playground/test_question.py",
    ),
    Fault(
        "pixels that were not searched count as known",
        "workflows/playground/answer.py",
        "known = example.ambiguous & ~np.isnan(exact)",
        "known = example.ambiguous",
        "workflows/playground/test_answer.py",
    ),
)
