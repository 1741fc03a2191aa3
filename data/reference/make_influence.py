"""Influence and HC0 of logistic regressions as statsmodels gives them: makes influence.json. Needs statsmodels.

For the first five rows: leverage, standardized residual (of Pearson's), Cook's distance; for each coefficient its HC0
standard error. The cases are those of glm.json with the same id.
"""

import numpy as np
import statsmodels
import statsmodels.api as sm

from exact import HERE, design, load, read, text, values


def make(case):
    rows = read(case["data"])
    x = np.array(design(rows, case["columns"]), dtype=float)
    y = np.array(values(rows, case["y"]), dtype=float)
    weights = np.array(values(rows, "total"), dtype=float) if "weights" in case else None
    model = lambda: sm.GLM(y, x, family=sm.families.Binomial(), var_weights=weights)
    influence = model().fit(tol=1e-15).get_influence()
    return {"id": case["id"], "leverage": influence.hat_matrix_diag[:5].tolist(),
        "standardized_residual": influence.resid_studentized[:5].tolist(),
        "cooks_distance": influence.cooks_distance[0][:5].tolist(),
        "hc0_se": model().fit(tol=1e-15, cov_type="HC0").bse.tolist()}


if __name__ == "__main__":
    ids = ["breast_cancer_5_logit", "anes96_groups_logit"]
    cases = [case for case in load("glm.json")["cases"] if case["id"] in ids]
    file = {"software": f"statsmodels {statsmodels.__version__}", "cases": [make(case) for case in cases]}
    (HERE / "influence.json").write_text(text(file) + "\n")
