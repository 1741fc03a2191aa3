"""Twenty iterates of each rule: makes the problem `logistic` of optimizers.json on free data, by the formulas that README.md
gives. `python make_rules.py check` makes both problems of the file again and prints the differences. Needs numpy.
"""

import sys
from types import SimpleNamespace

import numpy as np

from exact import HERE, differences, load, plain, read, text

VIRGINICA = "iris, rows 50 to 149: y = 1 for virginica, x = [1, petal_length - 4.9, (petal_width - 1.7)/0.4]"


def logistic(data):
    """The value and the gradient of the mean log loss."""
    if data.startswith("mtcars"):
        rows = read("mtcars.csv")
        y = np.array([float(row["am"]) for row in rows])
        x = np.array([[1, float(row["wt"]) - 3.2, (float(row["hp"]) - 147) / 70] for row in rows])
    else:
        rows = read("iris.csv")[50:]
        y = np.array([float(row["species"] == "virginica") for row in rows])
        x = np.array([[1, float(row["petal_length"]) - 4.9, (float(row["petal_width"]) - 1.7) / 0.4] for row in rows])
    value = lambda w: np.mean(np.logaddexp(0, x @ w) - y * (x @ w))
    return value, lambda w: x.T @ (1 / (1 + np.exp(-(x @ w))) - y) / len(y)


def quadratic(problem):
    a, b = np.array(problem["A"]), np.array(problem["b"])
    return lambda w: w @ a @ w / 2 - b @ w, lambda w: a @ w - b


def momentum(w, g, s, h, t):
    g = g + h.get("weight_decay", 0) * w
    s.v = g if t == 1 else h["momentum"] * s.v + (1 - h.get("dampening", 0)) * g
    return w - h["lr"] * s.v


def nesterov(w, g, s, h, t):
    s.v = g if t == 1 else h["momentum"] * s.v + g
    return w - h["lr"] * (g + h["momentum"] * s.v)


def adagrad(w, g, s, h, t):
    s.s = s.s + g * g
    return w - h["lr"] * g / (np.sqrt(s.s) + h["eps"])


def rmsprop(w, g, s, h, t):
    s.s = h["alpha"] * s.s + (1 - h["alpha"]) * g * g
    if not h.get("centered"):
        return w - h["lr"] * g / (np.sqrt(s.s) + h["eps"])
    s.m = h["alpha"] * s.m + (1 - h["alpha"]) * g
    s.v = h["momentum"] * s.v + g / (np.sqrt(s.s - s.m**2) + h["eps"])
    return w - h["lr"] * s.v


def adadelta(w, g, s, h, t):
    s.s = h["rho"] * s.s + (1 - h["rho"]) * g * g
    d = g * np.sqrt(s.u + h["eps"]) / np.sqrt(s.s + h["eps"])
    s.u = h["rho"] * s.u + (1 - h["rho"]) * d * d
    return w - h["lr"] * d


def moments(g, s, h):
    b1, b2 = h["betas"]
    s.m, s.s = b1 * s.m + (1 - b1) * g, b2 * s.s + (1 - b2) * g * g
    return b1, b2


def adam(w, g, s, h, t, largest=False):
    b1, b2 = moments(g, s, h)
    s.top = np.maximum(s.top, s.s)
    root = np.sqrt(s.top if largest else s.s) / np.sqrt(1 - b2**t)
    return w - h["lr"] / (1 - b1**t) * s.m / (root + h["eps"])


def nadam(w, g, s, h, t):
    b1, b2 = moments(g, s, h)
    mu = lambda t: b1 * (1 - 0.5 * 0.96 ** (t * h["momentum_decay"]))
    s.product *= mu(t)
    d = np.sqrt(s.s / (1 - b2**t)) + h["eps"]
    step = (1 - mu(t)) / (1 - s.product) * g + mu(t + 1) / (1 - s.product * mu(t + 1)) * s.m
    return w - h["lr"] * step / d


def adamax(w, g, s, h, t):
    b1, b2 = h["betas"]
    s.m, s.u = b1 * s.m + (1 - b1) * g, np.maximum(b2 * s.u, abs(g) + h["eps"])
    return w - h["lr"] / (1 - b1**t) * s.m / s.u


RULES = {
    "gd": lambda w, g, s, h, t: w - h["lr"] * g,
    "momentum": momentum,
    "momentum_dampening": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "rmsprop_centered_momentum": rmsprop,
    "adadelta": adadelta,
    "adam": adam,
    "adam_l2": lambda w, g, s, h, t: adam(w, g + h["weight_decay"] * w, s, h, t),
    "adamw": lambda w, g, s, h, t: adam(w * (1 - h["lr"] * h["weight_decay"]), g, s, h, t),
    "amsgrad": lambda w, g, s, h, t: adam(w, g, s, h, t, largest=True),
    "nadam": nadam,
    "adamax": adamax,
}


def make(problem):
    value, gradient = quadratic(problem) if problem["id"] == "quadratic" else logistic(problem["data"])
    start = np.array(problem["w0"])
    out = {k: v for k, v in problem.items() if k != "runs"} | {"f_w0": float(value(start)), "runs": []}
    for run in problem["runs"]:
        w, zero = start, np.zeros(3)
        s, iterates = SimpleNamespace(v=zero, s=zero, m=zero, u=zero, top=zero, product=1.0), []
        for t in range(1, 21):
            w = RULES[run["optimizer"]](w, gradient(w), s, run["hyperparameters"], t)
            iterates.append(w.tolist())
        made = {k: run[k] for k in ("optimizer", "hyperparameters")}
        out["runs"].append(made | {"iterates_1_to_20": iterates, "f_w20": float(value(w))})
    return out


if __name__ == "__main__":
    file = load("optimizers.json")
    if sys.argv[1:] == ["check"]:
        for problem in file["problems"]:
            print(problem["id"], differences(make(problem), problem))
    else:
        free = {"data": VIRGINICA}
        file["problems"] = [make(p | free) if p["id"] == "logistic" else p for p in file["problems"]]
        (HERE / "optimizers.json").write_text(text(plain(file)) + "\n")
