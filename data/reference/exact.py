"""What the makers of reference answers share: data as exact decimals, arithmetic in 80 digits, JSON that reads well."""

import csv
import json
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 80
HERE = Path(__file__).parent
DATA = HERE.parent


def read(name, needed=()):
    """The rows of a CSV file as dictionaries of text, without those in which one of `needed` is empty."""
    with open(DATA / name, newline="") as file:
        rows = list(csv.DictReader(file))
    plain = {part for column in needed for part in factors(column)}
    return [row for row in rows if all(row[column] != "" for column in plain)]


def factors(column):
    """The columns of the file that a description such as `a*b`, `a^2`, `log(a)` or `f=level` is made of."""
    if column == "intercept":
        return []
    column = column.split("=")[0].split("^")[0].removeprefix("log(").removesuffix(")")
    return [part for product in column.split("*") for part in product.split("/") if part != "1"]


def values(rows, column):
    """A column by its description."""
    if column == "intercept":
        return [mpf(1)] * len(rows)
    if column.startswith("1/"):
        return [1 / v for v in values(rows, column[2:])]
    if column.startswith("log("):
        return [mp.log(v) for v in values(rows, column[4:-1])]
    if " == " in column:
        name, level = column.split(" == ")
        column = f"{name}={level.strip(chr(34))}"
    if "=" in column:
        name, level = column.split("=")
        return [mpf(row[name] == level) for row in rows]
    if "*" in column:
        a, b = column.split("*")
        return [u * v for u, v in zip(values(rows, a), values(rows, b))]
    if "/" in column:
        a, b = column.split("/")
        return [u / v for u, v in zip(values(rows, a), values(rows, b))]
    if "^" in column:
        name, power = column.split("^")
        return [v ** int(power) for v in values(rows, name)]
    return [mpf(row[column]) for row in rows]


def design(rows, columns):
    """X as a list of rows."""
    return [list(row) for row in zip(*(values(rows, column) for column in columns))]


def dot(a, b):
    return mp.fsum(u * v for u, v in zip(a, b))


def cross(x, weights=None):
    """X' W X."""
    p = range(len(x[0]))
    wx = [[v * w for v in row] for row, w in zip(x, weights)] if weights else x
    return [[mp.fsum(u[j] * v[k] for u, v in zip(wx, x)) for k in p] for j in p]


def inverse(a):
    """The inverse of a positive definite matrix, by Gauss and Jordan."""
    n = len(a)
    a = [list(row) + [mpf(i == j) for j in range(n)] for i, row in enumerate(a)]
    for k in range(n):
        pivot = a[k][k]
        assert pivot > mpf(10) ** -60, "singular"
        a[k] = [v / pivot for v in a[k]]
        for i in range(n):
            if i != k:
                f = a[i][k]
                a[i] = [u - f * v for u, v in zip(a[i], a[k])]
    return [row[n:] for row in a]


def times(a, v):
    return [dot(row, v) for row in a]


def product(a, b):
    columns = list(zip(*b))
    return [[dot(row, column) for column in columns] for row in a]


def normal_tail(z):
    """P(|Z| > |z|)."""
    return mp.erfc(abs(z) / mp.sqrt(2))


def t_tail(t, df):
    """P(|T| > |t|)."""
    return mp.betainc(mpf(df) / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True)


def f_tail(f, d1, d2):
    return mp.betainc(mpf(d2) / 2, mpf(d1) / 2, 0, d2 / (d2 + d1 * f), regularized=True)


def chi2_tail(x, df):
    return mp.gammainc(mpf(df) / 2, x / 2, mp.inf, regularized=True)


def t_quantile(df):
    """The t of a 95 % interval."""
    with mp.workdps(40):
        return mp.findroot(lambda t: t_tail(t, df) - mpf("0.05"), 2)


Z95 = mp.sqrt(2) * mp.erfinv(mpf("0.95"))


def plain(value):
    """Floats, correctly rounded, in place of long numbers."""
    if isinstance(value, mp.mpf):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def text(value, indent=0):
    """JSON with a list of scalars on one line."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and value:
        body = ",\n".join(f"{pad}{json.dumps(k)}: {text(v, indent + 1)}" for k, v in value.items())
        return "{\n" + body + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        return "[\n" + ",\n".join(pad + text(v, indent + 1) for v in value) + "\n" + " " * indent + "]"
    return json.dumps(value)


def load(name):
    return json.loads((HERE / name).read_text())


def differences(found, known, path=""):
    """Where two answers differ: the largest relative difference of numbers; unequal keys or text are an error."""
    if isinstance(known, dict):
        missing = set(found) ^ set(known)
        assert not {key for key in missing if not key.startswith("R_")}, f"{path}: {missing}"
        return max((differences(found[k], known[k], f"{path}/{k}") for k in known if k in found), default=(0.0, path))
    if isinstance(known, list):
        assert len(found) == len(known), path
        return max((differences(f, k, f"{path}/{i}") for i, (f, k) in enumerate(zip(found, known))), default=(0.0, path))
    if isinstance(known, (int, float)) and not isinstance(known, bool):
        return (abs(found - known) / max(abs(known), 1e-300) if known else abs(found), path)
    assert found == known, f"{path}: {found} {known}"
    return (0.0, path)


def put(name, made, gone=()):
    """Puts the cases into the file, in place of those of the same names, without those in `gone`."""
    file = load(name)
    made = {case["id"]: plain(case) for case in made}
    cases = [made.pop(case["id"], case) for case in file["cases"] if case["id"] not in gone]
    file["cases"] = cases + list(made.values())
    (HERE / name).write_text(text(file) + "\n")


def check(name, make):
    """Makes every case of the file again and prints how far it is from what stands there."""
    for case in load(name)["cases"]:
        worst, path = differences(plain(make(case)), case)
        print(f"{name} {case['id']}: {worst:.1e} at {path}")
