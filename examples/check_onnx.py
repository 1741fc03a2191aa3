"""Compares ONNX files with the predictions beside them, as examples/onnx.rs writes both.

pip install numpy onnx onnxruntime
python examples/check_onnx.py FOLDER
"""

import glob
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

# Largest difference relative to the largest number of the prediction.
BOUNDS = {"f64": 1e-14, "f32": 1e-6}
worst = {"f64": (0.0, ""), "f32": (0.0, "")}
files = sorted(glob.glob(sys.argv[1] + "/*.onnx"))
for file in files:
    stem = file[: -len(".onnx")]
    kind = stem.rsplit(".", 1)[1]
    x = np.loadtxt(stem + ".x.csv", delimiter=",", ndmin=2).astype("f4" if kind == "f32" else "f8")
    expected = np.loadtxt(stem + ".z.csv", delimiter=",", ndmin=2)
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert [i.name for i in session.get_inputs()] == ["X"], file
    assert names in (["variable"], ["label", "probabilities"]), names
    found = dict(zip(names, session.run(None, {"X": x})))
    reference = dict(zip(names, ReferenceEvaluator(model).run(None, {"X": x})))
    numbers = names[-1]
    for name, values, slack in (("ONNX Runtime", found[numbers], 1), ("reference", reference[numbers], 10)):
        assert values.shape == expected.shape and str(values.dtype) == {"f32": "float32", "f64": "float64"}[kind], file
        difference = np.max(np.abs(values.astype("f8") - expected)) / np.max(np.abs(expected))
        assert difference <= slack * BOUNDS[kind], f"{file}: {name} differs by {difference:.1e}"
        if slack == 1 and difference > worst[kind][0]:
            worst[kind] = (difference, file)
    # Each row alone gives the same.
    alone = np.concatenate([session.run([numbers], {"X": x[i : i + 1]})[0] for i in range(len(x))])
    assert np.allclose(alone, found[numbers], rtol=10 * BOUNDS[kind], atol=10 * BOUNDS[kind]), file
    if "label" in names:
        labels = [line.strip() for line in open(stem + ".label.csv", encoding="utf-8")]
        assert [str(label) for label in found["label"]] == labels, file
        assert [str(label) for label in reference["label"]] == labels, file
assert len(files) > 50, f"only {len(files)} files in {sys.argv[1]}"
print(f"{len(files)} files; largest differences:", {kind: f"{error:.1e}" for kind, (error, _) in worst.items()})
