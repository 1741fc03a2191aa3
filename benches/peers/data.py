"""The data of the networks' jobs, as benches/support/made.rs and examples/read make them: (x, y, how many rows to train)."""
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[2] / "data"


def uniform(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed << 32) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) / 2.0**53


def normal(rows, columns, seed):
    u = uniform(seed, 2 * rows * columns)
    return (np.sqrt(-2 * np.log(1 - u[::2])) * np.cos(2 * np.pi * u[1::2])).reshape(rows, columns)


def bent(x, seed):
    z = x @ normal(x.shape[1], 2, seed) / np.sqrt(x.shape[1])
    return np.sin(2 * z[:, :1]) + z[:, 1:] ** 2 - 1


def regression(train, p):
    x = normal(train + 2000, p, 1)
    return x, bent(x, 2), train


def raw(train, p, inputs):
    x = normal(train + 2000, p, 3)
    y = 150 + 30 * bent(x, 4)
    return (10 ** (4 * np.arange(p) / (p - 1) - 2) * (x + 1) if inputs else x), y, train


def wave(train):
    rows = train + 1000
    x = 2 * uniform(5, rows)[:, None] - 1
    return x, np.sin(6 * x) + x + 0.1 * normal(rows, 1, 6), train


def rare(train, p):
    x = normal(train + 5000, p, 7)
    z = 2 * bent(x, 8) - 4.5
    return x, (uniform(9, len(x))[:, None] < 1 / (1 + np.exp(-z))) * 1.0, train


def spirals(train):
    rows = train + 1000
    t = np.sqrt(0.05 + 0.95 * uniform(11, rows))
    at = np.where(np.arange(rows) % 2 == 0, 1, -1) * t
    x = np.stack([at * np.cos(3 * np.pi * t), at * np.sin(3 * np.pi * t)], 1) + 0.05 * normal(rows, 2, 10)
    return x, (np.arange(rows) % 2 * 1.0)[:, None], train


def series(train, steps, mean):
    x = normal(train + 1000, 2 * steps, 12)
    return x, mean + (0.8 ** np.arange(steps)[::-1] * x[:, ::2] * x[:, 1::2]).sum(1, keepdims=True), train


def digits(scale):
    rows = np.loadtxt(DATA / "digits.csv", delimiter=",", skiprows=1)
    test = np.arange(len(rows)) % 5 == 0
    rows = np.concatenate([rows[~test], rows[test]])
    return rows[:, :64] * scale, rows[:, 64], int((~test).sum())


def vowels():
    parts = [np.loadtxt(DATA / f"japanese_vowels_{part}.csv", delimiter=",", skiprows=1) for part in ("train", "test")]
    mean, deviation = parts[0][:, 2:].mean(0), parts[0][:, 2:].std(0)
    x, y = [], []
    for rows in parts:
        for series in np.unique(rows[:, 0]):
            own = rows[rows[:, 0] == series]
            steps = np.zeros((29, 12))
            steps[: len(own)] = (own[:, 2:] - mean) / deviation
            x.append(np.concatenate([[len(own)], steps.ravel()]))
            y.append(own[0, 1] - 1)
    return np.array(x), np.array(y), len(np.unique(parts[0][:, 0]))


def images(train, pixels):
    label = (10 * uniform(13, train)).astype(int)
    own, noise = uniform(14, 10 * pixels).reshape(10, pixels), uniform(15, train * pixels).reshape(train, pixels)
    return 0.2 * own[label] + 0.8 * noise, label * 1.0, train
