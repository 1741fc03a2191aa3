"""Writes designs.json: features that other programs make of formulas on the data sets here.

Run as `python make_designs.py` with formulaic 1.2.2, pandas 3.0.1, numpy and scipy. Categories and polynomials come from formulaic;
natural splines from the definition that R's `ns` follows, with scipy's B-splines and LAPACK's QR. A case holds the formula of
this crate, the one of formulaic, the names in this crate's style, the sum of each column over all rows, and every seventh row.
"""

import json
import re

import numpy as np
import pandas as pd
from formulaic import model_matrix
from scipy.interpolate import BSpline

STEP = 7


def read(name):
    return pd.read_csv(f"../{name}")


def renamed(name):
    """`species[T.x]` and `C(species, ...)[T.x]` are `species[x]` here; whole numbers have no point."""
    name = re.sub(r"C\((\w+)(, contr\.\w+(\([^)]*\))?)?\)", r"\1", name)
    name = name.replace("[T.", "[").replace(" ** ", "^").replace("np.", "")
    return re.sub(r"\[(S\.)?(\d+)\.0\]", r"[\1\2]", name)


def case(data, formula, theirs, names, matrix, **more):
    matrix = np.asarray(matrix, dtype=float)
    return {
        "data": data,
        "formula": formula,
        "theirs": theirs,
        **more,
        "names": names,
        "sums": matrix.sum(axis=0).tolist(),
        "values": matrix[::STEP].tolist(),
    }


def by_formulaic(data, table, formula, theirs=None, train=None, **more):
    theirs = theirs or formula
    matrix = model_matrix(theirs.split("~")[-1], table if train is None else train, na_action="raise")
    if train is not None:
        matrix = matrix.model_spec.get_model_matrix(table)
    intercept = "Intercept" in matrix.columns
    matrix = matrix.drop(columns="Intercept") if intercept else matrix
    names = [renamed(name) for name in matrix.columns]
    return case(data, formula, theirs, names, matrix, intercept=intercept, **more)


def natural_spline(train, x, df):
    """The basis of R's ns(x, df) without intercept, fitted on `train`."""
    low, high = train.min(), train.max()
    inner = np.quantile(train, np.arange(1, df) / df)
    knots = np.r_[[low] * 4, inner, [high] * 4]
    splines = [BSpline(knots, np.eye(df + 3)[j], 3) for j in range(df + 3)]
    at = lambda x, order: np.column_stack([s.derivative(order)(x) if order else s(x) for s in splines])
    inside = np.clip(x, low, high)
    basis = at(inside, 0) + at(inside, 1) * (x - inside)[:, None]
    conditions = at(np.array([low, high]), 2)[:, 1:]
    q = np.linalg.qr(conditions.T, mode="complete")[0]
    return basis[:, 1:] @ q[:, 2:]


def splines(data, table, column, df, train=None):
    train = table if train is None else train
    x = train[column].to_numpy(float)
    matrix = natural_spline(x, table[column].to_numpy(float), df)
    if df > 1:
        # Together with the constant they span what formulaic's natural splines with the same knots span.
        inner = np.quantile(x, np.arange(1, df) / df).tolist()
        theirs = np.asarray(model_matrix(f"0 + cr({column}, knots={inner})", train), dtype=float)
        ours = np.column_stack([np.ones(len(x)), natural_spline(x, x, df)])
        rest = theirs - ours @ np.linalg.lstsq(ours, theirs, rcond=None)[0]
        assert abs(rest).max() < 1e-10, abs(rest).max()
    names = [f"spline({column}, df = {df})[{k + 1}]" for k in range(df)]
    return case(data, f"~ spline({column}, df = {df})", f"ns({column}, df = {df})", names, matrix, intercept=True)


def main():
    penguins, iris, anes = read("penguins.csv"), read("iris.csv"), read("anes96.csv")
    complete = penguins.dropna().reset_index(drop=True)
    train = complete.iloc[::2]
    cases = []
    for formula in [
        "species",
        "0 + species",
        "species + sex",
        "species + sex - 1",
        "species*sex",
        "0 + species*sex",
        "species:sex",
        "species:sex - 1",
        "species + species:sex",
        "sex:species + species",
        "sex:species + year",
        "species*sex*island",
        "species:island:sex",
        "0 + species:island + sex:island",
        "species/sex",
        "(species + sex)/island",
        "(species + sex + year)^2",
        "(species + sex)^2 - species",
        "year:species",
        "year + year:species",
        "species + year:species",
        "0 + year + species + year:species",
        "species:year:sex",
        "species + sex:species:year",
        "0 + bill_length_mm:species + sex",
        "bill_length_mm:sex + bill_length_mm:species",
        "bill_length_mm*bill_depth_mm",
        "bill_length_mm + body_mass_g*sex - body_mass_g",
        "C(year)*sex",
        "C(year):species",
        "poly(body_mass_g, 3)",
        "poly(body_mass_g, 2):species + sex",
        "poly(body_mass_g, 2):poly(year, 1)",
    ]:
        theirs = formula.replace("^2", "**2")
        cases.append(by_formulaic("penguins.csv", complete, f"~ {formula}", theirs))
    for formula, theirs in [
        ('C(species, base = "Gentoo")', 'C(species, contr.treatment(base="Gentoo"))'),
        ('C(species, base = "Gentoo")*sex', 'C(species, contr.treatment(base="Gentoo"))*sex'),
        ("C(species, sum)", "C(species, contr.sum)"),
        ("C(species, sum)*C(sex, sum)", "C(species, contr.sum)*C(sex, contr.sum)"),
        ("0 + C(species, sum) + sex", "0 + C(species, contr.sum) + sex"),
        ("species:C(sex, sum)", "species:C(sex, contr.sum)"),
        ("log(body_mass_g) + I(bill_length_mm^2)", "log(body_mass_g) + I(bill_length_mm**2)"),
        ("log10(body_mass_g):sex", "log10(body_mass_g):sex"),
        ("sqrt(body_mass_g) + exp(bill_depth_mm)", "np.sqrt(body_mass_g) + exp(bill_depth_mm)"),
        ("poly(body_mass_g, 2, raw = true)", "poly(body_mass_g, 2, raw=True)"),
    ]:
        cases.append(by_formulaic("penguins.csv", complete, f"~ {formula}", theirs))
    cases[-1]["names"] = [f"{formula}[{k}]" for k in (1, 2)]
    rest = " + ".join(name for name in iris.columns if name != "species")
    cases.append(by_formulaic("iris.csv", iris, "species ~ .", f"species ~ {rest}"))
    cases.append(by_formulaic("iris.csv", iris, "species ~ .^2", f"species ~ ({rest})**2"))
    cases.append(by_formulaic("iris.csv", iris, "sepal_length ~ . - petal_width", "sepal_length ~ sepal_width + petal_length + species"))
    cases.append(by_formulaic("anes96.csv", anes, "vote ~ C(educ)*C(pid) + log1p(popul)", "vote ~ C(educ)*C(pid) + np.log1p(popul)"))
    cases.append(by_formulaic("anes96.csv", anes, "vote ~ 0 + C(educ, sum):age + poly(income, 4)", "vote ~ 0 + C(educ, contr.sum):age + poly(income, 4)"))
    # Learned on every second row, applied to all of them.
    for formula in ["poly(body_mass_g, 3) + species", "species*poly(bill_length_mm, 2)"]:
        cases.append(by_formulaic("penguins.csv", complete, f"~ {formula}", formula, train=train, train_step=2))
    for df in [1, 2, 4, 7]:
        cases.append(splines("penguins.csv", complete, "body_mass_g", df))
    cases.append({**splines("penguins.csv", complete, "flipper_length_mm", 5, train), "train_step": 2})
    cases.append(splines("anes96.csv", anes, "age", 4))
    # Gaps filled by the median and the most frequent level of the training rows; numbers standardized.
    filled = penguins.copy()
    for name in ["bill_length_mm", "body_mass_g"]:
        filled[name] = filled[name].fillna(penguins[name].median())
    filled["sex"] = filled["sex"].fillna(penguins["sex"].mode()[0])
    formula = "bill_length_mm*sex + log(body_mass_g)"
    cases.append(by_formulaic("penguins.csv", filled, f"~ {formula}", formula, impute=True))
    scaled = model_matrix(formula, filled).drop(columns="Intercept")
    for name in ["bill_length_mm", "log(body_mass_g)"]:
        scaled[name] = (scaled[name] - scaled[name].mean()) / scaled[name].std(ddof=0)
    names = [renamed(name) for name in scaled.columns]
    cases.append(case("penguins.csv", f"~ {formula}", formula, names, scaled, intercept=True, impute=True, standardize=True))
    with open("designs.json", "w") as file:
        json.dump({"step": STEP, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


main()
