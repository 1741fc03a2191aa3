"""Test scores that ordinary implementations reach on free data: makes the entries `penguins.csv` and `digits.csv, 28x28`
of scores_tabular.json and scores_neural.json, mean and sd over seeds 0 to 4.

Needs numpy and scikit-learn (argument `tabular`), torch (argument `neural`).
"""

import sys

import numpy as np

from exact import HERE, load, read, text

MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]


def large_digits():
    """The first 1000 digits, each enlarged to 20x20 by linear interpolation in the middle of 28x28; 700 to train."""
    rows = np.array([[float(v) for v in row.values()] for row in read("digits.csv")[:1000]])
    small = rows[:, :64].reshape(-1, 8, 8) / 16
    at = np.arange(20) * 7 / 19
    low = np.minimum(at.astype(int), 6)
    share = at - low
    between = np.zeros((20, 8))
    between[np.arange(20), low] = 1 - share
    between[np.arange(20), low + 1] = share
    large = np.zeros((1000, 28, 28))
    large[:, 4:24, 4:24] = between @ small @ between.T
    x, y = large.reshape(1000, 784), rows[:, 64].astype(int)
    return x[:700], y[:700], x[700:], y[700:]


def summary(scores):
    sd = float(np.std(scores, ddof=1))
    return {"mean": float(np.mean(scores)), "sd": sd, "min": float(min(scores)), "seeds": len(scores)}


def penguins():
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score
    from sklearn.neural_network import MLPRegressor

    rows = read("penguins.csv", MEASURES)
    x = np.array([[float(row[name]) for name in MEASURES] for row in rows])
    y = np.array([float(row["body_mass_g"]) for row in rows])
    test = np.arange(len(y)) % 5 == 0
    scale = lambda v: (v - v[~test].mean(axis=0)) / v[~test].std(axis=0)
    x, y = scale(x), scale(y)
    scores = []
    for seed in range(5):
        mlp = MLPRegressor(hidden_layer_sizes=[32], alpha=1e-2, batch_size=32, learning_rate_init=1e-3, max_iter=200,
            random_state=seed, n_iter_no_change=10**6, tol=0)
        scores.append(r2_score(y[test], mlp.fit(x[~test], y[~test]).predict(x[test])))
    ols = r2_score(y[test], LinearRegression().fit(x[~test], y[~test]).predict(x[test]))
    model = "one hidden layer of 32 ReLU units, squared error, Adam lr 1e-3, batch 32, 200 epochs, L2 1e-2"
    return {"data": "penguins.csv", "target": "body_mass_g", "columns": MEASURES,
        "split": "complete rows; test: rows whose 0-based index i has i mod 5 == 0; train: the others",
        "preprocessing": "columns standardised with the training mean and sd; for the MLP y is standardised too",
        "n_train": int((~test).sum()), "n_test": int(test.sum()), "ols": {"test_r2": float(ols)},
        "mlp": {"model": model, "test_r2": summary(scores)}}


SPLIT = {"data": "digits.csv, 28x28", "split": "rows 0 to 699 to train, 700 to 999 to test",
    "preprocessing": "pixels / 16, enlarged to 20x20 by linear interpolation, in the middle of 28x28"}


def perceptron():
    from sklearn.neural_network import MLPClassifier

    x, y, x_test, y_test = large_digits()
    scores = []
    for seed in range(5):
        mlp = MLPClassifier(hidden_layer_sizes=[128], alpha=1e-4, batch_size=32, learning_rate_init=1e-3, max_iter=40,
            random_state=seed, n_iter_no_change=10**6, tol=0)
        scores.append(mlp.fit(x, y).score(x_test, y_test))
    model = "one hidden layer of 128 ReLU units, softmax, Adam lr 1e-3, batch 32, 40 epochs, L2 1e-4"
    return SPLIT | {"n_train": 700, "n_test": 300, "mlp": {"model": model, "test_accuracy": summary(scores)}}


def lenet():
    import torch
    from torch import nn

    torch.set_num_threads(1)
    x, y, x_test, y_test = large_digits()
    image = lambda v: torch.tensor(v, dtype=torch.float32).reshape(-1, 1, 28, 28)
    x, x_test, y = image(x), image(x_test), torch.tensor(y)
    scores = []
    for seed in range(5):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
            nn.Linear(84, 10))
        adam = torch.optim.Adam(net.parameters(), lr=2e-3)
        for _ in range(15):
            for rows in torch.randperm(700).split(32):
                adam.zero_grad()
                nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
                adam.step()
        with torch.no_grad():
            scores.append(float((net(x_test).argmax(1).numpy() == y_test).mean()))
    model = "conv5x5(6) ReLU maxpool2, conv5x5(16) ReLU maxpool2, dense 120 ReLU, 84 ReLU, 10"
    return SPLIT | {"model": model, "parameters": 44426, "training": "Adam lr 0.002, batch 32, 15 epochs",
        "software": f"torch {torch.__version__}", "n_train": 700, "n_test": 300, "test_accuracy": summary(scores)}


def put(entries, made, gone):
    kept = [entry for entry in entries if entry["data"] not in (gone, made["data"])]
    return kept + [made]


if __name__ == "__main__":
    name = f"scores_{sys.argv[1]}.json"
    file = load(name)
    if sys.argv[1] == "tabular":
        file["regression"] = put(file["regression"], penguins(), "diabetes.csv")
        file["classification"] = put(file["classification"], perceptron(), "mnist_train / mnist_test")
    else:
        file["runs"] = put(file["runs"], lenet(), "mnist_train / mnist_test")
    (HERE / name).write_text(text(file) + "\n")
